"""The first box: what to do next, from an empty scene to a checked segment, for who opens the panel the first time."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import slicer
from slicer.i18n import tr as _

from MedSAMSegLib.panel.frame.panelSection import PanelSection
from MedSAMSegLib.sampleData import loadSample
from MedSAMSegLib.slices.sliceRecord import FOLLOWED
from MedSAMSegLib.slices.sliceRecords import SliceRecords
from MedSAMSegLib.volumes.obliqueStack import recordsAxis

if TYPE_CHECKING:
    from MedSAMSegLib.panel.frame.panelSession import PanelSession

#: The user's setting that says that the steps have been gone through, or are not wanted.
SEEN_SETTING = "MedSAMSeg/guidedFirstBoxSeen"

LOAD, DRAW, PROPAGATE, CHECK, DONE = range(5)

#: Step -> the buttons that it is about. They belong to other sections; only how they look is changed here.
BUTTONS = {
    LOAD: ("loadSampleButton",),
    DRAW: ("drawButton",),
    PROPAGATE: ("propagateButton",),
    CHECK: ("worstSliceButton", "acceptSliceButton"),
    DONE: (),
}

#: Colors are the palette's, so that it suits dark and light themes. A border makes Qt draw the whole button from here.
HIGHLIGHT = """
QPushButton { border: 2px solid palette(highlight); border-radius: 4px; padding: 3px 8px;
              background-color: palette(button); }
QPushButton:checked { background-color: palette(highlight); color: palette(highlighted-text); }
QPushButton:focus { border-style: dashed; }
"""


class FirstBoxSection(PanelSection):
    """Four steps, each shown while the scene is where it begins; offered while nothing is loaded, until gone through.

    :param ui: the panel's widgets by name.
    :param session: the :class:`PanelSession`.
    """

    def __init__(self, ui: Any, session: PanelSession) -> None:
        super().__init__(ui, session)
        self._isWanted = not slicer.util.settingsValue(SEEN_SETTING, False, converter=slicer.util.toBool)
        self._hasBegun = False
        self._sample: Any = None
        self._highlighted: tuple[str, ...] = ()
        self.connect(ui.loadSampleButton, "clicked()", self._onLoadSample)
        self.connect(ui.skipGuideButton, "clicked()", self._onSkip)
        self.connect(ui.neverGuideButton, "clicked()", self._onNever)

    def useScene(self) -> None:
        """Begin, unless there is something to work on already."""
        self._hasBegun = self._hasBegun or slicer.mrmlScene.GetNumberOfNodesByClass("vtkMRMLVolumeNode") == 0

    def forgetScene(self) -> None:
        """Begin anew with the next scene, if that is empty."""
        self._hasBegun, self._sample = False, None

    def update(self) -> None:
        """Show the step that comes next."""
        if self._isWanted:
            self.useScene()
        isShown = self._isWanted and self._hasBegun
        self.ui.firstBoxGroup.visible = isShown
        step = self._step() if isShown else DONE
        self._highlight(BUTTONS[step])
        if isShown:
            self._show(step)

    def _step(self):
        session = self.session
        axis = session.boxAxis
        if not session.hasUsableVolume:
            return LOAD
        if axis is None:
            return DRAW
        if self._hasOneSlice():
            return DONE
        segment = session.target.segmentation.GetSegmentation().GetSegment(session.target.segmentID)
        records = SliceRecords(segment).ofAxis(recordsAxis(session.boxVolume, axis)).values()
        if not any(record.provenance in FOLLOWED for record in records):
            return PROPAGATE
        return DONE if any(record.isAccepted for record in records) else CHECK

    def _hasOneSlice(self):
        """:return: whether there is nowhere to follow the object of a box to, but through time."""
        session = self.session
        return session.boxAxis is not None and session.boxGeometry.shape[session.boxAxis] == 1

    def _show(self, step):
        ui = self.ui
        ui.firstBoxLabel.text = self._messageOn(step)
        ui.loadSampleButton.visible = step == LOAD
        ui.promiseLabel.text = _promise(self.session.server.remote)
        ui.skipGuideButton.text = _("Close") if step == DONE else _("Skip")
        ui.neverGuideButton.visible = step != DONE
        if step == DONE:
            _remember()

    def _messageOn(self, step):
        ui = self.ui
        if step == LOAD:
            return _("1 of 4: Load a scan, or the chest CT that comes with MedSAMSeg.")
        if step == DRAW:
            return self._messageOnDrawing()
        if step == PROPAGATE:
            return _("3 of 4: That is one slice. Press “{propagate}” to follow the object through the others.").format(
                propagate=ui.propagateButton.text
            )
        if step == CHECK:
            return _(
                "4 of 4: “{worst}” shows the most doubtful slice. If the outline there is right, press “{accept}”."
            ).format(worst=ui.worstSliceButton.text, accept=ui.acceptSliceButton.text)
        return self._messageAtEnd()

    def _messageOnDrawing(self):
        if self.session.target.volume is self._sample:
            return _(
                "2 of 4: Press “{draw}”, then drag a box round the tumor, the large gray mass in the lung at the"
                " lower left of the red view."
            ).format(draw=self.ui.drawButton.text)
        return _(
            "2 of 4: Press “{draw}”, then drag in a slice view from one corner of an object to the opposite one."
        ).format(draw=self.ui.drawButton.text)

    def _messageAtEnd(self):
        ui = self.ui
        if self._hasOneSlice() and self.session.logic.isSequence(self.session.target.volume):
            return _(
                "Done: the object is segmented on this frame. “{through}” follows it to the others, “{undo}” takes"
                " steps back."
            ).format(through=ui.throughTimeButton.text, undo=ui.undoButton.text)
        if self._hasOneSlice():
            return _("Done: the object is segmented. “{undo}” takes steps back.").format(undo=ui.undoButton.text)
        return _("Done: an object is segmented, followed and checked. “{undo}” takes steps back.").format(
            undo=ui.undoButton.text
        )

    def _highlight(self, buttonNames):
        if buttonNames == self._highlighted:
            return
        for name in self._highlighted:
            getattr(self.ui, name).setStyleSheet("")
        for name in buttonNames:
            getattr(self.ui, name).setStyleSheet(HIGHLIGHT)
        self._highlighted = buttonNames

    def _onLoadSample(self):
        with self.session.showingErrors():
            self._sample = loadSample()
            self.session.parameters.volume = self._sample

    def _onSkip(self):
        self._isWanted = False
        self.session.changed.emitNow()

    def _onNever(self):
        _remember()
        self._onSkip()


def _promise(remote):
    """:return: what becomes of the scan; `remote` is the :class:`RemoteAddress` that it goes to, or None."""
    stays = _("The scan itself is never changed; results are kept in a segmentation.")
    goes = (
        _("Nothing is uploaded: the networks run on this computer.")
        if remote is None
        else _("The scan is sent to {url}, the server that was set under Advanced.").format(url=remote.url)
    )
    return f"{goes} {stays}"


def _remember():
    slicer.app.userSettings().setValue(SEEN_SETTING, True)
