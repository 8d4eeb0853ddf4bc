"""Parameter nodes are typed, checked and stored as Slicer's parameterNodeWrapper does it; no widgets needed."""

import enum
import pathlib
from typing import Annotated

import pytest
import slicer

from slicerhost import scriptedModules

scriptedModules.install()

from slicer.parameterNodeWrapper import (  # noqa: E402
    Choice,
    Default,
    Maximum,
    Minimum,
    WithinRange,
    isParameterNodeWrapper,
    parameterNodeWrapper,
)


class Mode(enum.Enum):
    FAST = 1
    EXACT = 2


@parameterNodeWrapper
class Parameters:
    volume: slicer.vtkMRMLScalarVolumeNode
    margin: Annotated[float, WithinRange(0, 10)] = 3.0
    count: Annotated[int, Minimum(1), Maximum(9), Default(2)]
    window: Annotated[str, Choice(["auto", "lung"])] = "auto"
    name: str
    enabled: bool = True
    mode: Mode = Mode.EXACT
    folder: pathlib.Path


@pytest.fixture
def node(host):
    return slicer.mrmlScene.AddNewNodeByClass("vtkMRMLScriptedModuleNode")


@pytest.fixture
def parameters(node):
    return Parameters(node)


def test_defaults_are_written_as_slicer_writes_them(parameters, node):
    stored = {name: node.GetParameter(name) for name in node.GetParameterNames()}
    assert stored == {
        "volume": "",
        "margin": "3.0",
        "count": "2",
        "window": "auto",
        "name": "",
        "enabled": "True",
        "mode": "EXACT",
        "folder": ".",
    }
    assert parameters.volume is None
    assert parameters.folder == pathlib.Path()
    assert parameters.default("count") == Default(2)


def test_values_come_back_as_they_were_set_also_in_another_wrapper(parameters, node):
    volumeNode = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLScalarVolumeNode")
    parameters.volume = volumeNode
    parameters.margin = 4
    parameters.mode = Mode.FAST
    parameters.enabled = False
    again = Parameters(node)
    assert again.volume is volumeNode
    assert (again.margin, again.mode, again.enabled) == (4.0, Mode.FAST, False)
    assert node.GetNodeReferenceID("volume") == volumeNode.GetID()


@pytest.mark.parametrize(
    ("name", "value", "error"),
    [
        ("margin", 10.5, ValueError),
        ("margin", "3", TypeError),
        ("count", 0, ValueError),
        ("count", 2.5, TypeError),
        ("window", "bone", ValueError),
        ("name", None, ValueError),
        ("enabled", 1, TypeError),
        ("mode", "FAST", TypeError),
    ],
)
def test_wrong_values_are_refused_and_change_nothing(parameters, name, value, error):
    before = getattr(parameters, name)
    with pytest.raises(error):
        setattr(parameters, name, value)
    assert getattr(parameters, name) == before


def test_a_node_of_another_class_is_refused(parameters):
    with pytest.raises(TypeError):
        parameters.volume = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLSegmentationNode")


def test_values_by_name(parameters):
    parameters.setValue("name", "Tumor")
    assert parameters.getValue("name") == "Tumor"
    assert parameters.isCached("name")
    assert parameters.dataType("margin") == Annotated[float, WithinRange(0, 10)]
    with pytest.raises(ValueError, match="Cannot find a param with the given name: colour"):
        parameters.getValue("colour")


def test_a_change_is_one_event(parameters, node):
    heard = []
    parameters.AddObserver("ModifiedEvent", lambda caller, event: heard.append(parameters.volume))
    volumeNode = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLScalarVolumeNode")
    parameters.volume = volumeNode
    assert heard == [volumeNode]


def test_types_that_the_host_lacks_are_said():
    with pytest.raises(NotImplementedError, match="no serializer for"):

        @parameterNodeWrapper
        class Unknown:
            values: list[int]


def test_reserved_names_are_refused():
    with pytest.raises(ValueError, match="reserved name 'connectGui'"):

        @parameterNodeWrapper
        class Reserved:
            connectGui: int


def test_what_is_a_wrapper(parameters):
    assert isParameterNodeWrapper(parameters)
    assert isParameterNodeWrapper(Parameters)
    assert not isParameterNodeWrapper(Mode)


def test_a_slider_needs_a_range(gui):
    import ctk

    @parameterNodeWrapper
    class Unbounded:
        margin: float = 3.0

    unbounded = Unbounded(slicer.mrmlScene.AddNewNodeByClass("vtkMRMLScriptedModuleNode"))
    with pytest.raises(RuntimeError, match="unbounded number"):
        unbounded.connectParametersToGui({"margin": ctk.ctkSliderWidget()})


def test_a_widget_that_cannot_show_the_type_is_refused(gui, parameters):
    import qt

    with pytest.raises(RuntimeError, match="Unable to create GUI connector"):
        parameters.connectParametersToGui({"enabled": qt.QLineEdit()})


def test_disconnected_widgets_are_left_alone(gui, parameters):
    import qt

    lineEdit = qt.QLineEdit()
    tag = parameters.connectParametersToGui({"name": lineEdit})
    lineEdit.text = "one"
    parameters.disconnectGui(tag)
    lineEdit.text = "two"
    assert parameters.name == "one"
    parameters.name = "three"
    assert lineEdit.text == "two"
