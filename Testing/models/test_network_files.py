"""Converted networks on disk."""

import io
import multiprocessing
import os
from functools import partial

import pytest

from medsamseg_server.runtime.network_files import NetworkFiles

PARTS = ("encoder", "decoder")
CONTENTS = {"encoder": b"e" * 1000, "decoder": b"d" * 500}


def test_what_was_written_is_read(tmp_path):
    NetworkFiles(tmp_path / "new").write("key", CONTENTS)
    assert NetworkFiles(tmp_path / "new").read("key", PARTS) == CONTENTS
    assert NetworkFiles(tmp_path / "new").read("other", PARTS) is None
    assert NetworkFiles(tmp_path / "nowhere").read("key", PARTS) is None


@pytest.mark.parametrize(
    "damage",
    [
        lambda path: path.write_bytes(path.read_bytes()[:-1]),
        lambda path: path.write_bytes(b""),
        lambda path: path.write_bytes(path.read_bytes()[:-1] + b"x"),
        lambda path: path.unlink(),
    ],
    ids=["shortened", "empty", "changed", "gone"],
)
def test_one_damaged_part_makes_the_network_missing_until_it_is_written_again(tmp_path, damage):
    files = NetworkFiles(tmp_path)
    files.write("key", CONTENTS)
    damage(next(tmp_path.glob("key.decoder*")))
    assert files.read("key", PARTS) is None
    files.write("key", CONTENTS)
    assert files.read("key", PARTS) == CONTENTS


@pytest.mark.parametrize("make", [os.mkfifo, os.mkdir], ids=["pipe", "folder"])
def test_what_is_no_plain_file_is_missing_and_stays_closed(tmp_path, make, monkeypatch):
    files = NetworkFiles(tmp_path)
    files.write("key", CONTENTS)
    path = next(tmp_path.glob("key.decoder*"))
    path.unlink()
    make(path)
    for module in (io, os):
        monkeypatch.setattr(module, "open", partial(_open, module.open, path))
    assert files.read("key", PARTS) is None
    # Nor does it keep others from being written.
    files.write("other", CONTENTS)
    assert files.read("other", PARTS) == CONTENTS


def _open(original, forbidden, opened, *arguments, **options):
    if str(opened) == str(forbidden):
        pytest.fail(f"{opened} was opened")
    return original(opened, *arguments, **options)


def test_failure_to_write_is_logged_and_leaves_nothing(tmp_path, caplog):
    (tmp_path / "file").write_bytes(b"")
    NetworkFiles(tmp_path / "file").write("key", CONTENTS)
    assert "cannot be kept" in caplog.text


def test_longest_unused_networks_make_room(tmp_path):
    files = NetworkFiles(tmp_path, quota=3500)
    for age, key in ((300, "old"), (200, "used")):
        files.write(key, CONTENTS)
        for path in tmp_path.glob(f"{key}.*"):
            os.utime(path, (path.stat().st_mtime - age,) * 2)
    assert files.read("old", PARTS) == CONTENTS  # and is the most recently used of the two by that
    files.write("new", CONTENTS)
    assert files.read("used", PARTS) is None
    assert files.read("old", PARTS) == files.read("new", PARTS) == CONTENTS


def test_network_larger_than_the_quota_is_kept_alone(tmp_path):
    files = NetworkFiles(tmp_path, quota=100)
    files.write("first", CONTENTS)
    files.write("key", CONTENTS)
    assert files.read("key", PARTS) == CONTENTS
    assert files.read("first", PARTS) is None


def write_often(folder, value):
    for _ in range(30):
        NetworkFiles(folder).write("key", {part: bytes([value]) * 100_000 for part in PARTS})


def test_processes_that_write_at_once_never_show_half_a_file(tmp_path):
    context = multiprocessing.get_context("spawn")
    writers = [context.Process(target=write_often, args=(tmp_path, value)) for value in (1, 2)]
    for writer in writers:
        writer.start()
    seen = set()
    while any(writer.is_alive() for writer in writers):
        for part in PARTS:
            # A damaged file would be None, once one of this part is there.
            found = NetworkFiles(tmp_path).read("key", (part,))
            assert found is not None or part not in seen
            if found is not None:
                seen.add(part)
    assert [writer.exitcode for writer in writers] == [0, 0]
    assert not list(tmp_path.glob("*.part"))
