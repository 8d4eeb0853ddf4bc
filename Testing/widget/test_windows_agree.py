"""What "auto" means for a volume: the module suggests what the server would choose."""

import numpy as np
import pytest
import slicer

from medsamseg_server.volumes.windows import resolve_window

RANDOM = np.random.default_rng(3)


def mixture(*parts):
    """(10, 20, n) of parts (voxels, mean, spread)."""
    values = np.concatenate([RANDOM.normal(mean, spread, count) for count, mean, spread in parts])
    return RANDOM.permutation(values).reshape(10, 20, -1)


VOLUMES = {
    "chest": mixture((3000, -800, 60), (7000, 30, 60), (6000, -1000, 10)),
    "abdomen": mixture((300, -800, 60), (9700, 30, 60), (6000, -1000, 10)),
    "chest in padding": np.where(
        np.arange(20)[:, None] < 9, -3024, mixture((3000, -800, 60), (7000, 30, 60), (6000, -1000, 10))
    ),
    "lung and fat beyond the window of tissue": mixture((6000, -800, 10), (2000, -180, 2)),
    "tissue without air": mixture((16000, 30, 60)),
    "mr": mixture((8000, 400, 90), (8000, 0, 0)),
    "standardized mr": mixture((8000, 0.4, 1), (8000, -1.5, 0)),
    "centered mr": mixture((8000, 100, 300), (8000, -700, 20)),
    "phase": mixture((16000, 0, 2000)),
    "constant": np.full((4, 5, 6), 7.0),
    "constant below air": np.full((4, 5, 6), -2000.0),
    "zeros": np.zeros((4, 5, 6)),
}


@pytest.mark.parametrize("dtype", [np.float32, np.int16])
@pytest.mark.parametrize("name", VOLUMES)
def test_both_sides_choose_the_same_window(gui, name, dtype):
    # Only the host with windows has what the module imports.
    from MedSAMSegLib.volumes.intensityWindows import suggestedWindow

    array = VOLUMES[name].astype(dtype)
    volume = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLScalarVolumeNode")
    slicer.util.updateVolumeFromArray(volume, array)
    by_server = resolve_window("auto", array)
    by_module = resolve_window(suggestedWindow(volume), array)
    assert (by_module.name, by_module.lower, by_module.upper) == (by_server.name, by_server.lower, by_server.upper)
