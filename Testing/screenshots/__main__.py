"""The README's pictures of the panel, made by the real program on the sample CT in the host with windows.

Writes to ``Resources/Screenshots``.
"""

from pathlib import Path

import slicer
import vtk

from MedSAMSegLib.backendProcess import BackendProcess
from slicerhost.guiHost import GuiHost

ROOT = Path(__file__).resolve().parents[2]
SAMPLE = ROOT / "MedSAMSeg" / "Resources" / "SampleData" / "RiderChestCT.nrrd"
PICTURES = ROOT / "Resources" / "Screenshots"

#: Two opposite corners of the box round the tumor, in voxels (i, j, k).
CORNERS = ((54, 160, 24), (101, 204, 24))
SERVER_TIMEOUT_SECONDS = 120


def main():
    """Draw a box, propagate, and take a picture of each state."""
    gui = GuiHost.shared()
    window = gui.openMainWindow()
    volume = showSample()
    panel = gui.openModule(ROOT / "MedSAMSeg" / "MedSAMSeg.py")
    red = gui.view("Red")
    IJKToRAS = vtk.vtkMatrix4x4()
    volume.GetIJKToRASMatrix(IJKToRAS)
    corners = [IJKToRAS.MultiplyPoint((*corner, 1))[:3] for corner in CORNERS]
    slicer.vtkMRMLSliceNode.JumpAllSlices(
        slicer.mrmlScene,
        *((a + b) / 2 for a, b in zip(*corners, strict=True)),
        slicer.vtkMRMLSliceNode.DefaultJumpSlice,
    )
    panel.ui.windowComboBox.setCurrentText("lung")
    panel.ui.drawButton.click()

    start, end = (red.rasToXY(corner) for corner in corners)
    red.moveTo(*start)
    red.press()
    red.moveTo(*end)
    takePicture(gui, window, "box.png")
    red.release()
    gui.waitUntil(
        lambda: panel.ui.propagateButton.enabled and panel.ui.statusLabel.text.startswith("Found"),
        SERVER_TIMEOUT_SECONDS,
    )
    panel.ui.drawButton.click()
    giveFixedColor(panel.ui.segmentationSelector.currentNode())

    panel.ui.propagateButton.click()
    gui.waitUntil(lambda: panel.ui.propagateButton.enabled, SERVER_TIMEOUT_SECONDS)
    panel.ui.segmentationSelector.currentNode().CreateClosedSurfaceRepresentation()
    gui.layoutManager.threeDWidget(0).threeDView().resetFocalPoint()
    takePicture(gui, window, "result.png")
    BackendProcess.shared().stop()


def showSample():
    """Return the sample CT's volume node, shown in all slice views with a window for lungs."""
    volume = slicer.util.loadVolume(str(SAMPLE))
    slicer.util.setSliceViewerLayers(background=volume, fit=True)
    volume.GetDisplayNode().SetAutoWindowLevel(False)
    volume.GetDisplayNode().SetWindowLevel(1500, -600)
    return volume


def giveFixedColor(segmentation):
    """Give the segment and its box a color that is the same in every run; the host has no color table for segments.

    :param segmentation: the segmentation node.
    """
    color = (0.9, 0.45, 0.25)
    segmentation.GetSegmentation().GetNthSegment(0).SetColor(*color)
    for roi in slicer.util.getNodesByClass("vtkMRMLMarkupsROINode"):
        roi.GetDisplayNode().SetSelectedColor(*color)


def takePicture(gui, window, name):
    """Write what the window shows now.

    :param gui: the host.
    :param window: the main window.
    :param name: the file's name.
    """
    gui.processEvents()
    window.grab().save(str(PICTURES / name))
    print(f"Written: {PICTURES / name}")


if __name__ == "__main__":
    main()
