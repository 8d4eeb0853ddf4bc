"""An unmodified module file and its .ui run as in Slicer: life cycle, parameter node, drawing, self-test."""

from pathlib import Path

import numpy as np
import pytest
import slicer

from slicerhost import slicerVersion

MODULE = Path(__file__).parent / "sampleModule" / "SampleModule.py"


@pytest.fixture
def volumeNode(gui):
    voxels = np.zeros((20, 100, 120), np.int16)
    voxels[5:15, 30:60, 40:90] = 1000
    volumeNode = slicer.util.addVolumeFromArray(voxels, name="CT")
    volumeNode.SetSpacing(1.0, 1.0, 2.5)
    volumeNode.SetOrigin(-60.0, -50.0, -25.0)
    volumeNode.CreateDefaultDisplayNodes()
    slicer.util.setSliceViewerLayers(background=volumeNode, fit=True)
    return volumeNode


@pytest.fixture
def panel(gui, volumeNode):
    return gui.openModule(MODULE)


def test_the_panel_shows_the_parameters(panel, volumeNode):
    assert panel.ui.volumeSelector.currentNode() is volumeNode
    assert panel.ui.thresholdSlider.value == 40.0
    assert panel.ui.thresholdSlider.maximum == 3000.0
    assert panel.ui.slicesSpinBox.value == 7
    assert panel.ui.nameEdit.text == "Object"
    assert panel.ui.windowComboBox.currentText == "auto"
    assert panel.ui.directionComboBox.currentText == "FORWARD"
    assert not panel.ui.applyButton.enabled
    assert panel.ui.applyButton.toolTip == "Place a box first"


def test_widgets_write_to_the_parameter_node(panel):
    panel.ui.thresholdSlider.value = 123.5
    panel.ui.slicesSpinBox.value = 9
    panel.ui.nameEdit.text = "Tumor"
    panel.ui.windowComboBox.currentIndex = 1
    panel.ui.directionComboBox.currentIndex = 1
    panel.ui.invertCheckBox.click()
    node = panel.parameterNode.parameterNode
    stored = {name: node.GetParameter(name) for name in node.GetParameterNames()}
    expected = {"threshold": "123.5", "slices": "9", "label": "Tumor", "window": "lung", "direction": "BACKWARD"}
    assert expected.items() <= stored.items()
    assert stored["invert"] == "True"
    assert not panel.ui.nameEdit.enabled


def test_the_parameter_node_writes_to_widgets(panel, volumeNode):
    panel.parameterNode.threshold = -5.0
    panel.parameterNode.label = "Node"
    panel.parameterNode.direction = type(panel.parameterNode.direction).BACKWARD
    panel.parameterNode.inputVolume = None
    assert panel.ui.thresholdSlider.value == -5.0
    assert panel.ui.nameEdit.text == "Node"
    assert panel.ui.directionComboBox.currentText == "BACKWARD"
    assert panel.ui.volumeSelector.currentNode() is None
    panel.parameterNode.inputVolume = volumeNode
    assert panel.ui.volumeSelector.currentNode() is volumeNode


def test_a_box_drawn_with_the_mouse_lands_where_the_mouse_was(gui, panel):
    red = gui.view("Red")
    first, second = (100, 80), (260, 200)
    panel.ui.placeButton.click()
    red.click(*first)
    red.click(*second)
    bounds = np.zeros(6)
    panel.parameterNode.box.GetRASBounds(bounds)
    corners = np.array([red.xyToRAS(*first), red.xyToRAS(*second)])
    np.testing.assert_allclose(bounds[:4:2], corners.min(axis=0)[:2], atol=1e-3)
    np.testing.assert_allclose(bounds[1:4:2], corners.max(axis=0)[:2], atol=1e-3)
    assert panel.ui.applyButton.enabled


def test_what_the_panel_segments_appears_in_the_view(gui, panel):
    red = gui.view("Red")
    inside = [round(value) for value in red.rasToXY((22, -15, 0))]
    before = red.pixel(*inside)
    panel.ui.placeButton.click()
    red.click(*red.rasToXY((-30, -40, 0)))
    red.click(*red.rasToXY((40, 20, 0)))
    panel.ui.applyButton.click()
    assert panel.ui.statusLabel.text.endswith(" voxels")
    assert panel.ui.segmentsTable.segmentCount == 1
    red_, green, blue = red.pixel(*inside)
    assert before[0] == before[1] == before[2]
    assert red_ > green + 50
    assert green == blue


def test_life_cycle(gui, panel):
    assert panel.calls == ["enter"]
    gui.exitModule()
    assert panel.calls == ["enter", "exit"]
    assert not panel.parent.isEntered
    assert gui.enterModule("SampleModule") is panel
    gui.closeModule("SampleModule")
    assert panel.calls == ["enter", "exit", "enter", "exit", "cleanup"]


def test_closing_the_scene_gives_a_fresh_parameter_node(gui, panel):
    panel.ui.nameEdit.text = "Tumor"
    slicer.mrmlScene.Clear()
    gui.processEvents()
    assert panel.parameterNode.inputVolume is None
    assert panel.ui.volumeSelector.currentNode() is None


def test_reload_makes_a_new_widget_in_the_same_place(gui, panel):
    panel.onReload()
    again = slicer.modules.SampleModuleWidget
    assert again is not panel
    assert type(again) is not type(panel)
    assert panel.calls[-1] == "cleanup"
    assert again.calls == ["enter"]
    assert again.parent is panel.parent
    again.ui.nameEdit.text = "After"
    assert again.parameterNode.label == "After"


def test_the_modules_self_test_runs_as_reload_and_test(panel, caplog):
    with caplog.at_level("INFO"):
        slicer.selfTests["SampleModule"]()
    assert "The sample's test ran" in caplog.text


def test_a_failing_action_is_an_error(gui, panel):
    panel.logic.fill = None
    panel.ui.placeButton.click()
    gui.view("Red").click(100, 80)
    gui.view("Red").click(260, 200)
    panel.ui.applyButton.click()
    assert "'NoneType' object is not callable" in gui.messages.takeErrors()[0]


def test_the_module_is_found_by_name(panel):
    assert slicer.util.getModuleWidget("SampleModule") is panel
    assert slicer.util.getModuleLogic("SampleModule") is panel.logic
    assert slicer.util.modulePath("SampleModule") == str(MODULE)


@pytest.mark.parametrize(("version", "left"), [("5.10", 1), ("5.12", 0)])
def test_slicer_5_10_leaves_its_observer_on_the_node(gui, version, left):
    import qt
    from slicer.parameterNodeWrapper import parameterNodeWrapper

    @parameterNodeWrapper
    class Parameters:
        enabled: bool = True

    slicerVersion.behaveAs(version)
    node, checkBox = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLScriptedModuleNode"), qt.QCheckBox()
    parameters, reads = Parameters(node), []
    tag = parameters.connectParametersToGui({"enabled": checkBox})
    parameters.enabled = False
    assert not checkBox.checked
    parameters.disconnectGui(tag)
    parameters.StartModify = lambda: reads.append(None)
    parameters.EndModify = lambda _wasModifying: None
    node.Modified()
    assert len(reads) == left
    assert not checkBox.checked
