"""The threshold of what is propagated in a segment, kept in the segment: saved, copied and undone with its voxels."""

from __future__ import annotations

from typing import TYPE_CHECKING

import vtk

from MedSAMSegLib.client.sliceProbability import DEFAULT_THRESHOLD

if TYPE_CHECKING:
    import slicer

#: The segment's tag that holds it.
TAG = "MedSAMSeg.PropagationThreshold"


def thresholdOf(segment: slicer.vtkSegment) -> float:
    """:return: of the probability above which a voxel is the object's on propagated slices.

    :param segment: vtkSegment.
    """
    text = vtk.reference("")
    return float(str(text)) if segment.GetTag(TAG, text) and str(text) else DEFAULT_THRESHOLD


def noteThreshold(segment: slicer.vtkSegment, threshold: float) -> None:
    """Keep another threshold.

    :param segment: vtkSegment.
    :param threshold: above 0 and below 1.
    """
    segment.SetTag(TAG, repr(float(threshold)))
