"""A .ui file gives the widgets that it names, and an error for anything that Qt would pass over in silence."""

import pytest
import slicer

FRAME = """<?xml version="1.0"?><ui version="4.0"><class>Panel</class>
<widget class="qMRMLWidget" name="Panel">
<layout class="QVBoxLayout" name="verticalLayout"><item>{widget}</item></layout></widget>{connections}</ui>"""


def connection(sender, signal, receiver, slot):
    parts = {"sender": sender, "signal": signal, "receiver": receiver, "slot": slot}
    inner = "".join(f"<{name}>{value}</{name}>" for name, value in parts.items())
    return f"<connections><connection>{inner}</connection></connections>"


@pytest.fixture
def loadUI(gui, tmp_path):
    def load(widget, connections=""):
        path = tmp_path / "Panel.ui"
        path.write_text(FRAME.format(widget=widget, connections=connections))
        return slicer.util.childWidgetVariables(slicer.util.loadUI(str(path)))

    return load


def test_widgets_properties_and_dynamic_properties(loadUI):
    ui = loadUI(
        '<widget class="ctkSliderWidget" name="slider"><property name="maximum"><double>5</double></property>'
        '<property name="SlicerParameterName" stdset="0"><string>margin</string></property></widget>'
    )
    assert ui.slider.className() == "ctkSliderWidget"
    assert ui.slider.maximum == 5.0
    assert ui.slider.property("SlicerParameterName") == "margin"
    assert ui.verticalLayout.className() == "QVBoxLayout"


def test_connections_reach_stand_ins_and_qt_widgets(loadUI, gui):
    ui = loadUI(
        '<widget class="qMRMLNodeComboBox" name="selector"/>',
        connection("Panel", "mrmlSceneChanged(vtkMRMLScene*)", "selector", "setMRMLScene(vtkMRMLScene*)"),
    )
    assert not ui.selector.enabled
    ui.Panel.setMRMLScene(gui.scene)
    assert ui.selector.mrmlScene() is gui.scene
    assert ui.selector.enabled


@pytest.mark.parametrize(
    ("widget", "connections", "complaint"),
    [
        ('<widget class="qMRMLInventedWidget" name="w"/>', "", "uses qMRMLInventedWidget"),
        ('<widget class="ctkSearchBox" name="w"/>', "", "uses ctkSearchBox"),
        (
            '<widget class="QPushButton" name="w"><property name="colour"><string>red</string></property></widget>',
            "",
            "sets 'colour' of QPushButton 'w'",
        ),
        (
            '<widget class="qMRMLNodeComboBox" name="w"><property name="types"><string>x</string></property></widget>',
            "",
            "sets 'types' of qMRMLNodeComboBox 'w'",
        ),
        ('<widget class="QPushButton" name="w"/>', connection("w", "pushed()", "Panel", "hide()"), "no signal"),
        ('<widget class="QPushButton" name="w"/>', connection("w", "clicked()", "Panel", "vanish()"), "vanish"),
        ('<widget class="QPushButton" name="w"/>', connection("w", "clicked()", "other", "hide()"), "'other'"),
    ],
)
def test_what_slicer_lacks_is_refused(loadUI, widget, connections, complaint):
    with pytest.raises(ValueError, match=complaint):
        loadUI(widget, connections)


def test_a_missing_file_is_an_error(gui):
    with pytest.raises(RuntimeError, match="file not found"):
        slicer.util.loadUI("/nowhere/Panel.ui")
