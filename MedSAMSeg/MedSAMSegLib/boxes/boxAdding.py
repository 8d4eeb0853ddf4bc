"""Puts a new box into the scene, and what it found into its segment."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

from MedSAMSegLib.boxes.boxProvenance import clearSlice
from MedSAMSegLib.boxes.boxRecords import BoxRecord
from MedSAMSegLib.boxes.boxReplacement import replaceVoxels
from MedSAMSegLib.errors import UserError
from MedSAMSegLib.segments.segmentTarget import SegmentTarget
from MedSAMSegLib.slices.sliceRecord import BOX
from MedSAMSegLib.slices.sliceStates import SliceStates

if TYPE_CHECKING:
    from MedSAMSegLib.boxes.boxRecords import BoxState
    from MedSAMSegLib.boxes.sceneBoxes import SceneBoxes
    from MedSAMSegLib.segments.segmentTarget import SegmentContext
    from MedSAMSegLib.segments.segmentWriter import SegmentWriter
    from MedSAMSegLib.volumes.sliceGeometry import SliceGeometry


@dataclasses.dataclass(frozen=True, eq=False)
class AddedBox:
    """A box that is new in the scene.

    :param record: the BoxRecord.
    :param target: the SegmentTarget that was written.
    :param hasChanged: whether the segment changed.
    """

    record: BoxRecord
    target: SegmentTarget
    hasChanged: bool


def addBox(
    writer: SegmentWriter,
    scene: SceneBoxes,
    context: SegmentContext,
    state: BoxState,
    geometry: SliceGeometry,
    mustChange: bool = False,
) -> AddedBox:
    """Write what a new box found, as one undo step or as a part of the enclosing one.

    :param writer: SegmentWriter of the segmentation.
    :param scene: SceneBoxes.
    :param context: SegmentContext of the box.
    :param state: BoxState, what it found in memory.
    :param geometry: SliceGeometry of the volume.
    :param mustChange: whether a box of which no voxel is written is an error.
    :return: AddedBox.
    :raises UserError: when the segment cannot be written.
    """
    sliceIndex = state.prompt.sliceIndex
    with writer.undoStep():
        # What could be written when it was asked may be gone or hidden by now.
        target = writer.target(context.segmentID, state.prompt.axis, geometry)
        sliceStates = SliceStates.of(target)
        hasMadeRoom = not state.found.isEmpty and clearSlice(writer, target, sliceStates, sliceIndex)
        target = target.renewed() if hasMadeRoom else target
        replacement = replaceVoxels(writer, target, None, state.found, others=())
        hasChanged = replacement.hasChanged or hasMadeRoom
        if mustChange and not hasChanged:
            raise UserError(
                "All of the object lies where the Segment Editor allows no change.",
                "Set the editable area under Masking in the Segment Editor, and which segments may be overwritten.",
                "object_covered",
            )
        state = state.changed(added=replacement.added, overwritten=replacement.overwritten)
        record = scene.records.add(target.context, state, geometry)
    if hasChanged:
        sliceStates.note(sliceIndex, BOX, sizes=state.range)
        scene.history.remember(writer.lastStep, record, None, record.state)
    return AddedBox(record, target, hasChanged)
