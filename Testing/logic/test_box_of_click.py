"""One click of which the server makes a box: asked in voxels of its slice, in any volume, and nothing changes."""

import numpy as np
import pytest
import slicer
from geometries import SCENARIOS, addVolume, worldOf
from knownBox import SLICE

from MedSAMSegLib.errors import UserError
from MedSAMSegLib.volumes.slicePrompt import SlicePrompt


def boxRound(x, y):
    return (x - 2, y - 1, x + 2, y + 1)


@pytest.mark.parametrize(("geometry", "parents"), SCENARIOS)
def test_a_click_becomes_a_box_on_the_slice_that_the_view_shows(logic, server, geometry, parents):
    volume = addVolume(geometry, parents)
    server.boxOfClick = boxRound
    sliceNode = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLSliceNode", "Any")
    sliceNode.SetLayoutName("Any")
    sliceNode.RotateToVolumePlane(volume)
    found = logic.startClick(volume, worldOf(geometry, parents, (4, 3, 5)), "Any").finish()
    prompt = found.prompt
    assert found.volume is volume
    # The view shows that of the volume's planes which it finds first.
    sliceIndex, *point = {0: (5, 4, 3), 1: (3, 4, 5), 2: (4, 3, 5)}[prompt.axis]
    assert prompt.sliceIndex == sliceIndex
    assert server.requests[-1]["point"] == pytest.approx(point, abs=1e-3)
    np.testing.assert_allclose(prompt.box, boxRound(*point), atol=1e-3)


def test_a_box_beyond_the_volume_is_cut_off_and_nothing_is_written(logic, server, ct):
    server.boxOfClick = lambda x, y: (x - 100, y - 1, x + 2, y + 1)
    prompt = logic.startClick(ct[0], (4.0, 2.0, SLICE), "Red").finish().prompt
    assert prompt == SlicePrompt(0, SLICE, (-0.5, 1.0, 6.0, 3.0))
    assert slicer.util.getNodesByClass("vtkMRMLMarkupsROINode") == []


def test_a_view_that_is_not_there_is_told(logic, server, ct):
    with pytest.raises(UserError, match="There is no slice view named 'Blue'"):
        logic.startClick(ct[0], (4.0, 2.0, SLICE), "Blue")
