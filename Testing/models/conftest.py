"""What the models' tests share: the real weights of LiteMedSAM, the sample CT, images of every awkward kind."""

from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import SimpleITK as sitk

from medsamseg_server.system.allocator import keep_freed_memory
from medsamseg_server.weights.store import ModelStore

SAMPLE = Path(__file__).resolve().parents[2] / "MedSAMSeg" / "Resources" / "SampleData"

#: Taken before any test gets a home of its own: where `make weights` put the real weights.
DEVELOPMENT_STORE = ModelStore()


# The tests build networks without the runtime that does this for the product.
keep_freed_memory()


@pytest.fixture(scope="session")
def litemedsam_weights():
    """The authors' file; `make weights` downloads it."""
    return DEVELOPMENT_STORE.path("litemedsam")


@pytest.fixture(scope="session")
def chest():
    """The sample CT in Hounsfield units and the radiologist's tumor, both (K, J, I)."""
    ct, tumor = (
        sitk.GetArrayFromImage(sitk.ReadImage(SAMPLE / name))
        for name in ("RiderChestCT.nrrd", "RiderChestCTTumour.nrrd")
    )
    return SimpleNamespace(ct=ct, tumor=tumor > 0)


def _noise(shape, dtype):
    limits = np.iinfo(dtype)
    return np.random.default_rng(7).integers(limits.min, limits.max, shape, dtype, endpoint=True)


IMAGES = {
    "gray": _noise((64, 64), np.uint8),
    "wide": _noise((90, 300), np.uint8),
    "tall": _noise((301, 77), np.uint8),
    "larger than the input": _noise((500, 2600), np.uint8),
    "tiny": _noise((9, 16), np.uint8),
    "one pixel": _noise((1, 1), np.uint8),
    "one row": _noise((1, 12), np.uint8),
    "constant": np.full((40, 50), 100, np.uint8),
    "uint16": _noise((70, 50), np.uint16),
    "int16": _noise((50, 70), np.int16),
    "constant uint16": np.full((20, 30), 40000, np.uint16),
    "color": _noise((60, 80, 3), np.uint8),
    "color uint16": _noise((80, 60, 3), np.uint16),
}


@pytest.fixture(params=IMAGES)
def image(request):
    return IMAGES[request.param]
