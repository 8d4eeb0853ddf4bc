"""Slice nodes behave as in Slicer: found by their layout name, oriented, and showing what is loaded."""

import numpy as np
import pytest
import slicer


@pytest.mark.parametrize(
    ("name", "orientation", "normal"),
    [("Red", "Axial", (0, 0, 1)), ("Yellow", "Sagittal", (1, 0, 0)), ("Green", "Coronal", (0, 1, 0))],
)
def test_the_default_views_have_slicers_orientations(name, orientation, normal):
    sliceNode = slicer.mrmlScene.GetSingletonNode(name, "vtkMRMLSliceNode")
    assert sliceNode.GetOrientation() == orientation
    np.testing.assert_allclose(
        np.abs([sliceNode.GetSliceToRAS().GetElement(row, 2) for row in range(3)]), normal, atol=1e-9
    )


def test_views_can_be_added(host):
    sliceNode = host.sliceViews.add("Slice4", "Coronal")
    assert slicer.app.applicationLogic().GetSliceLogicByLayoutName("Slice4").GetSliceNode() is sliceNode


def test_display_positions_map_to_the_volume_that_is_shown(host):
    volumeNode = slicer.util.addVolumeFromArray(np.zeros((10, 20, 30), np.int16))
    volumeNode.SetSpacing(2.0, 3.0, 4.0)
    slicer.util.setSliceViewerLayers(background=volumeNode)
    sliceLogic = host.sliceViews.logic("Red")
    sliceLogic.FitSliceToBackground()
    sliceLogic.SetSliceOffset(12.0)
    width, height, _depth = sliceLogic.GetSliceNode().GetDimensions()
    center = sliceLogic.GetSliceNode().GetXYToRAS().MultiplyPoint([width / 2, height / 2, 0, 1])[:3]
    np.testing.assert_allclose(center, [29.0, 28.5, 12.0], atol=0.5)
