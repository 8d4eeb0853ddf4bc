"""From loading a CT to a reopened scene, by pointer and keyboard alone, in a real window on a real screen."""

import pytest

from window.sample import CT, OUTLINED_VOXELS, SLICE, cornersInRAS


@pytest.fixture
def corners():
    """Two opposite corners of a box round the tumor, in RAS."""
    return cornersInRAS()


def segmentSlices(user):
    """:return: {slice: voxels} of the only segment."""
    (slices,) = user.ask("scene")["segments"].values()
    return {int(index): count for index, count in slices.items()}


def test_fromCTToReopenedScene(user, corners, tmp_path):
    user.chooseFile("ctrl+o", CT)
    user.waitFor(lambda: user.ask("scene")["volumes"] == ["RiderChestCT"], "volume")

    user.click("drawButton")
    user.drag("Red", *corners)
    user.waitForText("statusLabel", "Found")
    firstBox = segmentSlices(user)
    assert list(firstBox) == [SLICE]
    assert abs(firstBox[SLICE] - OUTLINED_VOXELS) < 0.25 * OUTLINED_VOXELS

    user.click("propagateButton")
    user.waitFor(lambda: len(segmentSlices(user)) >= 4, "four slices")
    user.click("cancelButton")
    user.waitForText("statusLabel", "Stopped")
    propagated = segmentSlices(user)
    assert len(propagated) >= 4

    user.click("undoButton")
    user.waitFor(lambda: segmentSlices(user) == firstBox, "the first box alone")
    user.click("redoButton")
    user.waitFor(lambda: segmentSlices(user) == propagated, "the propagated slices again")

    scene = tmp_path / "reading.mrb"
    user.chooseFile("ctrl+s", scene)
    user.waitFor(scene.exists, "saved scene")
    user.pressKeys("ctrl+w")
    user.waitFor(lambda: user.ask("scene")["volumes"] == [], "empty scene")
    user.chooseFile("ctrl+o", scene)
    user.waitFor(lambda: user.ask("scene")["volumes"] == ["RiderChestCT"], "volume of the saved scene")
    assert segmentSlices(user) == propagated
    assert user.ask("scene")["boxes"] == 1
