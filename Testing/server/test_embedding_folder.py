"""Embeddings on disk: quota, damage, trouble with the disk, and several servers on one folder."""

import hashlib
import io
import logging
import os
import threading
from functools import partial

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


def entry(shape, values):
    """A file with a right checksum, whatever is in it."""
    payload = np.array((len(shape), *shape), "<u4").tobytes() + np.asarray(values, "<f2").tobytes()
    return hashlib.sha256(payload).digest() + payload


@pytest.mark.parametrize(
    "content",
    [
        entry(SHAPE, np.full(256, np.nan)),
        entry(SHAPE, [*np.zeros(255), np.inf]),
        entry((256,), np.zeros(256)),
        entry((8, 8, 4), np.zeros(256)),
        entry(SHAPE, np.zeros(255)),
        entry(SHAPE, np.zeros(257)),
        entry((2**31, 2**31, 4), np.zeros(256)),
        entry((), [0]),
        entry((1,) * 40, [0]),
        entry((0,), []),
        hashlib.sha256(b"").digest(),
        hashlib.sha256(b"abc").digest() + b"abc",
        hashlib.sha256(b"\xff" * 4).digest() + b"\xff" * 4,
    ],
    ids=[
        "NaN",
        "infinite",
        "flat",
        "turned",
        "short",
        "long",
        "huge",
        "a number",
        "deep",
        "empty",
        "nothing",
        "three bytes",
        "dimensions only",
    ],
)
def test_senseless_entry_with_a_right_checksum_is_dropped(folder, content, caplog):
    folder.mkdir()
    (folder / "a.embedding").write_bytes(content)
    cache = EmbeddingCache(folder=folder)
    assert cache.get("a", SHAPE) is None
    assert not (folder / "a.embedding").exists()
    assert "damaged" in caplog.text
    cache.put("a", embedding(3))
    np.testing.assert_array_equal(EmbeddingCache(folder=folder).get("a", SHAPE), embedding(3))


def test_entry_of_another_size_is_not_had(folder):
    EmbeddingCache(folder=folder).put("a", embedding(3))
    assert [EmbeddingFolder(folder).has("a", shape) for shape in (SHAPE, (4, 8, 9))] == [True, False]


def link_to_an_entry(path):
    EmbeddingCache(folder=path.parent).put("elsewhere", embedding(1))
    path.symlink_to(path.with_name("elsewhere.embedding"))


@pytest.fixture
def never_opened(monkeypatch):
    """Makes opening a path fail the test: what is no plain file could block it for ever."""

    def forbid(path):
        def check(opened, *arguments, original, **options):
            if str(opened) == str(path):
                pytest.fail(f"{path} was opened")
            return original(opened, *arguments, **options)

        for module in (io, os):
            monkeypatch.setattr(module, "open", partial(check, original=module.open))

    return forbid


@pytest.mark.parametrize("make", [os.mkfifo, os.mkdir, link_to_an_entry], ids=["pipe", "folder", "link"])
def test_entry_that_is_no_plain_file_is_never_opened(folder, make, never_opened):
    folder.mkdir()
    path = folder / "a.embedding"
    make(path)
    never_opened(path)
    cache = EmbeddingCache(memory_bytes=0, folder=folder)
    assert not cache.has("a", SHAPE)
    assert cache.get("a", SHAPE) is None
    cache.put("a", embedding(3))
    EmbeddingFolder(folder, 0).clear()
    assert path.is_dir() == (make is os.mkdir)
    assert not path.is_symlink() and not path.is_fifo() and not path.is_file()


@pytest.mark.parametrize("make", [os.mkfifo, os.mkdir], ids=["pipe", "folder"])
def test_quota_that_is_no_plain_file_is_never_opened(folder, make, never_opened):
    folder.mkdir()
    make(folder / "quota")
    never_opened(folder / "quota")
    assert EmbeddingFolder(folder).quota == DEFAULT_QUOTA


def test_quota_is_set_in_place_of_a_pipe(folder):
    folder.mkdir()
    os.mkfifo(folder / "quota")
    EmbeddingFolder(folder).set_quota(5)
    assert EmbeddingFolder(folder).quota == 5


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
    opened = type(folder).open

    def fill_up(path, mode="r", **options):
        with opened(path, mode, **options) as file:
            file.write(b"the beginning")
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(type(folder), "open", fill_up)
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


@pytest.mark.parametrize("content", ["", "a lot", "-5", "9" * 5000, None])
def test_damaged_quota_counts_as_none(folder, content):
    folder.mkdir()
    if content is not None:
        (folder / "quota").write_text(content)
    assert EmbeddingFolder(folder).quota == DEFAULT_QUOTA
