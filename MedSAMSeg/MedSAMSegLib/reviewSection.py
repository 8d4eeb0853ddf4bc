"""Check the slices of the segment: see which are doubtful, go there, accept them, go on from there."""

import slicer
import vtk
from slicer.i18n import tr as _
from slicer.util import VTKObservationMixin

from .confidenceStrip import ConfidenceStrip, describe
from .panelSection import PanelSection
from .shownSlice import shownSlice
from .sliceGeometry import SliceGeometry
from .sliceJump import jumpToSlice


class ReviewSection(PanelSection, VTKObservationMixin):
    """The strip of slices and its buttons.

    :param ui: the panel's widgets by name.
    :param session: the :class:`PanelSession`.
    """

    def __init__(self, ui, session):
        PanelSection.__init__(self, ui, session)
        VTKObservationMixin.__init__(self)
        self._strip = ConfidenceStrip(ui.slicesTable, self._jumpTo)
        self._states = {}
        self._seen = None
        ui.worstSliceButton.connect("clicked()", self._onWorstSlice)
        ui.acceptSliceButton.connect("clicked()", self._onAcceptSlice)

    def enter(self):
        """Follow the views."""
        for sliceNode in slicer.util.getNodesByClass("vtkMRMLSliceNode"):
            self.addObserver(sliceNode, vtk.vtkCommand.ModifiedEvent, self._onSliceNode)

    def exit(self):
        """Follow the views no longer."""
        self.removeObservers()

    def cleanup(self):
        """Let go of the views."""
        self.removeObservers()

    def update(self):
        """Show the slices as they are."""
        axis = self.session.boxAxis
        self.ui.reviewButton.visible = axis is not None
        if axis is None:
            self._states, self._seen = {}, None
            return
        self._readStates(axis)
        self._showSlice()

    def _readStates(self, axis):
        volume, segmentation, segmentID = self.session.target
        labelmap = segmentation.GetBinaryLabelmapInternalRepresentation(segmentID)
        segment = segmentation.GetSegmentation().GetSegment(segmentID)
        # Comparing voxels costs; what has not changed is not looked at again.
        seen = (segmentation.GetID(), segmentID, volume.GetID(), axis, labelmap.GetMTime(), segment.GetMTime())
        if seen != self._seen:
            self._states = {
                state.index: state for state in self.session.logic.slices(segmentation, volume, segmentID, axis)
            }
            self._seen = seen

    def _showSlice(self):
        current = self._currentSlice()
        state = self._states.get(current)
        self._strip.show(self._states, current)
        self.ui.sliceLabel.text = describe(current, state)
        self.ui.acceptSliceButton.enabled = state is not None
        self.ui.acceptSliceButton.checked = state is not None and state.isAccepted
        self.ui.worstSliceButton.enabled = bool(self._doubtful())

    def _currentSlice(self):
        return shownSlice(self.session.parameters.volume, self.session.boxAxis).index

    def _doubtful(self):
        """:return: indices of the slices that may need a look, the worst first."""
        known = [state for state in self._states.values() if state.confidence is not None and not state.isLocked]
        return [state.index for state in sorted(known, key=lambda state: (state.confidence, state.index))]

    def _jumpTo(self, index):
        volume, axis = self.session.parameters.volume, self.session.boxAxis
        jumpToSlice(SliceGeometry(volume), axis, index)

    def _onSliceNode(self, _caller, _event):
        self.session.changed.emit()

    def _onWorstSlice(self):
        with self.session.sayingErrors():
            doubtful = self._doubtful()
            current = self._currentSlice()
            following = doubtful[doubtful.index(current) + 1 :] if current in doubtful else doubtful
            index = (following or doubtful)[0]
            self._jumpTo(index)
            self.session.say(
                _("{description} {place} of {count} to check.").format(
                    description=describe(index, self._states[index]),
                    place=doubtful.index(index) + 1,
                    count=len(doubtful),
                )
            )

    def _onAcceptSlice(self):
        volume, segmentation, segmentID = self.session.target
        isAccepted = self.ui.acceptSliceButton.checked
        with self.session.sayingErrors():
            index = self._currentSlice()
            self.session.logic.acceptSlice(segmentation, volume, segmentID, self.session.boxAxis, index, isAccepted)
            self.session.say(
                _("Slice {index} is accepted: propagation leaves it as it is.").format(index=index)
                if isAccepted
                else _("Slice {index} may be changed by propagation again.").format(index=index)
            )
