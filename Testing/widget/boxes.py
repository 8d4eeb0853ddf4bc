"""What tests of boxes do with the panel as a person would, and what they look for in the scene."""

import numpy as np
import slicer


def drawBox(gui, viewName, start, end):
    """Drag from one corner to the other, given in RAS."""
    view = gui.view(viewName)
    view.drag(view.rasToXY(start), view.rasToXY(end))


def boxNodes():
    """:return: the markups of all boxes."""
    return slicer.util.getNodesByClass("vtkMRMLMarkupsROINode")


def segmentVoxels(panel):
    """:return: the voxels of the panel's segment, as bool (K, J, I)."""
    segmentation = panel.ui.segmentationSelector.currentNode()
    (segmentID,) = panel.ui.segmentsTable.selectedSegmentIDs()
    volume = panel.ui.volumeSelector.currentNode()
    return slicer.util.arrayFromSegmentBinaryLabelmap(segmentation, segmentID, volume) > 0


def shownSlice(gui, viewName):
    """:return: the offset of a view, in mm; the index of the slice in volumes of 1 mm from the origin on."""
    return gui.layoutManager.sliceWidget(viewName).sliceLogic().GetSliceOffset()


def sliceBox(voxels, axis):
    """:return: (slice index, x0, y0, x1, y1) of the voxels of one slice."""
    k, j, i = np.nonzero(voxels)
    depth, row, column = {0: (k, j, i), 1: (j, k, i), 2: (i, k, j)}[axis]
    assert len(set(depth)) == 1, f"voxels on the slices {sorted(set(depth))}"
    return int(depth[0]), int(column.min()), int(row.min()), int(column.max()), int(row.max())
