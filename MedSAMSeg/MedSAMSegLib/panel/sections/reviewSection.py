"""Check the slices of the segment: see which are doubtful, go there, accept them, go on from there."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import qt
import slicer
import vtk
from slicer.i18n import tr as _
from slicer.util import VTKObservationMixin

from MedSAMSegLib.errors import UserError
from MedSAMSegLib.panel.frame.errorMessages import messageOn
from MedSAMSegLib.panel.frame.panelSection import PanelSection
from MedSAMSegLib.panel.parts.confidenceStrip import ConfidenceStrip, SliceWords
from MedSAMSegLib.slices.sliceRecord import EDITED
from MedSAMSegLib.views.sliceJump import jumpToSlice
from MedSAMSegLib.views.sliceViews import shownSlice

if TYPE_CHECKING:
    from MedSAMSegLib.panel.frame.panelSession import PanelSession

#: Reading the slices of an object that takes longer than this, in seconds, is done less often …
LONG_READING = 0.02

#: … namely after a pause of so many times as long.
PAUSE_FACTOR = 10


class ReviewSection(PanelSection, VTKObservationMixin):
    """The strip of slices and its buttons.

    :param ui: the panel's widgets by name.
    :param session: the :class:`PanelSession`.
    """

    def __init__(self, ui: Any, session: PanelSession) -> None:
        PanelSection.__init__(self, ui, session)
        VTKObservationMixin.__init__(self)
        self._strip = ConfidenceStrip(session.connections, ui.slicesTable, self._jumpTo)
        self._words = SliceWords()
        self._states = {}
        self._problem = ""
        self._subject: Any = None
        self._seen: Any = None
        self._nextReading = 0.0
        self._laterTimer = qt.QTimer()
        self._laterTimer.setSingleShot(True)
        self.connect(self._laterTimer, "timeout()", session.changed.emit)
        self.connect(ui.worstSliceButton, "clicked()", self._onWorstSlice)
        self.connect(ui.acceptSliceButton, "clicked()", self._onAcceptSlice)

    def exit(self) -> None:
        """Follow the views no longer."""
        self.removeObservers()

    def forgetScene(self) -> None:
        """Let go of the slices."""
        self._laterTimer.stop()
        self._forgetStates()

    def cleanup(self) -> None:
        """Let go of the views."""
        self._laterTimer.stop()
        self.removeObservers()

    def update(self) -> None:
        """Show the slices as they are."""
        self._followViews()
        axis = self.session.boxAxis
        self.ui.reviewButton.visible = axis is not None
        if axis is None:
            self._forgetStates()
            return
        self._readStates(axis)
        self._showSlice()

    def _followViews(self):
        # Layouts bring views of their own, also later.
        for sliceNode in slicer.util.getNodesByClass("vtkMRMLSliceNode"):
            if not self.hasObserver(sliceNode, vtk.vtkCommand.ModifiedEvent, self._onSliceNode):
                self.addObserver(sliceNode, vtk.vtkCommand.ModifiedEvent, self._onSliceNode)

    def _forgetStates(self):
        self._states, self._subject, self._seen = {}, None, None
        # Keys press buttons that are hidden, too.
        self.ui.worstSliceButton.enabled = self.ui.acceptSliceButton.enabled = False

    def _readStates(self, axis):
        _volume, segmentation, segmentID = self.session.target
        volume = self.session.boxVolume
        labelmap = segmentation.GetBinaryLabelmapInternalRepresentation(segmentID)
        segment = segmentation.GetSegmentation().GetSegment(segmentID)
        subject = segmentation.GetID(), segmentID, volume.GetID(), axis
        # Comparing voxels costs; what has not changed is not looked at again.
        seen = labelmap and (labelmap.GetMTime(), segment.GetMTime())
        if seen is not None and (subject, seen) == (self._subject, self._seen):
            return
        start = time.monotonic()
        if subject == self._subject and start < self._nextReading:
            self._laterTimer.start(round(1000 * (self._nextReading - start)) + 1)
            return
        self._states, self._problem = {}, ""
        try:
            states = self.session.logic.slices(segmentation, volume, segmentID, axis)
        except UserError as error:
            # Such as voxels that do not coincide any more: until that is mended, nothing is known of slices.
            self._problem, self._subject = messageOn(error), None
            return
        self._states = {state.index: state for state in states}
        self._subject, self._seen = subject, seen
        end = time.monotonic()
        # While a propagation writes, the views must go on, however large the object is.
        self._nextReading = end + PAUSE_FACTOR * (end - start) if end - start > LONG_READING else end

    def _showSlice(self):
        current = self._currentSlice()
        state = self._states.get(current)
        self._strip.show(self._states, current)
        self.ui.sliceLabel.text = self._problem or self._words.describe(current, state)
        self.ui.acceptSliceButton.enabled = state is not None
        self.ui.acceptSliceButton.checked = state is not None and state.isAccepted
        self.ui.worstSliceButton.enabled = bool(self._doubtful())

    def _currentSlice(self):
        return shownSlice(self.session.boxGeometry, self.session.boxAxis).index

    def _doubtful(self):
        """:return: indices of the slices that may need a look, the worst first."""
        known = [state for state in self._states.values() if state.confidence is not None and not state.isLocked]
        return [state.index for state in sorted(known, key=lambda state: (state.confidence, state.index))]

    def _jumpTo(self, index):
        jumpToSlice(self.session.boxGeometry, self.session.boxAxis, index)

    def _onSliceNode(self, _caller, _event):
        self.session.changed.emit()

    def _onWorstSlice(self):
        with self.session.showingErrors():
            doubtful = self._doubtful()
            current = self._currentSlice()
            following = doubtful[doubtful.index(current) + 1 :] if current in doubtful else doubtful
            index = (following or doubtful)[0]
            self._jumpTo(index)
            self.session.showMessage(
                _("{description} {place} of {count} to check.").format(
                    description=self._words.describe(index, self._states[index]),
                    place=doubtful.index(index) + 1,
                    count=len(doubtful),
                )
            )

    def _onAcceptSlice(self):
        _volume, segmentation, segmentID = self.session.target
        isAccepted = self.ui.acceptSliceButton.checked
        with self.session.showingErrors():
            index = self._currentSlice()
            # The user waits for what this one changes.
            self._nextReading = 0.0
            volume, axis = self.session.boxVolume, self.session.boxAxis
            self.session.logic.acceptSlice(segmentation, volume, segmentID, axis, index, isAccepted)
            self.session.showMessage(_messageOn(isAccepted, self._states[index].provenance).format(index=index))


def _messageOn(isAccepted, provenance):
    """:return: what accepting a slice, or taking that back, means for propagations."""
    if isAccepted:
        return _("Slice {index} is accepted: propagation leaves it as it is.")
    if provenance == EDITED:
        return _("Slice {index} is not accepted any more. Propagation leaves it as it is, as a manual edit.")
    return _("Slice {index} may be changed by propagation again.")
