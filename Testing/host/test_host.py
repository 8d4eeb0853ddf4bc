"""The host is honest: real where it claims to be, loud where it is not."""

import numpy as np
import pytest
import slicer
import vtk


def test_the_names_that_the_application_sets_exist(host):
    assert slicer.mrmlScene is host.scene
    assert slicer.app.mrmlScene() is host.scene
    assert slicer.app.applicationLogic().GetMRMLScene() is host.scene
    assert slicer.modules.segmentations.logic().IsA("vtkSlicerSegmentationsModuleLogic")
    assert slicer.moduleNames.Markups == "Markups"


@pytest.mark.parametrize("standIn", ["app", "modules", "moduleNames"])
def test_an_unknown_attribute_of_a_stand_in_says_what_to_do(standIn):
    with pytest.raises(AttributeError, match=r"has no 'inventedName'\. If Slicer has it, add it to"):
        getattr(getattr(slicer, standIn), "inventedName")  # noqa: B009


def test_util_functions_are_not_at_top_level_as_in_slicer():
    assert not hasattr(slicer, "arrayFromVolume")
    assert not hasattr(slicer, "getNode")
    assert hasattr(slicer.util, "arrayFromVolume")
    assert hasattr(slicer, "vtkMRMLScene")


def test_vtk_errors_are_collected(host):
    vtk.vtkImageThreshold().Update()
    assert "vtkImageThreshold" in host.messages.takeErrors()[0]
    assert host.vtkErrors == []


def test_exceptions_inside_observers_are_collected(host, capsys):
    def fail(_caller, _event):
        raise ValueError("the observer failed")

    node = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLScriptedModuleNode")
    node.AddObserver(vtk.vtkCommand.ModifiedEvent, fail)
    node.Modified()
    assert "the observer failed" in host.messages.takeErrors()[0]


def test_vtk_warnings_are_collected(host):
    vtk.vtkOutputWindow.GetInstance().DisplayWarningText("something is odd")
    assert host.messages.warnings == ["something is odd"]
    host.messages.clear()


def test_clearing_the_scene_drops_nodes_and_singletons(host):
    volumeNode = slicer.util.addVolumeFromArray(np.zeros((2, 3, 4), np.int16))
    parameterNode = slicer.vtkMRMLScriptedModuleNode()
    parameterNode.SetSingletonTag("MedSAMSeg")
    slicer.mrmlScene.AddNode(parameterNode)
    host.clearScene()
    assert volumeNode.GetScene() is None
    assert slicer.mrmlScene.GetSingletonNode("MedSAMSeg", "vtkMRMLScriptedModuleNode") is None


def test_clearing_the_scene_keeps_views_and_colors(host):
    slicer.mrmlScene.GetSingletonNode("Red", "vtkMRMLSliceNode").SetOrientation("Sagittal")
    host.clearScene()
    assert slicer.mrmlScene.GetSingletonNode("Red", "vtkMRMLSliceNode").GetOrientation() == "Axial"
    assert slicer.util.getNode("Grey")


def test_segments_get_the_colors_that_slicer_gives(cleanScene):
    segmentation = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLSegmentationNode")
    segmentation.CreateDefaultDisplayNodes()
    first, second = (segmentation.GetSegmentation().AddEmptySegment() for _ in range(2))
    colors = [segmentation.GetSegmentation().GetSegment(segmentID).GetColor() for segmentID in (first, second)]
    assert [tuple(round(value * 255) for value in color) for color in colors] == [(128, 174, 128), (241, 214, 145)]


def test_a_scene_that_nobody_touched_is_not_cleared_again(host, monkeypatch):
    host.clearScene()
    cleared = []
    monkeypatch.setattr(host, "clearScene", lambda: cleared.append(True))
    host.clearSceneIfTouched()
    host.clearSceneIfTouched()
    assert not cleared
    host.sliceViews.node("Red").GetSliceToRAS().SetElement(0, 3, 5)
    host.clearSceneIfTouched()
    assert cleared
