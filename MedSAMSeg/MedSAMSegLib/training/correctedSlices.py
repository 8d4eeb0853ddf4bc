"""The slices of a scene that a model can learn from: those that a reader drew, edited or accepted."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import slicer

from MedSAMSegLib.errors import UserError
from MedSAMSegLib.segments.segmentationGrid import gridOf
from MedSAMSegLib.slices.sliceRecords import SliceRecords
from MedSAMSegLib.slices.sliceStates import SliceStates
from MedSAMSegLib.volumes.sliceAxes import AXES
from MedSAMSegLib.volumes.sliceGeometry import SliceGeometry

if TYPE_CHECKING:
    from MedSAMSegLib.segments.labelmapCrop import LabelmapCrop

#: Objects with fewer pixels on a slice teach nothing; the server's training leaves them out, too.
SMALLEST_PIXELS = 10


@dataclass(frozen=True, eq=False)
class CorrectedVolume:
    """A volume with the good slices of its segments along one axis. Holds copies: any thread may use it.

    :param voxels: (K, J, I) array.
    :param IJKToRAS: 4 × 4 array: where they are in the world.
    :param window: what the network sees of them, as requests name it.
    :param axis: array axis that the slices are taken along.
    :param objects: [(name of the segment, {slice index: LabelmapCrop in voxels of the volume})].
    """

    voxels: np.ndarray
    IJKToRAS: np.ndarray
    window: str
    axis: int
    objects: list


def correctedVolumes(
    scene: slicer.vtkMRMLScene,
    windowOf: Callable[[slicer.vtkMRMLScalarVolumeNode], str],
    target: tuple[Any, Any] = (None, None),
) -> tuple[list[CorrectedVolume], list]:
    """Find all good slices of a scene.

    What is not good is left out altogether: nothing tells whether the object is there.

    :param scene: vtkMRMLScene.
    :param windowOf: called with a volume node, gives its window.
    :param target: (volume, segmentation) that surely belong together; each may be None.
    :return: ([CorrectedVolume], [sentence on each segmentation that could not be used]).
    """
    found: dict[tuple, tuple] = {}
    skipped = []
    for segmentation in _nodes(scene, "vtkMRMLSegmentationNode"):
        if not slicer.vtkSlicerSegmentEditorLogic.GetReferenceImageGeometryStringFromSegmentation(
            segmentation.GetSegmentation()
        ):
            # Nothing was ever drawn in it.
            continue
        try:
            volume = _volumeOf(segmentation, target)
            _checkTrainable(volume)
            for segmentID in segmentation.GetSegmentation().GetSegmentIDs():
                name = segmentation.GetSegmentation().GetSegment(segmentID).GetName()
                for axis, crops in goodSlices(segmentation, segmentID, volume).items():
                    found.setdefault((volume.GetID(), axis), (volume, []))[1].append((name, crops))
        except UserError as error:
            skipped.append(str(error))
    copies: dict = {}
    volumes = [_corrected(volume, axis, objects, windowOf, copies) for (_id, axis), (volume, objects) in found.items()]
    return volumes, skipped


def _checkTrainable(volume):
    if volume.GetImageData() is not None and volume.GetImageData().GetNumberOfScalarComponents() != 1:
        raise UserError(
            f"The volume '{volume.GetName()}' is a color image; training takes one value per voxel.",
            "Convert it with the module Vector to Scalar Volume and draw on the result.",
            "volume_not_scalar",
        )


def goodSlices(
    segmentation: slicer.vtkMRMLSegmentationNode, segmentID: str, volume: slicer.vtkMRMLScalarVolumeNode
) -> dict[int, dict[int, LabelmapCrop]]:
    """Return the slices of a segment that somebody drew, edited or accepted.

    :param segmentation: the segmentation node.
    :param segmentID: ID of a segment in it.
    :param volume: the volume node whose slices are meant.
    :return: {axis: {slice index: LabelmapCrop}}, without axes that have none.
    :raises UserError: when their voxels do not coincide.
    """
    records = SliceRecords(segmentation.GetSegmentation().GetSegment(segmentID))
    statesOfSegments = {axis: SliceStates(segmentation, segmentID, volume, axis) for axis in AXES}
    axes = [axis for axis in AXES if records.ofAxis(axis)]
    if not axes and records.axes:
        # A segment made on turned planes crosses the volume's slices, but nobody drew it on them.
        return {}
    if not axes:
        # All of it was drawn by hand: most likely along the direction in which it has fewest slices.
        axes = [min(AXES, key=lambda axis: len(statesOfSegments[axis].states()))]
    found = {axis: _goodSlices(statesOfSegments[axis], isOnlyAxis=len(axes) == 1) for axis in axes}
    return {axis: crops for axis, crops in found.items() if crops}


def _goodSlices(sliceStates, isOnlyAxis):
    # Masks that were made in another direction cross a slice as lines, which nobody drew there.
    states = [state for state in sliceStates.states().values() if (state.isLocked if isOnlyAxis else state.isAccepted)]
    crops = {state.index: sliceStates.crop(state.index) for state in states if not state.isEmpty}
    return {index: crop for index, crop in crops.items() if np.count_nonzero(crop.voxels) >= SMALLEST_PIXELS}


def _volumeOf(segmentation, target):
    """:return: the volume that a segmentation was drawn on."""
    if target[0] is not None and target[1] is segmentation:
        return target[0]
    role = slicer.vtkMRMLSegmentationNode.GetReferenceImageGeometryReferenceRole()
    reference = segmentation.GetNodeReference(role)
    if reference is not None:
        return reference
    volumes = _nodes(segmentation.GetScene(), "vtkMRMLScalarVolumeNode")
    fitting = [volume for volume in volumes if _fits(segmentation, volume)]
    if len(fitting) != 1:
        raise UserError(
            f"Of the segmentation '{segmentation.GetName()}' it is not known on which volume it was drawn.",
            "Set its source geometry in the Segment Editor.",
            "volume_unknown",
        )
    return fitting[0]


def _nodes(scene, className):
    # slicer.util.getNodesByClass looks into the application's scene, whichever it is given.
    return [scene.GetNthNodeByClass(number, className) for number in range(scene.GetNumberOfNodesByClass(className))]


def _fits(segmentation, volume):
    try:
        return not gridOf(segmentation, None, SliceGeometry(volume)).isResampled
    except UserError:
        return False


def _corrected(volume, axis, objects, windowOf, copies):
    # Slices along several axes share one copy of the voxels.
    if volume.GetID() not in copies:
        copies[volume.GetID()] = slicer.util.arrayFromVolume(volume).copy()
    IJKToRAS = SliceGeometry(volume).IJKToWorld.copy()
    return CorrectedVolume(copies[volume.GetID()], IJKToRAS, windowOf(volume), axis, objects)
