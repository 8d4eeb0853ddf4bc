"""The cache of embeddings: keys, memory, and when the disk is asked."""

import shutil

import numpy as np
import pytest

from medsamseg_server.engine.embedding_cache import EmbeddingCache, embedding_key

SHAPE = (4, 8, 8)
BYTES = 4 * 8 * 8 * 2


def embedding(number):
    return np.full(SHAPE, number, np.float16)


def prepared():
    return np.linspace(0, 1, 3 * 8 * 8, dtype=np.float32).reshape(3, 8, 8)


@pytest.fixture
def folder(tmp_path):
    return tmp_path / "embeddings"


def test_key_is_the_same_for_the_same_input_only():
    key = embedding_key(prepared(), "litemedsam", "aa", "fp32")
    changed = prepared()
    changed[2, 7, 7] = np.nextafter(changed[2, 7, 7], 2)
    others = [
        embedding_key(changed, "litemedsam", "aa", "fp32"),
        embedding_key(prepared().reshape(3, 4, 16), "litemedsam", "aa", "fp32"),
        embedding_key(prepared(), "medsam", "aa", "fp32"),
        embedding_key(prepared(), "litemedsam", "ab", "fp32"),
        embedding_key(prepared(), "litemedsam", "aa", "bf16"),
        embedding_key(prepared(), "litemedsamaa", "", "fp32"),
    ]
    assert embedding_key(prepared()[:, :, :], "litemedsam", "aa", "fp32") == key
    assert len({key, *others}) == 7


def test_key_does_not_depend_on_memory_layout():
    strided = np.asfortranarray(prepared())
    assert embedding_key(strided, "m", "a", "p") == embedding_key(prepared(), "m", "a", "p")


def test_memory_gives_back_what_was_put():
    cache = EmbeddingCache()
    cache.put("a", embedding(3))
    np.testing.assert_array_equal(cache.get("a"), embedding(3))
    assert cache.get("b") is None


def test_kept_embedding_cannot_be_changed():
    cache = EmbeddingCache()
    cache.put("a", embedding(3))
    with pytest.raises(ValueError, match="read-only"):
        cache.get("a")[0] = 0


def test_memory_drops_the_embedding_unused_for_longest():
    cache = EmbeddingCache(memory_bytes=2 * BYTES)
    cache.put("a", embedding(1))
    cache.put("b", embedding(2))
    cache.get("a")
    cache.put("c", embedding(3))
    assert cache.get("b") is None
    assert cache.get("a") is not None
    assert cache.get("c") is not None


def test_putting_one_key_again_takes_no_more_memory():
    cache = EmbeddingCache(memory_bytes=2 * BYTES)
    cache.put("a", embedding(1))
    for _ in range(5):
        cache.put("b", embedding(2))
    assert cache.get("a") is not None


def test_entry_found_on_disk_is_then_in_memory(folder):
    EmbeddingCache(folder=folder).put("a", embedding(3))
    cache = EmbeddingCache(folder=folder)
    cache.get("a")
    (folder / "a.embedding").unlink()
    assert cache.get("a") is not None


def test_entry_dropped_from_memory_is_still_on_disk(folder):
    cache = EmbeddingCache(memory_bytes=BYTES, folder=folder)
    cache.put("a", embedding(1))
    cache.put("b", embedding(2))
    np.testing.assert_array_equal(cache.get("a"), embedding(1))


def test_zero_quota_writes_nothing(folder):
    EmbeddingCache(folder=folder, disk_bytes=0).put("a", embedding(1))
    assert not folder.exists()


def test_entry_in_memory_only_is_had(folder):
    cache = EmbeddingCache(folder=folder, disk_bytes=1)
    cache.put("a", embedding(1))
    assert cache.has("a")


def test_room_is_what_memory_or_disk_can_keep(folder, monkeypatch):
    memory, disk = 3000, 100_000
    assert EmbeddingCache(memory).room == 3000
    assert EmbeddingCache(memory, folder, disk).room == 90_000
    assert EmbeddingCache(memory, folder, 1000).room == 3000
    free = shutil.disk_usage(folder.parent)._replace(free=2 * 2**30 + 5000)
    monkeypatch.setattr(shutil, "disk_usage", lambda path: free)
    assert EmbeddingCache(memory, folder, disk).room == 5000
