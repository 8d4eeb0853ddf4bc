"""Whether the boxes of a segment are on slices of the volume, or on planes of one of its stacks."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import slicer

    from MedSAMSegLib.boxes.boxStore import BoxPromptStore


def volumeOfBoxes(
    store: BoxPromptStore,
    segmentation: slicer.vtkMRMLSegmentationNode,
    segmentID: str,
    volume: slicer.vtkMRMLScalarVolumeNode,
) -> slicer.vtkMRMLScalarVolumeNode:
    """Return what the oldest box of a segment is on: the volume, or a stack of it; the volume where there is no box.

    :param store: BoxPromptStore.
    :param segmentation: the segmentation node.
    :param segmentID: ID of the segment.
    :param volume: the volume node; a stack is returned as it is.
    """
    nodes = store.nodes(segmentation, segmentID, volume, withStacks=True)
    return store.volume(nodes[0]) if nodes else volume
