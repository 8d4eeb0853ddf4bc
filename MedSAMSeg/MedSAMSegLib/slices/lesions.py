"""What a segment is as a lesion: how large, where it is best seen, and how far it has been checked."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import slicer
import vtk

from MedSAMSegLib.measurements.diameters import longestDiameter
from MedSAMSegLib.segments.labelmapCrop import cropOfLabel
from MedSAMSegLib.segments.segmentTerm import NO_TERM, SegmentTerm, termOf
from MedSAMSegLib.slices.lesionRanges import lesionRanges
from MedSAMSegLib.slices.sliceRecord import BOX, EDITED
from MedSAMSegLib.volumes.sliceGeometry import SliceGeometry
from MedSAMSegLib.volumes.slicePlanes import planeOf

if TYPE_CHECKING:
    from MedSAMSegLib.slices.sliceRecord import SliceState
    from MedSAMSegLib.slices.sliceStates import SliceStates

#: Nothing yet; boxes and manual edits only; slices that somebody has to look at; none of these left; all accepted.
EMPTY, DRAWN, FOLLOWED, CHECKED, ACCEPTED = "empty", "drawn", "propagated", "checked", "accepted"


@dataclass(frozen=True)
class Lesion:
    """One segment in numbers.

    :param segmentID: ID of the segment.
    :param name: name of the segment.
    :param state: EMPTY, DRAWN, FOLLOWED, CHECKED or ACCEPTED.
    :param axis: array axis of the slices.
    :param sliceIndex: index of the slice with the longest diameter; None of an empty segment.
    :param place: what that slice is called, such as "axial 24"; "" of an empty segment.
    :param volume: in milliliters.
    :param diameter: the longest one on a slice, in millimeters (RECIST 1.1); 0 of an empty segment.
    :param ends: both ends of the diameter as (R, A, S) in the world; () of an empty segment.
    :param volumeRange: lowest and highest volume with slightly different boxes; None where that is not known, as after
        manual edits.
    :param diameterRange: the same of the diameter, on that slice.
    :param term: what the segment is, and where, by its terminology in Slicer.
    """

    segmentID: str
    name: str
    state: str
    axis: int
    sliceIndex: int | None
    place: str
    volume: float
    diameter: float
    ends: tuple
    volumeRange: tuple[float, float] | None = None
    diameterRange: tuple[float, float] | None = None
    term: SegmentTerm = NO_TERM


def lesionOf(
    segmentation: slicer.vtkMRMLSegmentationNode,
    segmentID: str,
    volume: slicer.vtkMRMLScalarVolumeNode,
    axis: int,
    sliceStates: SliceStates,
) -> Lesion:
    """Measure a segment.

    :param segmentation: the segmentation node, stored as voxels.
    :param segmentID: ID of the segment.
    :param volume: the volume node.
    :param axis: array axis of the slices.
    :param sliceStates: SliceStates of the segment along that axis.
    :return: :class:`Lesion`.
    """
    geometry = SliceGeometry(volume)
    crops = sliceStates.crops()
    states = sliceStates.states(crops)
    masks = ((index, *crop.flat(axis)) for index, crop in crops.items())
    diameter = longestDiameter(masks, axis, geometry.IJKToWorld)
    milliliters = _milliliters(segmentation, segmentID)
    volumeRange, diameterRange = lesionRanges(states, crops, geometry.IJKToWorld, milliliters, diameter)
    segment = segmentation.GetSegmentation().GetSegment(segmentID)
    return Lesion(
        segmentID=segmentID,
        name=segment.GetName(),
        state=stateOf(states.values()),
        axis=axis,
        sliceIndex=None if diameter is None else diameter.sliceIndex,
        place="" if diameter is None else f"{planeOf(geometry, axis)} {diameter.sliceIndex}",
        volume=milliliters,
        diameter=0.0 if diameter is None else diameter.length,
        ends=() if diameter is None else diameter.ends,
        volumeRange=volumeRange,
        diameterRange=diameterRange,
        term=termOf(segment),
    )


def stateOf(states: Iterable[SliceState]) -> str:
    """Return how far a segment has been checked.

    :param states: its SliceStates along one axis.
    """
    present = [state for state in states if not state.isEmpty]
    if not present:
        return EMPTY
    if all(state.isAccepted for state in present):
        return ACCEPTED
    if any(state.provenance not in (BOX, EDITED) and not state.isLocked for state in present):
        return FOLLOWED
    return CHECKED if any(state.isAccepted for state in present) else DRAWN


def _milliliters(segmentation, segmentID):
    """:return: volume of a segment's own voxels."""
    labelmap = segmentation.GetBinaryLabelmapInternalRepresentation(segmentID)
    if labelmap is None:
        return 0.0
    label = segmentation.GetSegmentation().GetSegment(segmentID).GetLabelValue()
    imageToNode, nodeToWorld = vtk.vtkMatrix4x4(), vtk.vtkMatrix4x4()
    labelmap.GetImageToWorldMatrix(imageToNode)
    parent = segmentation.GetParentTransformNode()
    slicer.vtkMRMLTransformNode.GetMatrixTransformBetweenNodes(parent, None, nodeToWorld)
    cubicMillimeters = abs(imageToNode.Determinant() * nodeToWorld.Determinant())
    return float(np.count_nonzero(cropOfLabel(labelmap, label).voxels) * cubicMillimeters / 1000)
