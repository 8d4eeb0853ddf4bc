"""Another segment that a box excludes, such as the blood inside the heart's muscle."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from MedSAMSegLib.errors import UserError
from MedSAMSegLib.segments.labelmapCrop import LabelmapCrop
from MedSAMSegLib.segments.segmentChecks import presentSegment
from MedSAMSegLib.slices.sliceVoxels import SliceVoxels
from MedSAMSegLib.volumes.slicePrompt import DrawnMask

if TYPE_CHECKING:
    from MedSAMSegLib.segments.segmentTarget import SegmentContext
    from MedSAMSegLib.volumes.slicePrompt import SlicePrompt


def presentExcludedSegment(context: SegmentContext, prompt: SlicePrompt) -> str | None:
    """:return: ID of the segment that a box excludes; None without one, and while it is not in the segmentation.

    :param context: SegmentContext of the box.
    :param prompt: SlicePrompt of the box.
    """
    segmentID = prompt.excludedSegment
    isThere = segmentID is not None and context.segmentation.GetSegmentation().GetSegment(segmentID) is not None
    return segmentID if isThere else None


def checkExcludable(context: SegmentContext, prompt: SlicePrompt, segmentID: str) -> None:
    """Raise an error unless a box can exclude a segment.

    :param context: SegmentContext of the box.
    :param prompt: SlicePrompt of the box.
    :param segmentID: ID of the segment.
    :raises UserError: when it is gone, is the box's own, or has no voxel in the box.
    """
    name = presentSegment(context.segmentation, segmentID).GetName()
    if segmentID == context.segmentID:
        raise UserError(
            f"The box is for the segment '{name}' itself, so nothing would be left.",
            "Choose the segment of what is inside, such as the blood in the heart's muscle.",
            "exclude_same_segment",
        )
    crop = _slices(context, segmentID, prompt.axis).crop(prompt.sliceIndex)
    if crop is None or not _hasVoxelIn(DrawnMask(*crop.flat(prompt.axis)), prompt.box):
        raise UserError(
            f"The segment '{name}' has no voxel in this box on slice {prompt.sliceIndex}, so nothing would be taken"
            " away.",
            "Segment it on this slice first, or choose a box that has some of it inside.",
            "exclude_segment_outside",
        )


def withExcludedVoxels(prompt: SlicePrompt, context: SegmentContext) -> SlicePrompt:
    """:return: a box's SlicePrompt as it is asked: with the pixels that its excluded segment has on the slice now.

    :param prompt: SlicePrompt of the box.
    :param context: SegmentContext of the box.
    """
    segmentID = presentExcludedSegment(context, prompt)
    crop = segmentID and _slices(context, segmentID, prompt.axis).crop(prompt.sliceIndex)
    return prompt.changed(excludeMask=DrawnMask(*crop.flat(prompt.axis))) if crop else prompt


def excludedCrops(context: SegmentContext, prompts: Iterable[SlicePrompt], axis: int) -> dict[int, LabelmapCrop]:
    """:return: {slice index: LabelmapCrop} of what the segments have that any of a segment's boxes exclude.

    :param context: SegmentContext of the boxes.
    :param prompts: their SlicePrompts.
    :param axis: array axis of the slices.
    """
    segmentIDs = dict.fromkeys(presentExcludedSegment(context, prompt) for prompt in prompts)
    ofSegments = [_slices(context, each, axis).crops() for each in segmentIDs if each is not None]
    indices = sorted({index for crops in ofSegments for index in crops})
    return {index: LabelmapCrop.together([crops[index] for crops in ofSegments if index in crops]) for index in indices}


def _slices(context, segmentID, axis):
    return SliceVoxels(context.segmentation, segmentID, context.volume, axis)


def _hasVoxelIn(mask, box):
    rows, columns = mask.pixels.nonzero()
    x, y = columns + mask.x0, rows + mask.y0
    x0, y0, x1, y1 = box
    return bool(((x + 0.5 > x0) & (x - 0.5 < x1) & (y + 0.5 > y0) & (y - 0.5 < y1)).any())
