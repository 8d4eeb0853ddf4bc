"""What the training tests share: a home of their own, small cases on disk, and small networks."""

import dataclasses
import json
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import SimpleITK as sitk

from medsamseg_server.allocator import keep_freed_memory
from medsamseg_server.cli import main
from medsamseg_server.models.specification import TinyViTParameters, get_specification
from medsamseg_server.models.store import ModelStore
from medsamseg_server.prompts import Prompt
from medsamseg_server.volumes import Volume

SAMPLE = Path(__file__).resolve().parents[2] / "MedSAMSeg" / "Resources" / "SampleData"

#: Taken before any test gets a home of its own: where `make weights` puts the real weights.
DEVELOPMENT_STORE = ModelStore()

keep_freed_memory()


@pytest.fixture(autouse=True)
def home(tmp_path, monkeypatch):
    """A data folder for this test alone, with LiteMedSAM in it."""
    folder = tmp_path / "home"
    monkeypatch.setenv("MEDSAMSEG_HOME", str(folder))
    weights = DEVELOPMENT_STORE.path("litemedsam")
    (folder / "weights").mkdir(parents=True)
    (folder / "weights" / weights.name).symlink_to(weights)
    return folder


@pytest.fixture
def store(home):
    return ModelStore()


@pytest.fixture
def run(capsys):
    """Runs the command line in this process; returns its status, standard output and standard error."""

    def run_command(*arguments):
        capsys.readouterr()
        status = main([str(argument) for argument in arguments])
        captured = capsys.readouterr()
        return SimpleNamespace(
            status=status,
            out=captured.out,
            err=captured.err,
            json=lambda: json.loads(captured.out.splitlines()[-1]),
        )

    return run_command


@pytest.fixture
def tiny_specification():
    """LiteMedSAM's protocol with an encoder that takes a moment."""
    parameters = TinyViTParameters(
        patch_kernel=1, patch_stride=1, widths=(8, 8, 8, 16), depths=(1, 1, 1, 1), heads=(1, 1, 1), windows=(7, 7, 7)
    )
    return dataclasses.replace(get_specification("litemedsam"), name="tiny", title="Tiny", tiny_vit=parameters)


def ellipsoid(shape=(7, 40, 48), center=(3, 18, 22), radii=(3.6, 9, 12)):
    """Return an ellipsoid as a mask (K, J, I)."""
    offsets = [(np.arange(n) - c) / r for n, c, r in zip(shape, center, radii, strict=True)]
    squares = sum(np.square(part) for part in np.meshgrid(*offsets, indexing="ij"))
    return squares <= 1


@pytest.fixture
def ellipsoids():
    """A volume with an ellipsoid, its mask, and the tight box on the middle slice."""
    mask = ellipsoid()
    noise = np.random.default_rng(3).normal(0, 8, mask.shape)
    array = (100 + 60 * mask + noise).astype(np.int16)
    return SimpleNamespace(volume=Volume.from_array(array), mask=mask, box=Prompt((10.0, 9.0, 34.0, 27.0)))


def write_case(folder, name, seed=0, labels=None, array=None, suffix=".nii.gz", image_spacing=(1, 1, 2)):
    """Write an image and its label map to ``folder/images`` and ``folder/labels``; return the two paths."""
    generator = np.random.default_rng(seed)
    if labels is None:
        center = (3, 18 + generator.integers(-4, 5), 22 + generator.integers(-4, 5))
        labels = ellipsoid(center=center).astype(np.uint8)
    if array is None:
        array = (100 + 60 * (labels > 0) + generator.normal(0, 8, labels.shape)).astype(np.int16)
    paths = []
    for kind, values, spacing in (("images", array, image_spacing), ("labels", labels, (1, 1, 2))):
        path = folder / kind / f"{name}{suffix}"
        path.parent.mkdir(parents=True, exist_ok=True)
        image = sitk.GetImageFromArray(values)
        image.SetSpacing(spacing)
        sitk.WriteImage(image, str(path))
        paths.append(path)
    return paths


@pytest.fixture
def dataset(tmp_path):
    """A folder with five small cases."""
    folder = tmp_path / "data"
    for number in range(5):
        write_case(folder, f"case_{number}", seed=number)
    return folder
