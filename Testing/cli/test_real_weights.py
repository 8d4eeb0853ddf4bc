"""The command line with LiteMedSAM's real weights on the sample CT."""

from pathlib import Path

import numpy as np
import pytest
import SimpleITK as sitk
from dicom_writing import write_series
from realNetwork import loadOnce

from medsamseg_server.cli import engine_options
from medsamseg_server.engine.engine import Engine

SAMPLE = Path(__file__).parents[2] / "MedSAMSeg" / "Resources" / "SampleData"
CT = SAMPLE / "RiderChestCT.nrrd"
TUMOR = ["--box", "54,160,101,204", "--slice", "24"]


@pytest.fixture
def weights(store, development_store):
    """Makes LiteMedSAM's weights, which `make weights` downloads, those of this test's store."""
    store.folder.mkdir(parents=True)
    store.final_path("litemedsam").symlink_to(development_store.path("litemedsam"))
    return store


@pytest.fixture(scope="module")
def shared_engine(development_store):
    """One engine for this file, so that the network is loaded once and equal slices are encoded once."""
    return Engine(development_store, device="cpu", load_predictor=loadOnce)


@pytest.fixture
def segment(run, weights, shared_engine, monkeypatch, tmp_path):
    """Runs `medsamseg segment` on an image; returns the mask and the command's summary."""
    monkeypatch.setattr(engine_options, "make_engine", lambda args, store: shared_engine)

    def run_segment(image, *options):
        out = tmp_path / "out.seg.nrrd"
        result = run("segment", image, *TUMOR, *options, "-o", out, "--force", "--json")
        assert result.status == 0, result.out
        return sitk.GetArrayFromImage(sitk.ReadImage(str(out))).astype(bool), result.json()

    return run_segment


def dice(first, second):
    return 2 * np.count_nonzero(first & second) / (np.count_nonzero(first) + np.count_nonzero(second))


def test_the_same_scan_in_three_formats_gives_the_same_mask(segment, tmp_path):
    image = sitk.ReadImage(str(CT))
    sitk.WriteImage(image, str(tmp_path / "ct.nii.gz"))
    write_series(image, tmp_path / "dicom")
    mask, summary = segment(CT, "--range", "23:25")
    assert (summary["window"]["name"], summary["slices"]) == ("bone", 3)
    for other in (tmp_path / "ct.nii.gz", tmp_path / "dicom"):
        other_mask, other_summary = segment(other, "--range", "23:25")
        np.testing.assert_array_equal(other_mask, mask)
        assert other_summary["volume_ml"] == pytest.approx(summary["volume_ml"], rel=1e-5)


def test_a_box_on_the_tumor_finds_what_the_radiologist_drew(segment):
    reference = sitk.GetArrayFromImage(sitk.ReadImage(str(SAMPLE / "RiderChestCTTumour.nrrd"))).astype(bool)
    mask, summary = segment(CT, "--slice-only")
    assert not np.delete(mask, 24, axis=0).any()
    assert dice(mask[24], reference[24]) > 0.85
    voxel_ml = np.prod(sitk.ReadImage(str(CT)).GetSpacing()) / 1000
    assert summary["volume_ml"] == pytest.approx(np.count_nonzero(mask) * voxel_ml, rel=1e-3)
    assert summary["weights_sha256"].startswith("79d8c9dc")


@pytest.mark.parametrize("fuse", ["mean", "max"])
def test_a_clean_phase_helps_a_noisy_one(segment, tmp_path, fuse):
    slices = slice(23, 26)
    reference = sitk.GetArrayFromImage(sitk.ReadImage(str(SAMPLE / "RiderChestCTTumour.nrrd"))).astype(bool)[slices]
    image = sitk.ReadImage(str(CT), sitk.sitkFloat32)
    noisy = sitk.AdditiveGaussianNoise(image, standardDeviation=250, mean=0, seed=7)
    sitk.WriteImage(sitk.Cast(noisy, sitk.sitkInt16), str(tmp_path / "noisy.nrrd"))
    alone, _ = segment(tmp_path / "noisy.nrrd", "--range", "23:25")
    fused, summary = segment(tmp_path / "noisy.nrrd", "--range", "23:25", "--also", CT, "--fuse", fuse)
    assert summary["warnings"] == []
    # Dice with the noisy copy alone is 0.886; fused by the mean 0.922, by the maximum 0.916.
    assert dice(fused[slices], reference) > dice(alone[slices], reference) + 0.02
    assert dice(fused[slices], reference) > 0.9


def test_weights_of_another_model_are_told(run, store, development_store):
    store.folder.mkdir(parents=True)
    store.final_path("sam").symlink_to(development_store.path("litemedsam"))
    result = run("segment", CT, *TUMOR, "--model", "sam", "-o", store.folder / "out.nrrd")
    assert result.status == 4
    assert "holds the weights of LiteMedSAM" in result.err
    assert "Traceback" not in result.err


def test_own_weights_of_the_right_architecture_can_be_imported(run, weights, tmp_path):
    import torch

    state = torch.load(weights.path("litemedsam"), map_location="cpu", weights_only=True)
    name, tensor = next(iter(state.items()))
    torch.save({**state, name: tensor + 1}, tmp_path / "mine.pth")
    result = run("models", "import", tmp_path / "mine.pth", "--as", "litemedsam")
    assert result.status == 0
    assert "Warning: The checksum of" in result.err
    torch.save({key: value for key, value in state.items() if key != name}, tmp_path / "less.pth")
    refused = run("models", "import", tmp_path / "less.pth", "--as", "litemedsam")
    assert (refused.status, "Nothing was imported" in refused.err, name in refused.err) == (4, True, True)


def test_without_the_default_models_weights_the_command_to_get_them_is_given(run, tmp_path):
    result = run("segment", CT, *TUMOR, "-o", tmp_path / "out.nrrd")
    assert result.status == 5
    assert "medsamseg models download litemedsam" in result.err
