"""The threshold of what is propagated in a segment, kept in the segment: saved, copied and undone with its voxels."""

import vtk

from MedSAMSegLib.client.sliceProbability import DEFAULT_THRESHOLD

#: The segment's tag that holds it.
TAG = "MedSAMSeg.PropagationThreshold"


def thresholdOf(segment):
    """:return: of the probability above which a voxel is the object's on propagated slices.

    :param segment: vtkSegment.
    """
    text = vtk.reference("")
    return float(str(text)) if segment.GetTag(TAG, text) and str(text) else DEFAULT_THRESHOLD


def noteThreshold(segment, threshold):
    """Keep another threshold.

    :param segment: vtkSegment.
    :param threshold: above 0 and below 1.
    """
    segment.SetTag(TAG, repr(float(threshold)))
