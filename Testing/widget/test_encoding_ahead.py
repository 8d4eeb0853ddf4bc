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
def encoding(gui, backend, panel):
    """The panel's request for the slices round the one in the red view."""
    gui.waitUntil(lambda: backend.encodings)
    return backend.encodings[0]


def shownIndex(gui, viewName):
    """The index of the slice in a view; voxels are 1 mm from the origin on."""
    view = gui.view(viewName)
    return round(view.xyToRAS(*view.center)[{"Red": 2, "Green": 1, "Yellow": 0}[viewName]])


def scroll(gui, viewName, slices):
    logic = gui.layoutManager.sliceWidget(viewName).sliceLogic()
    logic.SetSliceOffset(logic.GetSliceOffset() + slices)


def say(backend, done, state="running"):
    """Let the fake server be so far."""
    backend.encoding = dataclasses.replace(backend.encoding, state=state, done=done)


def lookOften(gui, panel):
    """Let the panel look at everything many times."""
    looks = []
    section = next(each for each in panel.panel._sections if type(each).__name__ == "EncodingSection")
    section._timer.connect("timeout()", lambda: looks.append(1))
    gui.waitUntil(lambda: len(looks) > 10)


def test_chosenVolumeStartsTheServerAndIsSentAndEncodedFromTheViewedSlice(gui, backend, encoding):
    assert backend.starts == 1
    (upload,) = backend.uploads
    assert encoding == {
        "key": upload.key,
        "axis": 0,
        "slice": shownIndex(gui, "Red"),
        "window": encoding["window"],
        "model": None,
    }


def test_withoutAVolumeNothingIsStarted(gui, backend, openPanel):
    lookOften(gui, openPanel())
    assert backend.starts == 0


def test_progressIsSaidInTheLineOfTheServer(gui, backend, panel, encoding):
    say(backend, 37)
    gui.waitUntil(lambda: panel.ui.serverStatusLabel.text.endswith("slice 38 of 40"))
    backend.encoding = dataclasses.replace(backend.encoding, secondsLeft=61.0)
    gui.waitUntil(lambda: panel.ui.serverStatusLabel.text.endswith("slice 38 of 40 (2 min left)"))
    say(backend, 40, "done")
    gui.waitUntil(lambda: "slice" not in panel.ui.serverStatusLabel.text)
    lookOften(gui, panel)
    assert len(backend.encodings) == 1


def test_userWhoScrollsFarIsFollowed(gui, backend, panel, encoding):
    scroll(gui, "Red", NEAR_SLICES + 1)
    gui.waitUntil(lambda: len(backend.encodings) == 2)
    assert backend.encodings[1] == {**encoding, "slice": shownIndex(gui, "Red")}


def test_userWhoStaysNearIsNot(gui, backend, panel, encoding):
    scroll(gui, "Red", NEAR_SLICES - 1)
    lookOften(gui, panel)
    assert len(backend.encodings) == 1


@pytest.mark.parametrize(("viewName", "axis"), [("Green", 1), ("Yellow", 2)])
def test_viewThatIsScrolledIsTheOneThatIsFollowed(gui, backend, encoding, viewName, axis):
    scroll(gui, viewName, 1)
    gui.waitUntil(lambda: len(backend.encodings) == 2)
    assert backend.encodings[1] == {**encoding, "axis": axis, "slice": shownIndex(gui, viewName)}


def test_switchedOffItEndsAndTheVolumeIsSentAllTheSame(gui, backend, panel, encoding):
    panel.ui.backgroundEncodingCheckBox.click()
    gui.waitUntil(lambda: backend.encoding.state == "cancelled")
    gui.waitUntil(lambda: "slice" not in panel.ui.serverStatusLabel.text)
    slicer.util.arrayFromVolume(panel.ui.volumeSelector.currentNode())[:] = 3
    slicer.util.arrayFromVolumeModified(panel.ui.volumeSelector.currentNode())
    gui.waitUntil(lambda: len(backend.uploads) == 2)
    assert len(backend.encodings) == 1
    panel.ui.backgroundEncodingCheckBox.click()
    gui.waitUntil(lambda: len(backend.encodings) == 2)


def test_otherWindowIsEncodedAfresh(gui, backend, panel, encoding):
    panel.ui.windowComboBox.currentIndex = 3
    gui.waitUntil(lambda: len(backend.encodings) == 2)
    assert backend.encodings[1]["window"] != encoding["window"]


def test_editedVoxelsAreSentAndEncodedAfresh(gui, backend, volume, encoding):
    slicer.util.arrayFromVolume(volume)[20] = 100
    slicer.util.arrayFromVolumeModified(volume)
    gui.waitUntil(lambda: len(backend.encodings) == 2)
    assert backend.encodings[1]["key"] == backend.uploads[1].key != encoding["key"]


def test_croppedVolumeIsSentAndEncodedAfresh(gui, backend, volume, encoding):
    slicer.util.updateVolumeFromArray(volume, np.ones((12, 30, 30), np.int16))
    gui.waitUntil(lambda: len(backend.encodings) == 2)
    assert backend.encodings[1]["key"] != encoding["key"]


def test_movedVolumeIsTheSameToTheServer(gui, backend, panel, volume, encoding):
    volume.SetSpacing(2, 2, 2)
    lookOften(gui, panel)
    assert len(backend.uploads) == 1


def test_anotherModuleDoesNotEndIt(gui, backend, panel, encoding):
    gui.exitModule()
    lookOften(gui, panel)
    assert backend.encoding.state == "running"


def test_closedSceneEndsIt(gui, backend, encoding):
    slicer.mrmlScene.Clear(0)
    gui.waitUntil(lambda: backend.encoding.state == "cancelled")


def test_newServerGetsTheVolumeAndEncodesIt(gui, backend, panel, encoding):
    backend.die()
    gui.waitUntil(lambda: len(backend.encodings) == 2)
    assert backend.starts == 2
    assert [upload.key for upload in backend.uploads] == [encoding["key"]] * 2


def test_encodingThatFailsIsNotTriedAgainAndHindersNoBox(gui, backend, panel, encoding, dragInRed):
    say(backend, 3, "failed")
    gui.waitUntil(lambda: "slice" not in panel.ui.serverStatusLabel.text)
    lookOften(gui, panel)
    assert len(backend.encodings) == 1
    panel.ui.drawButton.click()
    dragInRed()
    gui.waitUntil(lambda: panel.ui.statusLabel.text.startswith("Found"))
