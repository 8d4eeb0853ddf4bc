"""Undoes and redoes the changes of boxes, together with the undo steps that they belong to."""

from __future__ import annotations

import weakref
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from MedSAMSegLib.boxes.boxRecords import BoxRecord, BoxRecords, BoxState
    from MedSAMSegLib.segments.undoHistory import UndoStep


class BoxHistory:
    """Which changes of boxes belong to which undo step: a box that was undone must not steer a propagation.

    :param records: BoxRecords.
    """

    def __init__(self, records: BoxRecords) -> None:
        self._records = records
        # A step that can be neither undone nor redone any more is forgotten with its UndoStep.
        self._changesOfStep: weakref.WeakKeyDictionary = weakref.WeakKeyDictionary()

    def remember(self, step: UndoStep, record: BoxRecord, before: BoxState | None, after: BoxState | None) -> None:
        """Note the change of a box in an undo step; several changes of one box become one.

        :param step: UndoStep of the writer.
        :param record: BoxRecord.
        :param before: its BoxState before the step; None if the box was not there.
        :param after: its BoxState after the step; None if the box is not there any more.
        """
        changes = self._changesOfStep.setdefault(step, {})
        if record in changes:
            before = changes[record][0]
        changes[record] = before, after

    def before(self, step: UndoStep, record: BoxRecord) -> BoxState:
        """:return: the BoxState of a box before an undo step that changed it.

        :param step: UndoStep of the writer.
        :param record: BoxRecord.
        """
        return self._changesOfStep[step][record][0]

    def undo(self, step: UndoStep) -> None:
        """Put the boxes of a step that was undone where they were before it."""
        self._restore(step, target=0)

    def redo(self, step: UndoStep) -> None:
        """Put the boxes of a step that was done again where they were after it."""
        self._restore(step, target=1)

    def _restore(self, step, target):
        for record, states in self._changesOfStep.get(step, {}).items():
            # A box that the user has removed in between stays removed, unless this step was the one that removed it.
            wasThere = states[1 - target] is not None
            if record.isInScene or not wasThere:
                self._records.restore(record, states[target])
