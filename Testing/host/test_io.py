"""slicer.util's loading and saving through the host's IO manager, on real files."""

import numpy as np
import pytest
import slicer

VOXELS = np.arange(4 * 5 * 6, dtype=np.int16).reshape(4, 5, 6)


@pytest.fixture
def volumeNode():
    node = slicer.util.addVolumeFromArray(VOXELS, name="CT")
    node.SetSpacing(0.8, 0.9, 2.5)
    node.SetOrigin(-12.5, 30.25, -7.0)
    return node


@pytest.fixture
def segmentationNode(volumeNode):
    node = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLSegmentationNode", "Segmentation")
    node.CreateDefaultDisplayNodes()
    node.SetReferenceImageGeometryParameterFromVolumeNode(volumeNode)
    segmentID = node.GetSegmentation().AddEmptySegment("", "Tumor", (1.0, 0.5, 0.0))
    slicer.util.updateSegmentBinaryLabelmapFromArray((VOXELS > 60).astype(np.uint8), node, segmentID, volumeNode)
    return node


@pytest.mark.parametrize("extension", [".nrrd", ".nii.gz", ".mha"])
def test_volume_round_trip(volumeNode, tmp_path, extension):
    path = tmp_path / f"CT{extension}"
    assert slicer.util.saveNode(volumeNode, str(path))
    loaded = slicer.util.loadVolume(path)
    assert loaded.GetName() == "CT_1"
    np.testing.assert_array_equal(slicer.util.arrayFromVolume(loaded), VOXELS)
    np.testing.assert_allclose(loaded.GetSpacing(), (0.8, 0.9, 2.5), rtol=1e-6)
    np.testing.assert_allclose(loaded.GetOrigin(), (-12.5, 30.25, -7.0), rtol=1e-6)


def test_a_loaded_volume_is_shown_in_the_slice_views(volumeNode, tmp_path, host):
    slicer.util.saveNode(volumeNode, str(tmp_path / "CT.nrrd"))
    loaded = slicer.util.loadVolume(tmp_path / "CT.nrrd")
    assert host.sliceViews.logic("Green").GetSliceCompositeNode().GetBackgroundVolumeID() == loaded.GetID()


def test_segmentation_round_trip(segmentationNode, volumeNode, tmp_path):
    path = tmp_path / "Tumor.seg.nrrd"
    assert slicer.util.saveNode(segmentationNode, str(path))
    loaded = slicer.util.loadSegmentation(path)
    segment = loaded.GetSegmentation().GetNthSegment(0)
    assert (segment.GetName(), segment.GetColor()) == ("Tumor", (1.0, 0.5, 0.0))
    mask = slicer.util.arrayFromSegmentBinaryLabelmap(loaded, loaded.GetSegmentation().GetNthSegmentID(0), volumeNode)
    np.testing.assert_array_equal(mask, VOXELS > 60)


def test_markups_round_trip(tmp_path):
    roiNode = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLMarkupsROINode", "Box")
    roiNode.SetCenter((10, 20, 5))
    roiNode.SetSize((20, 30, 14))
    assert slicer.util.saveNode(roiNode, str(tmp_path / "Box.mrk.json"))
    loaded = slicer.util.loadMarkups(tmp_path / "Box.mrk.json")
    assert loaded is not roiNode
    np.testing.assert_allclose(loaded.GetSize(), (20, 30, 14))


def test_transform_round_trip(tmp_path):
    transformNode = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLLinearTransformNode", "Shift")
    matrix = np.eye(4)
    matrix[:3, 3] = (1, 2, 3)
    slicer.util.updateTransformMatrixFromArray(transformNode, matrix)
    assert slicer.util.saveNode(transformNode, str(tmp_path / "Shift.h5"))
    loaded = slicer.util.loadTransform(tmp_path / "Shift.h5")
    np.testing.assert_allclose(slicer.util.arrayFromTransformMatrix(loaded), matrix)


def test_bundle_round_trip_keeps_parameters_references_and_data(segmentationNode, volumeNode, tmp_path):
    parameterNode = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLScriptedModuleNode", "Parameters")
    parameterNode.SetParameter("model", "litemedsam")
    roiNode = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLMarkupsROINode", "Box")
    roiNode.SetCenter((1, 2, 3))
    roiNode.SetAttribute("MedSAMSeg.Slice", "7")
    roiNode.SetNodeReferenceID("volume", volumeNode.GetID())
    segmentID = segmentationNode.GetSegmentation().GetNthSegmentID(0)

    assert slicer.util.saveScene(str(tmp_path / "scene.mrb"))
    slicer.mrmlScene.Clear()
    assert not slicer.util.getNodes("Box")
    slicer.util.loadScene(str(tmp_path / "scene.mrb"))

    assert slicer.util.getNode("Parameters").GetParameter("model") == "litemedsam"
    roiNode = slicer.util.getNode("Box")
    np.testing.assert_allclose(roiNode.GetCenter(), (1, 2, 3))
    assert roiNode.GetAttribute("MedSAMSeg.Slice") == "7"
    assert roiNode.GetNodeReference("volume") is slicer.util.getNode("CT")
    mask = slicer.util.arrayFromSegmentBinaryLabelmap(
        slicer.util.getNode("Segmentation"), segmentID, slicer.util.getNode("CT")
    )
    np.testing.assert_array_equal(mask, VOXELS > 60)


def test_a_scene_is_added_to_what_is_there_unless_cleared(volumeNode, tmp_path):
    slicer.util.saveScene(str(tmp_path / "scene.mrb"))
    slicer.util.loadScene(str(tmp_path / "scene.mrb"))
    assert len(slicer.util.getNodesByClass("vtkMRMLScalarVolumeNode")) == 2
    slicer.util.loadScene(str(tmp_path / "scene.mrb"), {"clear": True})
    assert len(slicer.util.getNodesByClass("vtkMRMLScalarVolumeNode")) == 1


def test_a_missing_file_is_an_error_as_in_slicer(tmp_path):
    with pytest.raises(RuntimeError, match="There is no file"):
        slicer.util.loadVolume(tmp_path / "missing.nrrd")


def test_a_broken_file_is_an_error_and_leaves_no_node(host, tmp_path):
    path = tmp_path / "broken.seg.nrrd"
    path.write_text("not a file of this kind")
    with pytest.raises(RuntimeError, match="Failed to load node"):
        slicer.util.loadSegmentation(path)
    assert host.messages.takeErrors()
    assert slicer.util.getNodesByClass("vtkMRMLSegmentationNode") == []


def test_a_file_type_that_the_host_lacks_is_said(tmp_path):
    path = tmp_path / "table.tsv"
    path.write_text("a\tb\n")
    with pytest.raises(NotImplementedError, match="TableFile"):
        slicer.util.loadTable(path)
