"""The segment that is written, with all that has to be known for that, found out once."""

import dataclasses
from typing import NamedTuple

import slicer
import vtk

from MedSAMSegLib.segments.editorSettings import EditorSettings
from MedSAMSegLib.segments.resampledGrid import ResampledGrid
from MedSAMSegLib.segments.segmentationGrid import SegmentationGrid, checkSegmentation, gridOf, isSameGrid
from MedSAMSegLib.segments.segmentChecks import checkWritable
from MedSAMSegLib.volumes.sliceGeometry import SliceGeometry


class SegmentContext(NamedTuple):
    """Which segment of which segmentation is worked on, on which volume; for as long as they are in the scene.

    :param volume: the volume node, or None.
    :param segmentation: the segmentation node, or None.
    :param segmentID: ID of the segment; "" for none.
    """

    volume: slicer.vtkMRMLScalarVolumeNode | None
    segmentation: slicer.vtkMRMLSegmentationNode | None
    segmentID: str


@dataclasses.dataclass(frozen=True, eq=False)
class SegmentTarget:
    """A segment as one write finds it: made when the write begins, and not kept beyond it.

    :param context: the segment and its nodes.
    :param axis: array axis of the slices that are written.
    :param geometry: of the volume.
    :param grid: the voxels that the segment is written in.
    :param settings: masking and overwriting, as the Segment Editor shows them.
    """

    context: SegmentContext
    axis: int
    geometry: SliceGeometry
    grid: SegmentationGrid | ResampledGrid
    settings: EditorSettings

    @classmethod
    def of(cls, context: SegmentContext, axis: int, geometry: SliceGeometry | None = None) -> "SegmentTarget":
        """Find out how a segment is written now.

        :param context: the segment and its nodes.
        :param axis: array axis of the slices.
        :param geometry: of the volume, where it is known that it is still this.
        :raises UserError: if a node or the segment is gone, the segment is hidden or completed, or the nodes are under
            transforms that move them apart.
        """
        checkSegmentation(context.segmentation)
        geometry = geometry or SliceGeometry(context.volume)
        checkWritable(context.segmentation, context.segmentID)
        grid = gridOf(context.segmentation, context.segmentID, geometry)
        return cls(context, axis, geometry, grid, EditorSettings.ofScene())

    def renewed(self) -> "SegmentTarget":
        """:return: the target after voxels have changed: a segment that has none now is written in another grid."""
        return self.of(self.context, self.axis, self.geometry)

    @property
    def hasGrid(self) -> bool:
        """Whether what the segment has is still in the voxels of the grid."""
        labelmap = self.context.segmentation.GetBinaryLabelmapInternalRepresentation(self.context.segmentID)
        if labelmap is None or labelmap.GetNumberOfPoints() == 0:
            return True
        own = vtk.vtkMatrix4x4()
        labelmap.GetImageToWorldMatrix(own)
        return isSameGrid(own, self.grid.IJKToRAS)
