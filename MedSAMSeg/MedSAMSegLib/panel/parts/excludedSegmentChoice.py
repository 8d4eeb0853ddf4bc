"""The choice of another segment that is not of the selected box's object."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from slicer.i18n import tr as _

from MedSAMSegLib.panel.parts.boxMessages import messageOnExcludedSegment
from MedSAMSegLib.panel.parts.choiceBox import ChoiceBox
from MedSAMSegLib.panel.parts.oneRequest import OneRequest

if TYPE_CHECKING:
    from MedSAMSegLib.logicBoxes import BoxEntry
    from MedSAMSegLib.panel.frame.panelSession import PanelSession

#: The value that stands for no segment.
NONE = ""


class ExcludedSegmentChoice:
    """Lists the other segments, and takes the voxels of the chosen one out of what the box finds.

    :param session: the :class:`PanelSession`.
    :param comboBox: the QComboBox.
    """

    def __init__(self, session: PanelSession, comboBox: Any) -> None:
        self._session = session
        self._comboBox = comboBox
        self._choice = ChoiceBox(session.connections, comboBox, self._onChosen)
        self._request = OneRequest(session, session.changed.emit)
        self._entry: Any = None

    def show(self, entry: BoxEntry | None) -> None:
        """Show what is not of the object of the selected box.

        :param entry: BoxEntry that can be read; None for no box.
        """
        self._entry = entry
        others = self._otherSegments()
        self._choice.setChoices([(NONE, _("none")), *others.items()])
        self._comboBox.enabled = bool(others)
        self._comboBox.toolTip = _toolTip(entry, others)
        # Until it is answered, what was chosen is what is wanted.
        if not self._request.isUnderWay:
            excluded = entry and self._session.logic.excludedSegment(entry.node)
            self._choice.show(excluded or NONE)

    def forget(self) -> None:
        """Ask nothing any more: the scene goes, and the runs with it."""
        self._request = OneRequest(self._session, self._session.changed.emit)
        self.show(None)

    def _otherSegments(self):
        """:return: {ID: name} of the segments beside that of the box."""
        segmentation = self._session.target.segmentation
        if self._entry is None or segmentation is None:
            return {}
        segmentation = segmentation.GetSegmentation()
        return {
            each: segmentation.GetSegment(each).GetName()
            for each in segmentation.GetSegmentIDs()
            if each != self._entry.segmentID
        }

    def _onChosen(self, value):
        session, node = self._session, self._entry.node
        name = self._otherSegments().get(value)
        isAsked = self._request.ask(
            lambda: session.logic.startExcludingSegment(node, value or None, session.window, session.model),
            lambda run: self._onAnswer(run, name),
        )
        if not isAsked:
            self.show(self._entry)

    def _onAnswer(self, run, name):
        if run.result is not None:
            self._session.showMessage(messageOnExcludedSegment(run.result, name))


def _toolTip(entry, others):
    if entry is None:
        return _("Select a box in the list above: each has its own")
    if not others:
        return _("There is no other segment")
    return _(
        "Another segment inside of the selected box that is not the object, such as the blood in the heart's muscle:"
        " its voxels are taken away, here and by propagation"
    )
