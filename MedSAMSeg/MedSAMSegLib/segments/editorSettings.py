"""What the user allowed in the Segment Editor: where to edit, and what may be overwritten."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import slicer
import vtk

from MedSAMSegLib.errors import UserError
from MedSAMSegLib.segments.labelmapCrop import emptyImage, imageVoxels

if TYPE_CHECKING:
    import numpy as np

EVERYWHERE = slicer.vtkMRMLSegmentationNode.EditAllowedEverywhere
OUTSIDE_SEGMENTS = (
    slicer.vtkMRMLSegmentationNode.EditAllowedOutsideAllSegments,
    slicer.vtkMRMLSegmentationNode.EditAllowedOutsideVisibleSegments,
)
INSIDE_ONE_SEGMENT = slicer.vtkMRMLSegmentationNode.EditAllowedInsideSingleSegment


@dataclass(frozen=True)
class EditorSettings:
    """Masking and overwriting, as the Segment Editor of this scene shows them.

    Without a Segment Editor in the scene, editing is allowed everywhere and other segments are left alone.

    :param maskMode: an `EditAllowed…` value of vtkMRMLSegmentationNode.
    :param maskSegmentID: the segment inside which editing is allowed, for `EditAllowedInsideSingleSegment`.
    :param overwriteMode: an `Overwrite…` value of vtkMRMLSegmentEditorNode.
    :param intensityRange: (lowest, highest) editable intensity, None if any.
    :param intensityVolume: the volume that the range is about, None for the volume being segmented.
    :param isOfEditor: whether a Segment Editor in the scene says so.
    """

    maskMode: int = EVERYWHERE
    maskSegmentID: str = ""
    overwriteMode: int = slicer.vtkMRMLSegmentEditorNode.OverwriteNone
    intensityRange: tuple | None = None
    intensityVolume: slicer.vtkMRMLScalarVolumeNode | None = None
    isOfEditor: bool = False

    @classmethod
    def ofScene(cls) -> EditorSettings:
        """:return: the settings of the Segment Editor module, which keeps them in one node of the scene."""
        node = slicer.mrmlScene.GetSingletonNode("SegmentEditor", "vtkMRMLSegmentEditorNode")
        if node is None:
            return cls()
        return cls(
            maskMode=node.GetMaskMode(),
            maskSegmentID=node.GetMaskSegmentID() or "",
            overwriteMode=node.GetOverwriteMode(),
            intensityRange=node.GetSourceVolumeIntensityMaskRange() if node.GetSourceVolumeIntensityMask() else None,
            intensityVolume=node.GetSourceVolumeNode(),
            isOfEditor=True,
        )

    @property
    def allowsOverlap(self) -> bool:
        """Whether the user lets segments overlap; without a Segment Editor, nobody did."""
        return (
            self.isOfEditor
            and self.overwriteMode == slicer.vtkMRMLSegmentEditorNode.OverwriteNone
            and not self.keepsOutOfSegments
        )

    @property
    def keepsOutOfSegments(self) -> bool:
        """Whether what other segments have, or those of them that are visible, is masked out."""
        return self.maskMode in OUTSIDE_SEGMENTS

    @property
    def isEditableEverywhere(self) -> bool:
        """Whether nothing is masked."""
        return self.maskMode == EVERYWHERE and self.intensityRange is None

    def overwrittenSegmentIDs(self, segmentationNode: slicer.vtkMRMLSegmentationNode, segmentID: str) -> list[str]:
        """:return: IDs of the segments that lose the voxels which `segmentID` gains."""
        segmentIDs = [other for other in segmentationNode.GetSegmentation().GetSegmentIDs() if other != segmentID]
        if self.overwriteMode == slicer.vtkMRMLSegmentEditorNode.OverwriteNone:
            return []
        if self.overwriteMode == slicer.vtkMRMLSegmentEditorNode.OverwriteVisibleSegments:
            displayNode = segmentationNode.GetDisplayNode()
            return [other for other in segmentIDs if displayNode and displayNode.GetSegmentVisibility(other)]
        return segmentIDs

    def editableVoxels(
        self,
        segmentationNode: slicer.vtkMRMLSegmentationNode,
        segmentID: str,
        volumeNode: slicer.vtkMRMLScalarVolumeNode,
        extent: Sequence[int],
        IJKToRAS: vtk.vtkMatrix4x4,
    ) -> bool | np.ndarray:
        """Find where a segment may be edited, within a block.

        :param segmentationNode: the segmentation.
        :param segmentID: the segment to be edited, which never masks itself out.
        :param volumeNode: the volume being segmented.
        :param extent: inclusive VTK extent of the block in the segmentation's grid.
        :param IJKToRAS: vtkMatrix4x4 of that grid.
        :return: bool array over the block, or True if all of it is editable.
        :raises UserError: if editing is allowed only inside a segment that does not exist.
        """
        if self.isEditableEverywhere:
            return True
        self._checkMaskSegment(segmentationNode)
        if segmentationNode.GetDisplayNode() is None:
            # Which segments are visible is kept there; the Segment Editor makes one too.
            segmentationNode.CreateDefaultDisplayNodes()
        block = emptyImage(extent, IJKToRAS)
        locked = slicer.vtkOrientedImageData()
        arguments = [locked, self.maskMode, block, segmentID, self.maskSegmentID]
        if self.intensityRange is not None:
            intensities = _resampled(self.intensityVolume or volumeNode, segmentationNode, block)
            arguments += [intensities, self.intensityRange]
        segmentationNode.GenerateEditMask(*arguments)
        return imageVoxels(locked) == 0

    def _checkMaskSegment(self, segmentationNode):
        segmentation = segmentationNode.GetSegmentation()
        if self.maskMode == INSIDE_ONE_SEGMENT and segmentation.GetSegment(self.maskSegmentID) is None:
            raise UserError(
                "The Segment Editor allows editing only inside one segment, which"
                f" '{segmentationNode.GetName()}' does not have.",
                "Set the editable area under Masking in the Segment Editor.",
                "mask_segment_missing",
            )


def _resampled(volumeNode, segmentationNode, block):
    """:return: the intensities of a volume on a block of the segmentation's grid, and nowhere else."""
    source = slicer.vtkOrientedImageData()
    source.ShallowCopy(volumeNode.GetImageData())
    IJKToRAS = vtk.vtkMatrix4x4()
    volumeNode.GetIJKToRASMatrix(IJKToRAS)
    source.SetImageToWorldMatrix(IJKToRAS)
    volumeToSegmentation = vtk.vtkGeneralTransform()
    slicer.vtkMRMLTransformNode.GetTransformBetweenNodes(
        volumeNode.GetParentTransformNode(), segmentationNode.GetParentTransformNode(), volumeToSegmentation
    )
    intensities = slicer.vtkOrientedImageData()
    slicer.vtkOrientedImageDataResample.ResampleOrientedImageToReferenceOrientedImage(
        source,
        block,
        intensities,
        True,
        False,
        volumeToSegmentation,
        volumeNode.GetImageBackgroundScalarComponentAsDouble(0),
    )
    return intensities
