"""Embeddings on disk: quota, damage, trouble with the disk, and several servers on one folder."""

import logging
import os
import threading

import numpy as np
import pytest

from medsamseg_server.engine.embedding_cache import EmbeddingCache
from medsamseg_server.engine.embedding_folder import DEFAULT_QUOTA, EmbeddingFolder, FolderUse

SHAPE = (4, 8, 8)
#: What an entry has on disk: digest, dimensions, values.
FILE_BYTES = 32 + 4 * 4 + 4 * 8 * 8 * 2


def embedding(number):
    return np.full(SHAPE, number, np.float16)


def use_at(folder, key, seconds):
    """Set the last use of an entry, as if the clock had been there."""
    os.utime(folder / f"{key}.embedding", (seconds, seconds))


def names(folder):
    return sorted(path.stem for path in folder.iterdir())


@pytest.fixture
def folder(tmp_path):
    return tmp_path / "embeddings"


def test_disk_outlives_the_process(folder):
    EmbeddingCache(folder=folder).put("a", embedding(3))
    found = EmbeddingCache(folder=folder).get("a")
    assert found.dtype == np.float16
    np.testing.assert_array_equal(found, embedding(3))


def test_folder_is_the_users_own(folder):
    EmbeddingCache(folder=folder).put("a", embedding(1))
    assert os.name != "posix" or folder.stat().st_mode & 0o077 == 0


def damage_tail(content):
    return content[:-1] + bytes([content[-1] ^ 1])


@pytest.mark.parametrize(
    "damage",
    [
        damage_tail,
        lambda content: content[:-10],
        lambda content: b"",
        lambda content: content[:20],
        lambda content: bytes(len(content)),
        lambda content: content + b"more",
        lambda content: b"\x93NUMPY something else",
    ],
)
def test_damaged_entry_is_dropped_and_can_be_put_again(folder, damage, caplog):
    EmbeddingCache(folder=folder).put("a", embedding(3))
    path = folder / "a.embedding"
    path.write_bytes(damage(path.read_bytes()))
    cache = EmbeddingCache(folder=folder)
    assert cache.get("a") is None
    assert not path.exists()
    assert "damaged" in caplog.text
    cache.put("a", embedding(3))
    np.testing.assert_array_equal(EmbeddingCache(folder=folder).get("a"), embedding(3))


def test_quota_drops_the_entries_unused_for_longest(folder):
    cache = EmbeddingCache(folder=folder, disk_bytes=10 * FILE_BYTES)
    for number in range(10):
        cache.put(f"k{number}", embedding(number))
        use_at(folder, f"k{number}", 1000 + number)
    # Read from disk, so its last use is now.
    assert EmbeddingCache(folder=folder).get("k0") is not None
    cache.put("new", embedding(11))
    assert names(folder) == ["k0", *(f"k{number}" for number in range(3, 10)), "new"]


def test_entry_gets_its_name_only_when_it_is_whole(folder, monkeypatch):
    moves = []
    replace = type(folder).replace

    def note(source, target):
        moves.append((source.suffix, source.stat().st_size, target.exists()))
        return replace(source, target)

    monkeypatch.setattr(type(folder), "replace", note)
    EmbeddingCache(folder=folder).put("a", embedding(1))
    assert moves == [(".part", FILE_BYTES, False)]
    assert names(folder) == ["a"]


def test_entry_larger_than_the_quota_is_not_written(folder):
    EmbeddingCache(folder=folder, disk_bytes=FILE_BYTES - 1).put("a", embedding(1))
    assert not folder.exists()


def test_quota_covers_what_earlier_processes_left(folder):
    for number in range(5):
        EmbeddingCache(folder=folder).put(f"k{number}", embedding(number))
        use_at(folder, f"k{number}", 1000 + number)
    EmbeddingCache(folder=folder, disk_bytes=3 * FILE_BYTES).put("new", embedding(9))
    assert names(folder) == ["k4", "new"]


def test_quota_covers_what_another_server_writes_meanwhile(folder):
    cache = EmbeddingCache(folder=folder, disk_bytes=200 * FILE_BYTES)
    other = EmbeddingCache(folder=folder, disk_bytes=200 * FILE_BYTES)
    for number in range(190):
        cache.put(f"a{number}", embedding(1))
        other.put(f"b{number}", embedding(1))
    assert len(names(folder)) <= 200 + 64


