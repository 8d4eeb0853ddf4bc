"""Puts what a box found into its segment, in place of what the same box had put there before."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

from MedSAMSegLib.segments.labelmapCrop import LabelmapCrop

if TYPE_CHECKING:
    from MedSAMSegLib.boxes.boxRecords import BoxRecord, BoxState
    from MedSAMSegLib.segments.segmentTarget import SegmentTarget
    from MedSAMSegLib.segments.segmentWriter import SegmentWriter


@dataclasses.dataclass(frozen=True, eq=False)
class ReplacementResult:
    """What replacing a box's voxels did.

    :param hasChanged: whether any voxel changed.
    :param added: LabelmapCrop of the voxels that are there because of the box.
    :param erased: LabelmapCrop of the voxels that somebody took out by hand, and that stay out.
    :param overwritten: {ID of another segment: LabelmapCrop of the voxels that it lost to the box}.
    :param reassigned: {BoxRecord of another box: the voxels that are there because of that one now}.
    """

    hasChanged: bool
    added: LabelmapCrop
    erased: LabelmapCrop
    overwritten: dict
    reassigned: dict


def replaceVoxels(
    writer: SegmentWriter,
    target: SegmentTarget,
    state: BoxState | None,
    found: LabelmapCrop,
    others: tuple | list[BoxRecord],
) -> ReplacementResult:
    """Replace what a box had added to its segment.

    Voxels that were in the segment before the box, that other boxes found too, or that were painted or erased by hand,
    stay as they are. Other segments get back what they had lost to the box.

    :param writer: SegmentWriter.
    :param target: SegmentTarget.
    :param state: BoxState of the box until now, its voxels in memory; None for a new box.
    :param found: LabelmapCrop of the volume's voxels that the box finds now; empty when it is deleted.
    :param others: BoxRecords of the segment's other boxes.
    :return: ReplacementResult.
    :raises UserError: as `SegmentWriter.replace` does.
    """
    nothing = LabelmapCrop.empty()
    if state is None:
        replacement = writer.replace(target, nothing, found)
        return ReplacementResult(
            replacement.hasChanged, found.common(replacement.gained), nothing, replacement.overwritten, {}
        )
    old = state.contribution
    present = writer.presentIn(target, old)
    erased = _erased(writer, target, state, old, present)
    known = [other for other in others if other.state.isKnown]
    removed = present.minus(found)
    staying = removed
    for other in known:
        removed = removed.minus(other.state.found)
    replacement = writer.replace(target, removed, found.minus(erased), state.overwritten)
    return ReplacementResult(
        replacement.hasChanged,
        added=found.where(replacement.gained.within(found.extent) | present.within(found.extent)),
        erased=erased,
        overwritten=_overwritten(state.overwritten, replacement.overwritten, found),
        reassigned=_reassigned(known, staying),
    )


def _erased(writer, target, state, old, present):
    # Where nothing is left, the segment was emptied or restored as a whole, and the box starts afresh.
    if present.isEmpty and not old.isEmpty:
        return LabelmapCrop.empty()
    erased = state.erased.united(old.minus(present))
    return erased.minus(writer.presentIn(target, erased))


def _overwritten(before, now, found):
    kept = {other: crop.common(found) for other, crop in before.items()}
    return {other: kept.get(other, LabelmapCrop.empty()).united(crop) for other, crop in {**kept, **now}.items()}


def _reassigned(others, removed):
    """:return: voxels that now count as added by other boxes, because the box that had added them loses them."""
    shares = {}
    for other in others:
        share = other.state.found.common(removed)
        if not share.isEmpty:
            own = other.state.contribution
            shares[other] = other.state.found.where(
                own.within(other.state.found.extent) | share.within(other.state.found.extent)
            )
    return shares
