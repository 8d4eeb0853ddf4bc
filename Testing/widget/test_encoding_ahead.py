"""The server made ready before the first box: started, given the volume, encoding round the viewed slice."""

import dataclasses

import numpy as np
import pytest
import slicer

from MedSAMSegLib.client import encodingRun
from MedSAMSegLib.panel.parts.encodingAhead import NEAR_SLICES
from MedSAMSegLib.server import serverMonitor


@pytest.fixture(autouse=True)
def quickLooks(gui, monkeypatch):
    """Everything that looks now and then looks often."""
    monkeypatch.setattr(serverMonitor, "CHECK_SECONDS", 0.01)
    monkeypatch.setattr(encodingRun, "STATUS_SECONDS", 0.005)
    monkeypatch.setattr("MedSAMSegLib.panel.sections.encodingSection.LOOK_MILLISECONDS", 5)
    monkeypatch.setattr("MedSAMSegLib.panel.sections.serverSection.POLL_MILLISECONDS", 5)


@pytest.fixture
def encoding(gui, server, panel):
    """The panel's request for the slices round the one in the red view."""
    gui.waitUntil(lambda: server.encodings)
    return server.encodings[0]


def shownIndex(gui, viewName):
    """The index of the slice in a view; voxels are 1 mm from the origin on."""
    view = gui.view(viewName)
    return round(view.xyToRAS(*view.center)[{"Red": 2, "Green": 1, "Yellow": 0}[viewName]])


def scroll(gui, viewName, slices):
    logic = gui.layoutManager.sliceWidget(viewName).sliceLogic()
    logic.SetSliceOffset(logic.GetSliceOffset() + slices)


def say(server, done, state="running"):
    """Let the fake server be so far."""
    server.encoding = dataclasses.replace(server.encoding, state=state, done=done)


def lookOften(gui, panel):
    """Let the panel look at everything many times."""
    looks = []
    section = next(each for each in panel.panel._sections if type(each).__name__ == "EncodingSection")
    section._timer.connect("timeout()", lambda: looks.append(1))
    gui.waitUntil(lambda: len(looks) > 10)


def test_chosenVolumeStartsTheServerAndIsSentAndEncodedFromTheViewedSlice(gui, server, encoding):
    assert server.starts == 1
    (upload,) = server.uploads
    assert encoding == {
        "key": upload.key,
        "axis": 0,
        "slice": shownIndex(gui, "Red"),
        "window": encoding["window"],
        "model": None,
    }


def test_withoutAVolumeNothingIsStarted(gui, server, openPanel):
    lookOften(gui, openPanel())
    assert server.starts == 0


def test_progressIsSaidInTheLineOfTheServer(gui, server, panel, encoding):
    say(server, 37)
    gui.waitUntil(lambda: panel.ui.serverStatusLabel.text.endswith("slice 38 of 40"))
    server.encoding = dataclasses.replace(server.encoding, secondsLeft=61.0)
    gui.waitUntil(lambda: panel.ui.serverStatusLabel.text.endswith("slice 38 of 40 (2 min left)"))
    say(server, 40, "done")
    gui.waitUntil(lambda: "slice" not in panel.ui.serverStatusLabel.text)
    lookOften(gui, panel)
    assert len(server.encodings) == 1


def test_userWhoScrollsFarIsFollowed(gui, server, panel, encoding):
    scroll(gui, "Red", NEAR_SLICES + 1)
    gui.waitUntil(lambda: len(server.encodings) == 2)
    assert server.encodings[1] == {**encoding, "slice": shownIndex(gui, "Red")}


def test_userWhoStaysNearIsNot(gui, server, panel, encoding):
    scroll(gui, "Red", NEAR_SLICES - 1)
    lookOften(gui, panel)
    assert len(server.encodings) == 1


@pytest.mark.parametrize(("viewName", "axis"), [("Green", 1), ("Yellow", 2)])
def test_viewThatIsScrolledIsTheOneThatIsFollowed(gui, server, encoding, viewName, axis):
    scroll(gui, viewName, 1)
    gui.waitUntil(lambda: len(server.encodings) == 2)
    assert server.encodings[1] == {**encoding, "axis": axis, "slice": shownIndex(gui, viewName)}


def test_switchedOffItEndsAndTheVolumeIsSentAllTheSame(gui, server, panel, encoding):
    panel.ui.backgroundEncodingCheckBox.click()
    gui.waitUntil(lambda: server.encoding.state == "cancelled")
    gui.waitUntil(lambda: "slice" not in panel.ui.serverStatusLabel.text)
    slicer.util.arrayFromVolume(panel.ui.volumeSelector.currentNode())[:] = 3
    slicer.util.arrayFromVolumeModified(panel.ui.volumeSelector.currentNode())
    gui.waitUntil(lambda: len(server.uploads) == 2)
    assert len(server.encodings) == 1
    panel.ui.backgroundEncodingCheckBox.click()
    gui.waitUntil(lambda: len(server.encodings) == 2)


def test_otherWindowIsEncodedAfresh(gui, server, panel, encoding):
    panel.ui.windowComboBox.currentIndex = 3
    gui.waitUntil(lambda: len(server.encodings) == 2)
    assert server.encodings[1]["window"] != encoding["window"]


def test_editedVoxelsAreSentAndEncodedAfresh(gui, server, volume, encoding):
    slicer.util.arrayFromVolume(volume)[20] = 100
    slicer.util.arrayFromVolumeModified(volume)
    gui.waitUntil(lambda: len(server.encodings) == 2)
    assert server.encodings[1]["key"] == server.uploads[1].key != encoding["key"]


def test_croppedVolumeIsSentAndEncodedAfresh(gui, server, volume, encoding):
    slicer.util.updateVolumeFromArray(volume, np.ones((12, 30, 30), np.int16))
    gui.waitUntil(lambda: len(server.encodings) == 2)
    assert server.encodings[1]["key"] != encoding["key"]


def test_movedVolumeIsTheSameToTheServer(gui, server, panel, volume, encoding):
    volume.SetSpacing(2, 2, 2)
    lookOften(gui, panel)
    assert len(server.uploads) == 1


def test_anotherModuleDoesNotEndIt(gui, server, panel, encoding):
    gui.exitModule()
    lookOften(gui, panel)
    assert server.encoding.state == "running"


def test_closedSceneEndsIt(gui, server, encoding):
    slicer.mrmlScene.Clear(0)
    gui.waitUntil(lambda: server.encoding.state == "cancelled")


def test_newServerGetsTheVolumeAndEncodesIt(gui, server, panel, encoding):
    server.die()
    gui.waitUntil(lambda: len(server.encodings) == 2)
    assert server.starts == 2
    assert [upload.key for upload in server.uploads] == [encoding["key"]] * 2


def test_encodingThatFailsIsNotTriedAgainAndHindersNoBox(gui, server, panel, encoding, dragInRed):
    say(server, 3, "failed")
    gui.waitUntil(lambda: "slice" not in panel.ui.serverStatusLabel.text)
    lookOften(gui, panel)
    assert len(server.encodings) == 1
    panel.ui.drawButton.click()
    dragInRed()
    gui.waitUntil(lambda: panel.ui.statusLabel.text.startswith("Found"))
