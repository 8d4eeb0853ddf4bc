"""One tool at most has the mouse in the slice views, whichever button, key or section takes it up."""

import itertools

import pytest
import slicer

pytestmark = pytest.mark.usefixtures("onePanel")

BUTTONS = ("drawButton", "positivePointButton", "negativePointButton")


@pytest.fixture
def tools(gui, panel, volume):
    """The three tools' buttons by name, all usable: there is a box in the middle of the red view."""
    panel.ui.drawButton.click()
    drag(gui)
    panel.ui.drawButton.click()
    gui.waitUntil(lambda: panel.ui.positivePointButton.enabled)
    return {name: getattr(panel.ui, name) for name in BUTTONS}


def drag(gui):
    x, y = gui.view("Red").center
    gui.view("Red").drag((x - 60, y - 60), (x + 60, y + 60))


def asked(server):
    """:return: number of boxes that were drawn, and of points that were clicked."""
    boxes = len(slicer.util.getNodesByClass("vtkMRMLMarkupsROINode"))
    return boxes, sum(len(points) for request in server.requests[-1:] for points in request.get("points", []))


@pytest.mark.parametrize(("first", "second"), list(itertools.permutations(BUTTONS, 2)))
def test_takingUpAToolPutsTheOtherAway(gui, server, tools, first, second):
    tools[first].click()
    tools[second].click()
    assert [name for name in BUTTONS if tools[name].checked] == [second]
    (boxes, points), isBox = asked(server), second == "drawButton"
    x, y = gui.view("Red").center
    if isBox:
        gui.view("Red").drag((x - 30, y - 30), (x + 30, y + 30))
    else:
        gui.view("Red").click(x + 5, y + 5)
    expected = (boxes + 1, 0) if isBox else (boxes, points + 1)
    gui.waitUntil(lambda: asked(server) == expected)


@pytest.mark.parametrize("name", BUTTONS)
def test_toolIsPutAwayByItsButtonAndWithItsModule(gui, server, tools, name):
    before, count = asked(server), len(server.requests)
    for putAway in (tools[name].click, gui.exitModule):
        tools[name].click()
        assert tools[name].checked
        putAway()
        assert not tools[name].checked
        drag(gui)
        gui.view("Red").click(*gui.view("Red").center)
        gui.processEvents()
        assert (asked(server), len(server.requests)) == (before, count)


def test_newLesionTakesTheToolThatItNeeds(panel, tools):
    tools["positivePointButton"].click()
    panel.ui.newLesionButton.click()
    assert [name for name in BUTTONS if tools[name].checked] == ["drawButton"]
    assert panel.ui.statusLabel.text.startswith("Press the left button")


@pytest.mark.parametrize("name", BUTTONS)
def test_toolThatCannotBeUsedAnyMoreIsPutAway(gui, panel, volume, tools, name):
    tools[name].click()
    slicer.mrmlScene.RemoveNode(volume)
    gui.waitUntil(lambda: not tools[name].enabled)
    assert not tools[name].checked
