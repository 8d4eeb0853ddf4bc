"""A stack of planes that are turned against a volume, as a volume node of its own: a place for slices, no voxels.

A box in a rotated view lies on such a plane. What is done with slices of a volume is done with those of the stack:
its voxels are resliced from the volume when somebody asks for them, and only those slices (see `reslicing`). The node
is hidden and not saved; a box that is saved knows the stack that it is on, as a text.
"""

from __future__ import annotations

import dataclasses
import json
import zlib

import numpy as np
import slicer
import vtk

from MedSAMSegLib.volumes.nodeNames import nodeName
from MedSAMSegLib.volumes.voxelPlaces import IJKToRASOf, recounting

SOURCE_ROLE = "MedSAMSegSource"
STACK_ATTRIBUTE = "MedSAMSeg.Stack"
VOXELS_ATTRIBUTE = "MedSAMSeg.SourceVoxels"

# Positions that differ by less, in millimeters, are the same: this much is lost by rounding.
SAME_PLACE_TOLERANCE = 1e-9


@dataclasses.dataclass(frozen=True)
class StackPlace:
    """Where a stack lies in the voxels of its volume.

    :param toSource: 4 × 4 array from voxel indices (i, j, k) of the stack to those of the volume.
    :param shape: (K, J, I) of the stack; K counts its planes.
    :param frame: 4 × 4 array, IJKToRAS of the volume when the stack was made.
    """

    toSource: np.ndarray
    shape: tuple[int, int, int]
    frame: np.ndarray

    @classmethod
    def fromText(cls, text: str) -> StackPlace:
        """:return: the place that `toText` was called on."""
        values = json.loads(text)
        return cls(np.array(values["toSource"]), tuple(values["shape"]), np.array(values["frame"]))

    def toText(self) -> str:
        """:return: the place as a text that can be saved; it tells one stack of a volume from the others."""
        values = {"toSource": self.toSource.tolist(), "shape": list(self.shape), "frame": self.frame.tolist()}
        return json.dumps(values)


def textOf(volumeNode: slicer.vtkMRMLVolumeNode) -> str | None:
    """:return: what tells a stack from others of its volume; None of a volume that is no stack."""
    return volumeNode.GetAttribute(STACK_ATTRIBUTE)


def isStack(volumeNode: slicer.vtkMRMLVolumeNode | None) -> bool:
    """:return: whether a volume node is a stack of turned planes."""
    return volumeNode is not None and textOf(volumeNode) is not None


def sourceOf(volumeNode: slicer.vtkMRMLVolumeNode) -> slicer.vtkMRMLScalarVolumeNode | None:
    """:return: the volume that a stack is cut from, None if that is gone; of any other volume, itself."""
    return volumeNode.GetNodeReference(SOURCE_ROLE) if isStack(volumeNode) else volumeNode


def stacks() -> list[slicer.vtkMRMLScalarVolumeNode]:
    """:return: all stacks in the scene."""
    return [node for node in slicer.util.getNodesByClass("vtkMRMLScalarVolumeNode") if isStack(node)]


def stacksOf(volumeNode: slicer.vtkMRMLScalarVolumeNode) -> list[slicer.vtkMRMLScalarVolumeNode]:
    """:return: the stacks of a volume that are in the scene."""
    return [node for node in stacks() if sourceOf(node) is volumeNode]


def stackAt(volumeNode: slicer.vtkMRMLScalarVolumeNode, text: str) -> slicer.vtkMRMLScalarVolumeNode:
    """Find the stack of a volume, or make it.

    :param volumeNode: the volume, with voxels.
    :param text: `StackPlace.toText` of the stack.
    :return: the stack, where its volume is now.
    """
    known = next((stack for stack in stacksOf(volumeNode) if textOf(stack) == text), None)
    stack = known or _newStack(volumeNode, text)
    follow(stack)
    return stack


def follow(stack: slicer.vtkMRMLScalarVolumeNode) -> None:
    """Bring a stack to where the voxels of its volume are now, and let it count as changed if these have.

    :param stack: a stack whose volume is in the scene and has voxels.
    """
    source = stack.GetNodeReference(SOURCE_ROLE)
    if stack.GetTransformNodeID() != source.GetTransformNodeID():
        stack.SetAndObserveTransformNodeID(source.GetTransformNodeID())
    place, frame = StackPlace.fromText(textOf(stack)), IJKToRASOf(source)
    toThen = recounting(place.frame, frame, source.GetImageData().GetDimensions())
    IJKToRAS = frame @ np.linalg.solve(toThen, place.toSource)
    if np.abs(IJKToRAS - IJKToRASOf(stack)).max() > SAME_PLACE_TOLERANCE:
        stack.SetIJKToRASMatrix(slicer.util.vtkMatrixFromArray(IJKToRAS))
    # VTK counts up the image data's modification time whenever voxels change.
    voxels = str(source.GetImageData().GetMTime())
    if stack.GetAttribute(VOXELS_ATTRIBUTE) != voxels:
        stack.SetAttribute(VOXELS_ATTRIBUTE, voxels)
        stack.GetImageData().Modified()


def removeOrphanedStacks() -> None:
    """Take the stacks of volumes that are gone out of the scene."""
    for stack in stacks():
        if sourceOf(stack) is None:
            slicer.mrmlScene.RemoveNode(stack)


def recordsAxis(volumeNode: slicer.vtkMRMLVolumeNode, axis: int) -> int | str:
    """:return: the key of the records of slices along an axis: the axis, and for a stack its name."""
    text = textOf(volumeNode)
    return axis if text is None else f"{zlib.crc32(text.encode()):08x}.{axis}"


def _newStack(source, text):
    image = vtk.vtkImageData()
    image.SetDimensions(*reversed(StackPlace.fromText(text).shape))
    stack = slicer.mrmlScene.CreateNodeByClass("vtkMRMLScalarVolumeNode")
    stack.UnRegister(None)
    # Not the name of the volume, by which scripts find that.
    stack.SetName(slicer.mrmlScene.GenerateUniqueName(nodeName(f"{source.GetName()} oblique")))
    stack.SetHideFromEditors(True)
    stack.SetSaveWithScene(False)
    stack.SetSelectable(False)
    stack.SetAttribute(STACK_ATTRIBUTE, text)
    stack.SetNodeReferenceID(SOURCE_ROLE, source.GetID())
    stack.SetAndObserveImageData(image)
    return slicer.mrmlScene.AddNode(stack)
