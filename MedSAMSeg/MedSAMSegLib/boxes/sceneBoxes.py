"""The boxes of the scene: their markups, points, records and history, and what happens to them when nodes go."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from typing import TYPE_CHECKING

from MedSAMSegLib.boxes.boxFollowing import BoxFollowing
from MedSAMSegLib.boxes.boxHistory import BoxHistory
from MedSAMSegLib.boxes.boxMarks import BoxMarks
from MedSAMSegLib.boxes.boxRecords import BoxRecords
from MedSAMSegLib.boxes.boxStore import BoxPromptStore
from MedSAMSegLib.boxes.excludedBoxes import ExcludedBoxes, fitting, withExcluded
from MedSAMSegLib.boxes.excludedSegment import presentExcludedSegment
from MedSAMSegLib.boxes.orphanedBoxes import OrphanedBoxes
from MedSAMSegLib.boxes.pointStore import PointPrompts
from MedSAMSegLib.boxes.storedBox import storedPrompt, storePrompt
from MedSAMSegLib.errors import UserError

if TYPE_CHECKING:
    from MedSAMSegLib.boxes.boxRecords import BoxRecord
    from MedSAMSegLib.segments.segmentTarget import SegmentContext
    from MedSAMSegLib.volumes.slicePrompt import SlicePrompt


class SceneBoxes:
    """What :class:`BoxWork` works on, and :class:`MedSAMSegLogic` lists."""

    def __init__(self) -> None:
        self.store = BoxPromptStore()
        self.points = PointPrompts()
        self.excluded = ExcludedBoxes()
        marks = BoxMarks(self.points, self.excluded)
        self.records = BoxRecords(self.store, marks)
        self.history = BoxHistory(self.records)
        self._orphans = OrphanedBoxes(self.store, marks)
        self.following = BoxFollowing(self.store, marks)

    def readOrRevert(self, record: BoxRecord) -> SlicePrompt:
        """:return: the SlicePrompt that the markups of a box show now.

        :raises UserError: when the box cannot be where its markup is; the markup is put back then.
        """
        try:
            return fitting(self.points.read(record.node, record.context.volume, self.store.read(record.node)))
        except UserError:
            self.revert(record)
            raise

    def addPoint(self, record: BoxRecord, place: Sequence[float], isInObject: bool) -> None:
        """Show one more point of a box.

        :param record: BoxRecord.
        :param place: (R, A, S) of the point in the world.
        :param isInObject: whether it belongs to the object.
        :raises UserError: when it is not on the box's slice.
        """
        prompt = self.readOrRevert(record)
        volume = record.context.volume
        point = self.points.pointOn(volume, prompt, place, isInObject)
        self.points.show(record.node, volume, prompt.changed(points=(*prompt.points, point)))

    def exclude(self, record: BoxRecord, place: SlicePrompt) -> None:
        """Exclude one more part of a box, and show it.

        :param record: BoxRecord.
        :param place: SlicePrompt of the box round it.
        :raises UserError: as `withExcluded`.
        """
        self._showExcluded(record, withExcluded(self.readOrRevert(record), place))

    def excludeNothing(self, record: BoxRecord) -> None:
        """Store that nothing is excluded from a box."""
        self._showExcluded(record, self.readOrRevert(record).changed(exclude=(), excludedSegment=None))

    def excludedSegment(self, context: SegmentContext) -> str | None:
        """:return: ID of the segment that the newest box of a segment excludes; None where it excludes none.

        :param context: SegmentContext.
        """
        records = self.records.at(context)
        return presentExcludedSegment(context, records[-1].state.prompt) if records else None

    def _showExcluded(self, record: BoxRecord, prompt: SlicePrompt) -> None:
        excluded = {"exclude": prompt.exclude, "excludedSegment": prompt.excludedSegment}
        storePrompt(record.node, storedPrompt(record.node).changed(**excluded))
        self.excluded.show(record.node, record.context.volume, prompt)

    def revert(self, record: BoxRecord) -> None:
        """Move the markups of a box to where they were when it was answered last."""
        try:
            self.records.restore(record, record.state)
        except UserError as error:
            # The volume is gone, and the box is about to follow it.
            logging.debug("MedSAMSeg: a box could not be put back: %s", error)

    def resetDepth(self, record: BoxRecord) -> None:
        """Give a markup that was dragged the depth of one slice again, unless it is somewhere else already."""
        if self.store.read(record.node) == record.state.prompt:
            self.store.update(record.node, record.state.prompt)
        self.excluded.show(record.node, record.context.volume, record.state.prompt)

    def notInMemory(self, record: BoxRecord) -> list[BoxRecord]:
        """:return: the boxes on the slice of a box, itself included, whose voxels are not in memory."""
        here = record.state.prompt
        return [
            other
            for other in (record, *self.records.others(record))
            if not other.state.isKnown
            and (other.state.prompt.axis, other.state.prompt.sliceIndex) == (here.axis, here.sliceIndex)
        ]
