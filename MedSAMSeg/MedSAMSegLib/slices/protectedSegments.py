"""Slices that a segment keeps, whatever may be overwritten: those that the user accepted."""

from __future__ import annotations

from typing import TYPE_CHECKING

from MedSAMSegLib.slices.sliceRecords import SliceRecords
from MedSAMSegLib.slices.sliceStates import SliceStates
from MedSAMSegLib.volumes.sliceAxes import AXES

if TYPE_CHECKING:
    import slicer


def acceptedSlices(
    segmentationNode: slicer.vtkMRMLSegmentationNode, segmentID: str, volumeNode: slicer.vtkMRMLScalarVolumeNode
) -> list:
    """:return: [(axis, LabelmapCrop in voxels of the volume)] of the slices of a segment that the user accepted.

    :param segmentationNode: the segmentation.
    :param segmentID: ID of a segment in it.
    :param volumeNode: the volume whose slices are meant.
    """
    records = SliceRecords(segmentationNode.GetSegmentation().GetSegment(segmentID))
    accepted = {axis: [index for index, record in records.ofAxis(axis).items() if record.isAccepted] for axis in AXES}
    crops = []
    for axis, indices in accepted.items():
        sliceStates = SliceStates(segmentationNode, segmentID, volumeNode, axis) if indices else None
        states = {index: sliceStates.state(index) for index in indices}
        crops += [
            (axis, sliceStates.crop(index)) for index, state in states.items() if state is not None and state.isAccepted
        ]
    return [(axis, crop) for axis, crop in crops if crop is not None]
