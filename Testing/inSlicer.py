"""The main line in a running Slicer, with nothing but public functions; the same file runs in the tests' host.

Usage: Slicer --no-splash --python-script Testing/inSlicer.py

Opens the module, runs its self-test, installs the server where there is none, draws a box by mouse events, propagates,
undoes, saves, loads again, and ends Slicer: status 0 when all went well. Pictures and a report go into the folder named
by the environment variable MEDSAMSEG_PICTURES (in its absence "inSlicer").
"""

import importlib
import os
import time
import traceback
from pathlib import Path

import slicer
import vtk

FOLDER = Path(os.environ.get("MEDSAMSEG_PICTURES", "inSlicer")).resolve()
INSTALL_SECONDS = 3000
ANSWER_SECONDS = 900

#: Round the tumor of the sample CT: two corners in voxels (i, j) of slice k.
SLICE, CORNERS = 24, ((54, 160), (101, 204))
DICE = 0.85


class Check:
    """What a user does, step by step."""

    def __init__(self):
        self._start = time.monotonic()
        self._report = (FOLDER / "report.txt").open("w", encoding="utf-8")
        slicer.util.selectModule("MedSAMSeg")
        self.ui = slicer.util.getModuleWidget("MedSAMSeg").ui
        self.module = importlib.import_module("MedSAMSeg")
        self.sample = Path(self.module.__file__).parent / "Resources" / "SampleData"

    def run(self):
        """Do everything; an exception means that something was not as it should be."""
        self.say(f"Slicer {slicer.app.applicationVersion}, panel: {self.ui.statusLabel.text}")
        self.picture("1 opened")
        self.install()
        test = self.module.MedSAMSegTest()
        test.runTest()
        # Once more by itself: the self-test as a whole goes without a server where there is none.
        test.setUp()
        test.test_boxBecomesTumor()
        self.say("The self-test passed.")
        slicer.mrmlScene.Clear()
        self.load()
        self.drawBox()
        boxed = self.voxels()
        self.propagate()
        followed = self.voxels()
        require(set(boxed) < set(followed), f"the propagation went from slices {list(boxed)} to {list(followed)}")
        self.undoAndRedo(boxed, followed)
        self.saveAndLoad(followed)

    def install(self):
        """Install packages and weights, unless a server is there."""
        if not self.ui.installButton.visible:
            self.say("A server is there already.")
            return
        self.say(self.ui.installLabel.text)
        self.ui.installButton.click()
        self.waitUntil(lambda: not self.ui.cancelInstallButton.visible, INSTALL_SECONDS, "end of the installation")
        self.say(self.ui.statusLabel.text)
        self.waitUntil(lambda: not self.ui.installationButton.visible, ANSWER_SECONDS, "installed server")
        self.picture("2 installed")

    def load(self):
        """Show the sample CT on the slice with the box."""
        self.volume = slicer.util.loadVolume(str(self.sample / "RiderChestCT.nrrd"))
        slicer.util.setSliceViewerLayers(background=self.volume, fit=True)
        ijkToRAS = vtk.vtkMatrix4x4()
        self.volume.GetIJKToRASMatrix(ijkToRAS)
        self.corners = [ijkToRAS.MultiplyPoint((i, j, SLICE, 1))[:3] for i, j in CORNERS]
        slicer.mrmlScene.GetNodeByID("vtkMRMLSliceNodeRed").SetSliceOffset(self.corners[0][2])
        slicer.app.processEvents()

    def drawBox(self):
        """Draw in the red view, by the events of its interactor."""
        require(self.ui.drawButton.enabled, "a box can be drawn")
        self.ui.drawButton.click()
        slicer.app.processEvents()
        view = slicer.app.layoutManager().sliceWidget("Red").sliceView()
        start, end = (displayPosition(view, corner) for corner in self.corners)
        send(view, "MouseMoveEvent", start)
        send(view, "LeftButtonPressEvent", start)
        for step in range(1, 9):
            send(view, "MouseMoveEvent", [a + (b - a) * step / 8 for a, b in zip(start, end, strict=True)])
        send(view, "LeftButtonReleaseEvent", end)
        self.waitUntil(lambda: "Found" in self.ui.statusLabel.text, ANSWER_SECONDS, "the box's answer")
        self.say(self.ui.statusLabel.text)
        self.picture("3 box")
        dice = self.dice()
        self.say(f"Dice on slice {SLICE}: {dice:.3f}")
        require(dice > DICE, f"a Dice above {DICE}")

    def propagate(self):
        """Follow the tumor through the volume."""
        self.ui.propagateButton.click()
        self.waitUntil(lambda: self.ui.cancelButton.enabled, ANSWER_SECONDS, "start of the propagation")
        self.waitUntil(lambda: self.ui.propagateButton.enabled, ANSWER_SECONDS, "end of the propagation")
        self.say(self.ui.statusLabel.text)
        self.picture("4 propagated")

    def undoAndRedo(self, boxed, followed):
        """The propagation is one step."""
        for button, expected in ((self.ui.undoButton, boxed), (self.ui.redoButton, followed)):
            require(button.enabled, "undo and redo can be clicked")
            button.click()
            self.waitUntil(lambda expected=expected: self.voxels() == expected, ANSWER_SECONDS, "undo or redo")
        self.say("Undone and redone.")

    def saveAndLoad(self, followed):
        """The scene, loaded again, has the same voxels and the box."""
        path = FOLDER / "scene.mrb"
        require(slicer.util.saveScene(str(path)), "the scene can be saved")
        slicer.mrmlScene.Clear()
        slicer.app.processEvents()
        # Raises when it cannot be loaded; what it returns differs between versions.
        slicer.util.loadScene(str(path))
        (self.volume,) = slicer.util.getNodesByClass("vtkMRMLScalarVolumeNode")
        require(self.voxels() == followed, "the loaded scene has the same voxels")
        require(len(slicer.util.getNodesByClass("vtkMRMLMarkupsROINode")) == 1, "the loaded scene has one box")
        path.unlink()
        self.say("Saved and loaded.")
        self.picture("5 loaded")

    def voxels(self):
        """:return: {slice: number of voxels} of the only segment."""
        counts = self._labels().sum(axis=(1, 2))
        return {index: int(count) for index, count in enumerate(counts) if count}

    def dice(self):
        """:return: overlap with the radiologist's outline on the box's slice."""
        outline = slicer.util.loadLabelVolume(str(self.sample / "RiderChestCTTumour.nrrd"), {"show": False})
        expected = slicer.util.arrayFromVolume(outline)[SLICE] > 0
        slicer.mrmlScene.RemoveNode(outline)
        found = self._labels()[SLICE]
        return 2 * (found & expected).sum() / (found.sum() + expected.sum())

    def _labels(self):
        (segmentation,) = slicer.util.getNodesByClass("vtkMRMLSegmentationNode")
        segment = segmentation.GetSegmentation().GetNthSegmentID(0)
        return slicer.util.arrayFromSegmentBinaryLabelmap(segmentation, segment, self.volume) > 0

    def waitUntil(self, condition, seconds, what):
        """Let Slicer work until something is so.

        :param what: for the message when it takes too long.
        """
        end = time.monotonic() + seconds
        while not condition():
            require(time.monotonic() < end, f"{what} within {seconds} s; the panel says '{self.ui.statusLabel.text}'")
            slicer.app.processEvents()
            time.sleep(0.005)

    def picture(self, name):
        """Write what the window shows."""
        slicer.app.processEvents()
        slicer.util.mainWindow().grab().save(str(FOLDER / f"{name}.png"))

    def say(self, sentence):
        """Print a sentence, and keep it."""
        line = f"{time.monotonic() - self._start:6.1f} s  {sentence}"
        print(line, flush=True)
        self._report.write(line + "\n")
        self._report.flush()


def displayPosition(view, ras):
    """:return: where a slice view shows a point: device pixels from the bottom left."""
    rasToXY = vtk.vtkMatrix4x4()
    vtk.vtkMatrix4x4.Invert(view.mrmlSliceNode().GetXYToRAS(), rasToXY)
    return rasToXY.MultiplyPoint((*ras, 1))[:2]


def send(view, event, position):
    """Let a view have an event of the mouse."""
    interactor = view.interactor()
    interactor.SetEventInformation(round(position[0]), round(position[1]), 0, 0)
    interactor.InvokeEvent(event)
    slicer.app.processEvents()


def require(condition, what):
    """Fail where something is not so."""
    if not condition:
        raise AssertionError(f"Expected: {what}")


def main():
    """Run the check, and end Slicer with its status."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    status = slicer.util.EXIT_SUCCESS
    try:
        Check().run()
    except Exception:
        status = slicer.util.EXIT_FAILURE
        (FOLDER / "failure.txt").write_text(traceback.format_exc(), encoding="utf-8")
        traceback.print_exc()
        slicer.util.mainWindow().grab().save(str(FOLDER / "failure.png"))
    slicer.util.exit(status)


main()
