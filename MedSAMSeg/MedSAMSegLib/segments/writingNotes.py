"""What users should know about how masks were written, in sentences."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import slicer

if TYPE_CHECKING:
    from MedSAMSegLib.segments.resampledGrid import ResampledGrid
    from MedSAMSegLib.segments.segmentationGrid import SegmentationGrid

_MOST_NAMED = 3


def noteOnSurfaces(segmentationNode: slicer.vtkMRMLSegmentationNode) -> str:
    """:return: the sentence on a segmentation of surfaces that was made voxels."""
    name = segmentationNode.GetName()
    return f"'{name}' was stored as surfaces and is voxels now; undo brings the surfaces back."


def noteOnGrid(
    segmentationNode: slicer.vtkMRMLSegmentationNode,
    volumeNode: slicer.vtkMRMLScalarVolumeNode,
    grid: SegmentationGrid | ResampledGrid,
) -> str:
    """:return: the sentence on a grid that is not the volume's.

    :param grid: ResampledGrid of the segment.
    """
    lengths = np.linalg.norm(slicer.util.arrayFromVTKMatrix(grid.IJKToRAS)[:3, :3], axis=0)
    size = " × ".join(f"{length:.2f}" for length in lengths)
    return (
        f"'{segmentationNode.GetName()}' has voxels of its own ({size} mm): what is found on"
        f" '{volumeNode.GetName()}' is resampled to them."
    )


def noteOnKeepers(segmentationNode: slicer.vtkMRMLSegmentationNode, keepers: Any) -> str:
    """:return: the sentence on segments that kept voxels which another one was to get.

    :param keepers: {ID of a segment: why it keeps them, such as "completed"}, not empty; segments may be gone since.
    """
    segments = [(segmentationNode.GetSegmentation().GetSegment(segmentID), why) for segmentID, why in keepers.items()]
    named = [f"'{segment.GetName()}' ({why})" for segment, why in segments if segment is not None]
    if len(named) > _MOST_NAMED:
        named[_MOST_NAMED - 1 :] = [f"{len(named) - _MOST_NAMED + 1} other segments"]
    who = " and ".join([*([", ".join(named[:-1])] if len(named) > 1 else []), *named[-1:]])
    if not named:
        return ""
    return f"{who} keep their voxels." if len(named) > 1 else f"{who} keeps its voxels."
