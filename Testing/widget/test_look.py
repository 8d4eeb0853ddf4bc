"""The panel as seen: at a large font, with dark and light colors, and by a screen reader."""

import contextlib

import numpy as np
import pytest
from panelWidgets import isCutOff, widgetsOf
from PySide6 import QtCore, QtGui, QtWidgets

from MedSAMSegLib.errors import UserError
from MedSAMSegLib.server.serverMonitor import ServerMonitor
from MedSAMSegLib.server.serverState import ServerState
from slicerhost import widgetDriver

pytestmark = pytest.mark.usefixtures("onePanel")

DARK, LIGHT = 0x35, 0xEF
OWN_ICONS = (
    "addSegmentButton",
    "removeSegmentButton",
    "drawButton",
    "deleteBoxButton",
    "positivePointButton",
    "negativePointButton",
    "notThisButton",
    "clearPointsButton",
    "propagateButton",
    "cancelButton",
    "undoButton",
    "redoButton",
    "segmentEditorButton",
)
#: What users operate or read values from.
OPERATED = (
    *("QPushButton", "QCheckBox", "QComboBox", "QSlider", "QSpinBox", "QDoubleSpinBox"),
    *("QProgressBar", "QTableWidget", "qMRMLNodeComboBox"),
)


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


def showEverything(gui, panel, server, dragInRed):
    """Open all sections, and let a propagation be under way."""
    widgetDriver.click(panel.ui.drawButton)
    dragInRed()
    gui.waitUntil(lambda: panel.ui.statusLabel.text.startswith("Found"))
    widgetDriver.click(panel.ui.advancedButton, 20, 10)
    widgetDriver.click(panel.ui.limitRangeCheckBox)
    gui.processEvents()
    server.heldAfter = 2
    widgetDriver.click(panel.ui.propagateButton)
    gui.waitUntil(lambda: panel.ui.progressBar.value == 2)


def stop(gui, panel):
    widgetDriver.click(panel.ui.cancelButton)
    gui.waitUntil(lambda: panel.ui.propagateButton.enabled)


@pytest.mark.parametrize("fontScale", [1.0, 1.5], indirect=True)
def test_nothingIsCutOff(gui, openMainWindow, fontScale, server, volume, openPanel, dragInRed):
    openMainWindow()
    panel = openPanel()
    showEverything(gui, panel, server, dragInRed)
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


def test_nothingOfAClosedGroupIsShown(ownPanel, gui, panel):
    gui.processEvents()
    assert not panel.ui.improveButton.isVisible()


WORST = "C:\\\\Users\\\\a.very.long-name_of_somebody\\\\AppData\\\\Local\\\\Temp\\\\Slicer\\\\MedSAMSegServer.log"

#: What the server's line may have to say: short, and the longest of each kind.
STATES = [
    ServerState("off"),
    ServerState("starting", "hung"),
    ServerState("busy", model="MedSAM ViT-B", device="cuda:0", done=107, total=1024, secondsLeft=3599.0),
    ServerState("error", "dies again"),
    ServerState("error", "no weights", model="MedSAM ViT-B"),
    ServerState("error", error=UserError("", "", "server_missing")),
    ServerState(
        "error",
        error=UserError(
            "Images would travel to http://workstation-17.radiology.university-hospital.example.org:41713 readable for"
            " everyone on the way.",
            "Use https:// or an SSH tunnel, or allow it without encryption.",
        ),
    ),
    ServerState(
        "error",
        error=UserError(
            "The MedSAMSeg server ended while it was starting. Its last words: OSError: [WinError 1455] The paging file"
            " is too small for this operation to complete. Error loading torch_cuda_linalg.dll or one of its"
            " dependencies.",
            f"Its whole log is in {WORST}.",
        ),
    ),
]


@pytest.mark.parametrize("width", [360, 420, 520])
@pytest.mark.parametrize("hasButton", [True, False])
def test_whatTheServerSaysIsReadable(gui, openMainWindow, openPanel, width, hasButton, monkeypatch):
    from MedSAMSegLib.panel.sections.serverMessages import messageOn

    openMainWindow()
    panel = openPanel()
    area = panel.parent.parent().parent()
    area.setFixedWidth(width)
    gui.processEvents()
    label, panelWidth = panel.ui.serverStatusLabel, panel.parent.minimumSizeHint.width()
    for state in [*STATES, STATES[0]]:
        monkeypatch.setattr(ServerMonitor, "poll", lambda _monitor, state=state: state)
        gui.waitUntil(lambda state=state: shownText(label) == messageOn(state))
        panel.ui.recoverServerButton.visible = hasButton
        with contextlib.suppress(TimeoutError):
            # Layouts follow new texts a little later.
            gui.waitUntil(lambda: not isCutOff(label), 2)
        assert not isCutOff(label), shownText(label)
        assert widestWord(label) <= label.width, shownText(label)
        # Slicer makes the panel as wide as it asks to be.
        assert panel.parent.minimumSizeHint.width() == panelWidth, shownText(label)


def test_spareRoomIsBelowThePanelAndNotInIt(gui, openMainWindow, openPanel):
    openMainWindow()
    panel = openPanel()
    area = panel.parent.parent().parent()
    area.setFixedSize(420, 2000)
    gui.waitUntil(lambda: panel.parent.height > 1900)
    label = panel.ui.serverStatusLabel
    gui.waitUntil(lambda: label.height <= label.heightForWidth(label.width) + label.fontMetrics().lineSpacing())


@pytest.mark.parametrize(
    ("state", "sentence"),
    [
        (ServerState("ready", model="LiteMedSAM", device="auto"), "Ready: LiteMedSAM"),
        (ServerState("ready", model="LiteMedSAM", device="cpu"), "Ready: LiteMedSAM on the processor"),
        (
            ServerState("busy", model="M", device="cuda:0", total=9),
            "Ready: M on the graphics card, preparing slice 1 of 9",
        ),
        (ServerState("busy", model="M", device="auto", done=9, total=9), "Ready: M, preparing slice 9 of 9"),
    ],
)
def test_wordsOnTheServer(gui, state, sentence):
    from MedSAMSegLib.panel.sections.serverMessages import messageOn

    assert messageOn(state) == sentence


def shownText(label):
    return label.text.replace("\u200b", "")


def widestWord(label):
    words = label.text.replace("\u200b", " ").split(" ")
    return max(label.fontMetrics().horizontalAdvance(word) for word in words)


@pytest.mark.parametrize("name", ["statusLabel", "installLabel", "sliceLabel", "improveLabel"])
def test_longWordsDoNotWidenThePanel(gui, panel, name):
    for group in (panel.ui.installationButton, panel.ui.reviewButton, panel.ui.advancedButton):
        group.visible, group.collapsed = True, False
    label = getattr(panel.ui, name)
    gui.processEvents()
    before = panel.parent.minimumSizeHint.width()
    label.text = "x" * 120
    gui.processEvents()
    assert panel.parent.minimumSizeHint.width() == before
