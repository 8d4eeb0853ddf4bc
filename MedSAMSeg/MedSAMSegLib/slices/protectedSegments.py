"""Slices that a segment keeps, whatever may be overwritten: those that the user accepted."""

from __future__ import annotations

from typing import TYPE_CHECKING

from MedSAMSegLib.slices.sliceRecords import SliceRecords
from MedSAMSegLib.slices.sliceStates import SliceStates
from MedSAMSegLib.volumes.obliquePlanes import PLANES_AXIS
from MedSAMSegLib.volumes.obliqueStack import recordsAxis, stacksOf
from MedSAMSegLib.volumes.sliceAxes import AXES

if TYPE_CHECKING:
    import slicer


def acceptedSlices(
    segmentationNode: slicer.vtkMRMLSegmentationNode, segmentID: str, volumeNode: slicer.vtkMRMLScalarVolumeNode
) -> list:
    """Find the slices of a segment that the user accepted.

    :param segmentationNode: the segmentation.
    :param segmentID: ID of a segment in it.
    :param volumeNode: the volume whose slices are meant, and the planes of its stacks.
    :return: [(volume or stack, axis, LabelmapCrop in its voxels)].
    """
    records = SliceRecords(segmentationNode.GetSegmentation().GetSegment(segmentID))
    places = [*((volumeNode, axis) for axis in AXES), *((stack, PLANES_AXIS) for stack in stacksOf(volumeNode))]
    crops = []
    for node, axis in places:
        indices = [index for index, each in records.ofAxis(recordsAxis(node, axis)).items() if each.isAccepted]
        sliceStates = SliceStates(segmentationNode, segmentID, node, axis) if indices else None
        states = {index: sliceStates.state(index) for index in indices}
        accepted = [index for index, state in states.items() if state is not None and state.isAccepted]
        crops += [(node, axis, sliceStates.crop(index)) for index in accepted]
    return [(node, axis, crop) for node, axis, crop in crops if crop is not None]
