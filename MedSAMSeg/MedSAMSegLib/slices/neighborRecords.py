"""Keeps the records of other segments' slices when a propagation takes voxels from them: that is no manual edit."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

import slicer

from MedSAMSegLib.segments.editorSettings import EditorSettings
from MedSAMSegLib.slices.sliceRecords import SliceRecords
from MedSAMSegLib.slices.sliceStates import SliceStates
from MedSAMSegLib.volumes.obliqueStack import recordsAxis


class NeighborRecords:
    """The records of all segments but one.

    :param segmentationNode: the segmentation.
    :param segmentID: ID of the segment that is written.
    :param volumeNode: the volume whose slices are meant.
    :param axis: array axis that they are taken along.
    """

    def __init__(
        self,
        segmentationNode: slicer.vtkMRMLSegmentationNode,
        segmentID: str,
        volumeNode: slicer.vtkMRMLScalarVolumeNode,
        axis: int,
    ) -> None:
        self._segmentationNode = segmentationNode
        self._segmentID = segmentID
        self._volumeNode = volumeNode
        self._axis = axis

    @contextlib.contextmanager
    def kept(self, sliceIndex: int) -> Iterator[None]:
        """Let what is written inside the `with` block take voxels of other segments on a slice.

        :param sliceIndex: index of the slice.
        """
        statesOfSegments = [self._sliceStates(other) for other in self._recorded(sliceIndex)]
        states = [(sliceStates, sliceStates.state(sliceIndex)) for sliceStates in statesOfSegments]
        yield
        for sliceStates, state in states:
            if not state.isLocked:
                sliceStates.restore(state)

    def _recorded(self, sliceIndex):
        if EditorSettings.ofScene().overwriteMode == slicer.vtkMRMLSegmentEditorNode.OverwriteNone:
            return []
        segmentation = self._segmentationNode.GetSegmentation()
        return [
            other
            for other in segmentation.GetSegmentIDs()
            if other != self._segmentID
            and SliceRecords(segmentation.GetSegment(other)).of(recordsAxis(self._volumeNode, self._axis), sliceIndex)
            is not None
        ]

    def _sliceStates(self, segmentID):
        return SliceStates(self._segmentationNode, segmentID, self._volumeNode, self._axis)
