"""The segments in 3D: shown and hidden by a button, and following what is segmented."""

import pytest

from slicerhost import widgetDriver

pytestmark = pytest.mark.usefixtures("onePanel")


@pytest.fixture
def boxed(gui, panel, volume, dragInRed):
    """The panel after one box in the red view."""
    panel.ui.drawButton.click()
    dragInRed()
    gui.waitUntil(lambda: panel.ui.statusLabel.text.startswith("Found"))
    return panel


def surfacePoints(panel):
    """:return: number of points of the segment's surface."""
    segmentation = panel.ui.segmentationSelector.currentNode()
    (segmentID,) = panel.ui.segmentsTable.selectedSegmentIDs()
    polyData = segmentation.GetClosedSurfaceInternalRepresentation(segmentID)
    return polyData.GetNumberOfPoints() if polyData is not None else 0


def test_buttonShowsAndHidesTheSurface(gui, boxed):
    assert surfacePoints(boxed) == 0
    before = gui.view("1").pixels()
    widgetDriver.click(boxed.ui.show3DButton)
    gui.processEvents()
    assert boxed.ui.show3DButton.checked
    assert surfacePoints(boxed) > 0
    assert (gui.view("1").pixels() != before).any()
    widgetDriver.click(boxed.ui.show3DButton)
    assert not boxed.ui.show3DButton.checked
    assert surfacePoints(boxed) == 0


def test_surfaceFollowsAPropagation(gui, boxed):
    widgetDriver.click(boxed.ui.show3DButton)
    before = surfacePoints(boxed)
    boxed.ui.propagateButton.click()
    gui.waitUntil(lambda: boxed.ui.propagateButton.enabled)
    assert surfacePoints(boxed) > before


def test_surfacesThatOthersMakeAreNoticed(gui, boxed):
    boxed.ui.segmentationSelector.currentNode().CreateClosedSurfaceRepresentation()
    gui.waitUntil(lambda: boxed.ui.show3DButton.checked)


def test_nothingToShowWithoutASegmentation(panel):
    assert not panel.ui.show3DButton.enabled
