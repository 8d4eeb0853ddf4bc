"""The walk of `make check-install`: install, draw a box, look at the tumor, remove everything.

Usage: python walkThrough.py FOLDER_OF_INSTALLED_MODULES FOLDER_FOR_PICTURES
"""

import os
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import slicer

from slicerhost import widgetDriver
from slicerhost.guiHost import GuiHost

INSTALL_SECONDS = 1800
ANSWER_SECONDS = 600
#: The box of the README: two corners in voxels of slice 24.
SLICE, CORNERS = 24, ((54, 160), (101, 204))
WINDOW = (1500, 950)


def main(modules, pictures):
    """Do what a user does, and print what came of it."""
    gui = GuiHost.shared()
    window = gui.openMainWindow()
    window.resize(*WINDOW)
    sample = modules / "Resources" / "SampleData"
    volume = slicer.util.loadVolume(str(sample / "RiderChestCT.nrrd"))
    slicer.util.setSliceViewerLayers(background=volume, fit=True)
    ui = gui.openModule(modules / "MedSAMSeg.py").ui

    def picture(name):
        gui.processEvents()
        window.grab().save(str(pictures / f"{name}.png"))

    def say(sentence):
        print(f"{time.monotonic() - start:6.1f} s  {sentence}", flush=True)

    start = time.monotonic()
    assert ui.installButton.visible
    say(ui.installLabel.text)
    picture("1 missing")
    widgetDriver.click(ui.installButton)
    gui.waitUntil(lambda: ui.installProgressBar.value > 200 or not ui.cancelInstallButton.visible, INSTALL_SECONDS)
    picture("2 installing")
    gui.waitUntil(lambda: not ui.cancelInstallButton.visible, INSTALL_SECONDS)
    say(ui.statusLabel.text)
    gui.waitUntil(lambda: not ui.installationButton.visible, ANSWER_SECONDS)
    picture("3 installed")

    red = gui.view("Red")
    IJKToRAS = slicer.util.arrayFromVTKMatrix(_matrix(volume))
    corners = [(IJKToRAS @ [x, y, SLICE, 1.0])[:3] for x, y in CORNERS]
    slicer.mrmlScene.GetNodeByID("vtkMRMLSliceNodeRed").JumpSliceByCentering(*corners[0])
    slicer.util.resetSliceViews()
    slicer.mrmlScene.GetNodeByID("vtkMRMLSliceNodeRed").SetSliceOffset(corners[0][2])
    gui.processEvents()
    widgetDriver.click(ui.drawButton)
    red.drag(red.rasToXY(corners[0]), red.rasToXY(corners[1]))
    gui.waitUntil(lambda: "Found" in ui.statusLabel.text, ANSWER_SECONDS)
    say(ui.statusLabel.text)
    picture("4 first box")
    say(f"Dice on slice {SLICE}: {_dice(volume, sample):.3f}")

    ui.advancedButton.collapsed = False
    widgetDriver.click(ui.manageInstallationButton)
    for button in (ui.removeWeightsButton, ui.uninstallButton):
        gui.waitUntil(lambda button=button: button.visible, ANSWER_SECONDS)
        widgetDriver.click(button)
        gui.waitUntil(lambda: not ui.cancelInstallButton.visible, ANSWER_SECONDS)
        say(ui.statusLabel.text)
    picture("5 removed")
    left = [path for path in Path(os.environ["MEDSAMSEG_HOME"]).rglob("*") if path.is_file()]
    say(f"left behind: {sorted(path.name for path in left)}")
    gui.closeModules()


def _matrix(volume):
    import vtk

    matrix = vtk.vtkMatrix4x4()
    volume.GetIJKToRASMatrix(matrix)
    return matrix


def _dice(volume, sample):
    outline = slicer.util.loadLabelVolume(str(sample / "RiderChestCTTumour.nrrd"), {"show": False})
    (segmentation,) = slicer.util.getNodesByClass("vtkMRMLSegmentationNode")
    segment = segmentation.GetSegmentation().GetNthSegmentID(0)
    found = slicer.util.arrayFromSegmentBinaryLabelmap(segmentation, segment, volume)[SLICE] > 0
    right = slicer.util.arrayFromVolume(outline)[SLICE] > 0
    return 2 * (found & right).sum() / (found.sum() + right.sum())


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