def test_half_written_files_of_a_crashed_server_are_removed_when_old(folder):
    cache = EmbeddingCache(folder=folder)
    folder.mkdir()
    for name, age in (("old.part", 7200), ("young.part", 0)):
        (folder / name).write_bytes(b"half")
        seconds = (folder / name).stat().st_mtime - age
        os.utime(folder / name, (seconds, seconds))
    cache.put("a", embedding(1))
    assert sorted(path.name for path in folder.iterdir()) == ["a.embedding", "young.part"]


def test_unwritable_folder_costs_one_warning_and_nothing_else(tmp_path, caplog):
    (tmp_path / "file").write_text("a file where the folder should be")
    cache = EmbeddingCache(folder=tmp_path / "file" / "embeddings")
    with caplog.at_level(logging.WARNING):
        for number in range(3):
            cache.put(f"k{number}", embedding(number))
            assert cache.get(f"k{number}") is not None
            assert cache.get("unknown") is None
    assert len(caplog.records) == 1
    assert "Work goes on without it" in caplog.text


def test_full_disk_costs_one_warning_and_leaves_no_half_file(folder, caplog, monkeypatch):
    cache = EmbeddingCache(folder=folder)
    write = type(folder).write_bytes

    def fill_up(path, content):
        write(path, content[:100])
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(type(folder), "write_bytes", fill_up)
    cache.put("a", embedding(1))
    cache.put("b", embedding(2))
    assert cache.get("a") is not None
    assert names(folder) == []
    assert caplog.text.count("No space left on device") == 1


def test_entry_that_vanishes_while_room_is_made_is_no_error(folder, monkeypatch, caplog):
    cache = EmbeddingCache(folder=folder, disk_bytes=2 * FILE_BYTES)
    cache.put("a", embedding(1))
    stat = type(folder).stat

    def vanish(path, **options):
        if path.name == "a.embedding":
            path.unlink(missing_ok=True)
        return stat(path, **options)

    monkeypatch.setattr(type(folder), "stat", vanish)
    cache.put("b", embedding(2))
    cache.put("c", embedding(3))
    assert names(folder) == ["b", "c"]
    assert not caplog.records


def test_two_servers_on_one_folder_never_read_half_an_entry(folder):
    caches = [EmbeddingCache(memory_bytes=0, folder=folder, disk_bytes=6 * FILE_BYTES) for _ in range(2)]
    start, wrong = threading.Barrier(2), []

    def work(cache):
        start.wait()
        for turn in range(150):
            number = turn % 12
            found = cache.get(f"k{number}")
            if found is not None and not (found == number).all():
                wrong.append(number)
            cache.put(f"k{number}", embedding(number))

    threads = [threading.Thread(target=work, args=[cache]) for cache in caches]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong
    assert not [path for path in folder.iterdir() if path.suffix == ".part"]


def test_having_an_entry_counts_as_its_use(folder):
    cache = EmbeddingCache(folder=folder, disk_bytes=3 * FILE_BYTES)
    for number in range(3):
        cache.put(f"k{number}", embedding(number))
        use_at(folder, f"k{number}", 1000 + number)
    other = EmbeddingCache(folder=folder)
    assert (other.has("k0"), other.has("unknown")) == (True, False)
    cache.put("new", embedding(9))
    assert names(folder) == ["k0", "new"]


def test_use_and_clearing_tell_what_there_was(folder):
    assert EmbeddingFolder(folder, 0).use() == EmbeddingFolder(folder, 0).clear() == FolderUse(0, 0, None, None)
    for number in range(3):
        EmbeddingCache(folder=folder).put(f"k{number}", embedding(number))
        use_at(folder, f"k{number}", 1000 + number)
    kept = EmbeddingFolder(folder, 0)
    assert kept.use() == FolderUse(3, 3 * FILE_BYTES, 1000, 1002)
    assert kept.clear(unused_since=1001) == FolderUse(1, FILE_BYTES, 1000, 1000)
    assert names(folder) == ["k1", "k2"]
    assert kept.clear() == FolderUse(2, 2 * FILE_BYTES, 1001, 1002)
    assert names(folder) == []


@pytest.mark.parametrize("content", ["", "a lot", "-5", None])
def test_damaged_quota_counts_as_none(folder, content):
    folder.mkdir()
    if content is not None:
        (folder / "quota").write_text(content)
    assert EmbeddingFolder(folder).quota == DEFAULT_QUOTA
