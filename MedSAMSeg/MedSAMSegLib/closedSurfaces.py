"""Keeps the 3D surfaces of segments while their voxels change, and renews each of them once."""

import contextlib

import slicer
import vtk


class ClosedSurfaces:
    """The closed surfaces of the segments that one undo step touches.

    Slicer converts a segment to a surface again after every single change, which for a large segment takes longer than
    all the slices of a propagation. Here a change leaves the old surface in place, and `renew` converts once.
    """

    def __init__(self, segmentationNode):
        self._segmentationNode = segmentationNode
        self._name = slicer.vtkSegmentationConverter.GetSegmentationClosedSurfaceRepresentationName()
        self._outdated = set()

    @contextlib.contextmanager
    def kept(self, segmentIDs):
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

    def renew(self):
        """Make the surfaces of all changed segments again."""
        if not self._outdated:
            return
        with slicer.util.NodeModify(self._segmentationNode):
            for segmentID in self._outdated:
                if self._segment(segmentID) is not None:
                    self._discard(segmentID)
            self._outdated.clear()
            self._segmentationNode.GetSegmentation().CreateRepresentation(self._name)

    def forget(self):
        """Leave the surfaces as they are, after the voxels were put back."""
        self._outdated.clear()

    def _takeOff(self, segmentID):
        surface = self._segment(segmentID).GetRepresentation(self._name)
        if surface is not None:
            self._segment(segmentID).RemoveRepresentation(self._name)
        return surface

    def _discard(self, segmentID):
        labelmap = self._segmentationNode.GetBinaryLabelmapInternalRepresentation(segmentID)
        if labelmap.GetNumberOfPoints() > 0:
            self._segment(segmentID).RemoveRepresentation(self._name)
        else:
            # VTK complains when it has to make a surface of no voxels.
            self._segment(segmentID).AddRepresentation(self._name, vtk.vtkPolyData())

    def _segment(self, segmentID):
        return self._segmentationNode.GetSegmentation().GetSegment(segmentID)
