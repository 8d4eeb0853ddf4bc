"""Keeps the 3D surfaces of segments while their voxels change, and renews each of them once."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

import slicer
import vtk

from MedSAMSegLib.segments.labelmapCrop import imageVoxels


class ClosedSurfaces:
    """The closed surfaces of the segments that one undo step touches.

    Slicer converts a segment to a surface again after every single change, which for a large segment takes longer than
    all the slices of a propagation. Here a change leaves the old surface in place, and `renew` converts once.
    """

    def __init__(self, segmentationNode: slicer.vtkMRMLSegmentationNode) -> None:
        self._segmentationNode = segmentationNode
        self._name = slicer.vtkSegmentationConverter.GetSegmentationClosedSurfaceRepresentationName()
        self._outdated = set()

    @contextlib.contextmanager
    def kept(self, segmentIDs: set[str]) -> Iterator[None]:
        """Hide the surfaces of some segments from a change to their voxels made inside the `with` block."""
        with slicer.util.NodeModify(self._segmentationNode):
            surfaces = {segmentID: self._takeOff(segmentID) for segmentID in segmentIDs}
            try:
                yield
            finally:
                for segmentID, surface in surfaces.items():
                    if surface is not None:
                        self._segment(segmentID).AddRepresentation(self._name, surface)
                        self._outdated.add(segmentID)

    def renew(self) -> None:
        """Make the surfaces of all changed segments again, where they are still shown."""
        shown = [segmentID for segmentID in self._outdated if self._surface(segmentID) is not None]
        self._outdated.clear()
        if not shown:
            return
        with slicer.util.NodeModify(self._segmentationNode):
            for segmentID in shown:
                self._discard(segmentID)
            self._segmentationNode.GetSegmentation().CreateRepresentation(self._name)

    def forget(self) -> None:
        """Leave the surfaces as they are, after the voxels were put back."""
        self._outdated.clear()

    def _takeOff(self, segmentID):
        surface = self._surface(segmentID)
        if surface is not None:
            self._segment(segmentID).RemoveRepresentation(self._name)
        return surface

    def _discard(self, segmentID):
        if self._hasVoxels(segmentID):
            self._segment(segmentID).RemoveRepresentation(self._name)
        else:
            # VTK complains when it has to make a surface of a flat labelmap without voxels.
            self._segment(segmentID).AddRepresentation(self._name, vtk.vtkPolyData())

    def _hasVoxels(self, segmentID):
        labelmap = self._segmentationNode.GetBinaryLabelmapInternalRepresentation(segmentID)
        labelValue = self._segment(segmentID).GetLabelValue()
        return labelmap.GetNumberOfPoints() > 0 and (imageVoxels(labelmap) == labelValue).any()

    def _surface(self, segmentID):
        segment = self._segment(segmentID)
        return segment and segment.GetRepresentation(self._name)

    def _segment(self, segmentID):
        return self._segmentationNode.GetSegmentation().GetSegment(segmentID)
