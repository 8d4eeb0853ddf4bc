"""The panel as seen: at a large font, with dark and light colors, and by a screen reader."""

import contextlib

import numpy as np
import pytest
from PySide6 import QtCore, QtGui, QtWidgets

from slicerhost import widgetDriver

DARK, LIGHT = 0x35, 0xEF
OWN_ICONS = (
    "addSegmentButton",
    "removeSegmentButton",
    "drawButton",
    "deleteBoxButton",
    "positivePointButton",
    "negativePointButton",
    "clearPointsButton",
    "propagateButton",
    "cancelButton",
    "undoButton",
    "redoButton",
    "segmentEditorButton",
)
#: What users operate or read values from.
OPERATED = ("QPushButton", "QCheckBox", "QComboBox", "QSpinBox", "QProgressBar", "QTableWidget", "qMRMLNodeComboBox")


@pytest.fixture
def fontScale(request):
    """All fonts so many times as large as usual."""
    application = QtWidgets.QApplication.instance()
    usual = application.font()
    larger = QtGui.QFont(usual)
    larger.setPointSizeF(usual.pointSizeF() * request.param)
    application.setFont(larger)
    yield request.param
    application.setFont(usual)


def widgetsOf(panel):
    """Name -> widget, for the widgets of the .ui file."""
    found = {name: widget for name, widget in vars(panel.ui).items() if name and not name.startswith("qt_")}
    return {name: widget for name, widget in found.items() if widget.inherits("QWidget")}


def showEverything(gui, panel, backend, dragInRed):
    """Open all sections, and let a propagation be under way."""
    widgetDriver.click(panel.ui.drawButton)
    dragInRed()
    gui.waitUntil(lambda: panel.ui.statusLabel.text.startswith("Found"))
    widgetDriver.click(panel.ui.advancedButton, 20, 10)
    widgetDriver.click(panel.ui.limitRangeCheckBox)
    gui.processEvents()
    backend.heldAfter = 2
    widgetDriver.click(panel.ui.propagateButton)
    gui.waitUntil(lambda: panel.ui.progressBar.value == 2)


def stop(gui, panel):
    widgetDriver.click(panel.ui.cancelButton)
    gui.waitUntil(lambda: panel.ui.propagateButton.enabled)


def isCutOff(widget):
    """Whether a widget has less room than its text needs; one that was hidden meanwhile needs none."""
    if not widget.isVisible():
        return False
    if widget.inherits("QLabel") and widget.wordWrap:
        return widget.height < widget.heightForWidth(widget.width)
    needed = widget.sizeHint
    return widget.width < needed.width() or widget.height < needed.height()


@pytest.mark.parametrize("fontScale", [1.0, 1.5], indirect=True)
def test_nothingIsCutOff(gui, openMainWindow, fontScale, backend, volume, openPanel, dragInRed):
    openMainWindow()
    panel = openPanel()
    showEverything(gui, panel, backend, dragInRed)
    texts = ("QLabel", "QPushButton", "QCheckBox", "QSpinBox", "QProgressBar")
    shown = [widget for widget in widgetsOf(panel).values() if widget.isVisible() and widget.className() in texts]
    assert len(shown) > 25
    with contextlib.suppress(TimeoutError):
        # Layouts follow new texts a little later.
        gui.waitUntil(lambda: not any(isCutOff(widget) for widget in shown), 2)
    assert [widget.name for widget in shown if isCutOff(widget)] == []
    stop(gui, panel)


def test_everythingExplainsItself(panel):
    operated = [widget for widget in widgetsOf(panel).values() if widget.className() in OPERATED]
    assert len(operated) > 25
    assert [widget.name for widget in operated if not widget.toolTip] == []


def test_everythingHasANameForScreenReaders(panel):
    operated = [widget for widget in widgetsOf(panel).values() if widget.className() in OPERATED]
    assert [widget.name for widget in operated if not (widget.accessibleName or getattr(widget, "text", ""))] == []


@pytest.mark.parametrize("background", [DARK, LIGHT])
def test_iconsStandOutFromTheBackground(panel, background):
    for name in OWN_ICONS:
        icon = getattr(panel.ui, name).icon
        image = icon.pixmap(QtCore.QSize(24, 24)).toImage().convertToFormat(QtGui.QImage.Format.Format_RGBA8888)
        pixels = np.frombuffer(image.constBits(), np.uint8).reshape(image.height(), image.width(), 4).astype(int)
        drawn = pixels[pixels[..., 3] > 200][:, :3]
        assert len(drawn) > 15, name
        # The largest difference of a color channel: colored icons may be as bright as the background.
        assert np.median(np.abs(drawn - background).max(axis=1)) > 60, name


def test_sentencesOfTwoLinesMoveNothing(gui, openMainWindow, volume, openPanel):
    openMainWindow()
    panel = openPanel()
    before = panel.ui.drawButton.mapToGlobal(QtCore.QPoint(0, 0)).y()
    widgetDriver.click(panel.ui.drawButton)
    gui.processEvents()
    assert len(panel.ui.statusLabel.text) > 70
    assert panel.ui.drawButton.mapToGlobal(QtCore.QPoint(0, 0)).y() == before


def test_advancedIsClosedAtFirst(gui, panel):
    assert panel.ui.advancedButton.collapsed
    assert not panel.ui.modelComboBox.isVisible()
    widgetDriver.click(panel.ui.advancedButton, 20, 10)
    assert panel.ui.modelComboBox.isVisible()


def test_nothingOfAClosedGroupIsShown(gui, panel):
    gui.processEvents()
    assert not panel.ui.improveButton.isVisible()


@pytest.mark.parametrize("width", [360, 420, 520])
def test_lineOfTheServerHasTheHeightOfItsText(gui, panel, width):
    label = panel.ui.serverStatusLabel
    window = panel.parent.window()
    window.resize(width, 900)
    panel.ui.recoverServerButton.visible = True
    for sentence in ("Not installed; see Installation.", "Not installed;\nsee Installation."):
        label.text = sentence
        gui.processEvents()
        assert label.width > 0
        assert label.height >= label.heightForWidth(label.width), (sentence, label.width)
