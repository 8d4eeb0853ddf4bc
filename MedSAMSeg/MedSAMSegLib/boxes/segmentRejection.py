"""Takes a segment out of its segmentation together with its boxes, so that one undo brings all of it back."""

from __future__ import annotations

from typing import TYPE_CHECKING

from MedSAMSegLib.errors import UserError
from MedSAMSegLib.volumes.imageSequence import framesShownBy

if TYPE_CHECKING:
    import slicer

    from MedSAMSegLib.boxes.sceneBoxes import SceneBoxes
    from MedSAMSegLib.segments.segmentWriter import SegmentWriter


def rejectSegment(
    writer: SegmentWriter, scene: SceneBoxes, segmentation: slicer.vtkMRMLSegmentationNode, segmentID: str
) -> None:
    """Remove a segment and its boxes, on whatever volume these are, as one undo step.

    :param writer: SegmentWriter of the segmentation.
    :param scene: SceneBoxes.
    :param segmentation: the segmentation node.
    :param segmentID: ID of the segment.
    :raises UserError: when there is no such segment, or it has voxels on other frames of a sequence.
    """
    segment = segmentation.GetSegmentation().GetSegment(segmentID)
    if segment is None:
        raise UserError("The lesion is no longer in the segmentation.", "Choose another one.", "segment_removed")
    if framesShownBy(segmentation):
        raise UserError(
            f"'{segment.GetName()}' goes through time: it cannot be rejected on one frame.",
            "Remove it from all frames by the button below the table of segments; that cannot be undone.",
            "lesion_through_time",
        )
    records = [scene.records.of(node) for node in scene.store.nodes(segmentation, segmentID, isAnyFrame=True)]
    with writer.undoStep(isAlways=True):
        for record in records:
            scene.history.remember(writer.lastStep, record, record.state, None)
            scene.records.restore(record, None)
        writer.removeSegment(segmentID)
