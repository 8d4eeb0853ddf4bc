"""What "auto" means for a volume: the module suggests what the server would choose."""

import numpy as np
import pytest
import slicer

from medsamseg_server.volumes.windows import CT_PRESETS, resolve_window, suggest_window

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


def values(*parts):
    """10,000 voxels of parts (voxels, value)."""
    return np.concatenate([np.full(count, value) for count, value in parts]).reshape(10, 20, 50)


TYPES = (np.float32, np.int16)

#: Two volumes on either side of a limit, with what each is taken for.
LIMITS = {
    "least air": [(200, -1000, 9800, 30, 0, 0, "soft"), (199, -1000, 9801, 30, 0, 0, "percentile")],
    "least tissue": [(6000, -1000, 500, 30, 3500, 2000, "soft"), (6000, -1000, 499, 30, 3501, 2000, "percentile")],
    "least of both": [(300, -1000, 5700, 30, 4000, 2000, "soft"), (300, -1000, 5699, 30, 4001, 2000, "percentile")],
    "coldest air": [(400, -1100, 9600, 30, 0, 0, "soft"), (400, -1101, 9600, 30, 0, 0, "percentile")],
    "densest lung": [(2500, -500, 7500, 30, 0, 0, "lung"), (2500, -499, 7500, 30, 0, 0, "percentile")],
    "lightest fat": [(6000, -1000, 600, -200, 3400, 2000, "soft"), (6000, -1000, 600, -201, 3400, 2000, "percentile")],
    "densest tissue": [(400, -1000, 9600, 300, 0, 0, "soft"), (400, -1000, 9600, 301, 0, 0, "percentile")],
    "least lung of a chest": [(2000, -700, 8000, 30, 0, 0, "lung"), (1999, -700, 8001, 30, 0, 0, "soft")],
    "coldest lung": [(2500, -950, 7500, 30, 0, 0, "lung"), (2500, -951, 7500, 30, 0, 0, "soft")],
    "fat beside lung": [(1000, -700, 9000, -151, 0, 0, "lung"), (1000, -700, 9000, -150, 0, 0, "soft")],
    "tissue beside lung": [(1000, -700, 9000, 251, 0, 0, "lung"), (1000, -700, 9000, 250, 0, 0, "soft")],
}


@pytest.fixture(scope="module")
def suggested(guiHost):
    """Called with an array, gives what the module suggests for it."""
    # Only the host with windows has what the module imports.
    from MedSAMSegLib.volumes.intensityWindows import suggestedWindow

    def suggest(array):
        volume = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLScalarVolumeNode")
        slicer.util.updateVolumeFromArray(volume, array)
        window = suggestedWindow(volume)
        slicer.mrmlScene.RemoveNode(volume)
        return window

    return suggest


@pytest.fixture(scope="module")
def suggestedLimits(suggested):
    """LIMITS and sides: what the server and the module suggest; all at once, because scenes take long to clear."""
    found = {}
    for name, sides in LIMITS.items():
        for side, (*numbers, _expected) in enumerate(sides):
            array = values(*zip(numbers[::2], numbers[1::2], strict=True)).astype(np.int16)
            found[name, side] = suggest_window(array), suggested(array)
    return found


@pytest.fixture(scope="module")
def chosenWindows(suggested):
    """VOLUMES and types: what the server chooses, and what it makes of the module's suggestion."""
    found = {}
    for name, voxels in VOLUMES.items():
        for dtype in TYPES:
            array = voxels.astype(dtype)
            found[name, dtype] = resolve_window("auto", array), resolve_window(suggested(array), array)
    return found


@pytest.mark.parametrize("side", [0, 1])
@pytest.mark.parametrize("name", LIMITS)
def test_both_sides_have_the_same_limits(suggestedLimits, name, side):
    expected = LIMITS[name][side][-1]
    assert suggestedLimits[name, side] == (expected, expected)


@pytest.mark.parametrize("kind", CT_PRESETS)
def test_both_sides_have_the_same_presets(guiHost, kind):
    from MedSAMSegLib.volumes.intensityWindows import CT_WINDOWS

    assert CT_WINDOWS[kind] == CT_PRESETS[kind]
    assert set(CT_WINDOWS) == set(CT_PRESETS)


@pytest.mark.parametrize("dtype", TYPES)
@pytest.mark.parametrize("name", VOLUMES)
def test_both_sides_choose_the_same_window(chosenWindows, name, dtype):
    by_server, by_module = chosenWindows[name, dtype]
    assert (by_module.name, by_module.lower, by_module.upper) == (by_server.name, by_server.lower, by_server.upper)
