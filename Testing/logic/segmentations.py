"""Segmentations for tests, and what is in them."""

import numpy as np
import slicer
from geometries import SHAPE, ijkOf

MASK = np.array([[0, 1, 1, 0], [1, 1, 1, 1], [1, 0, 1, 0]], np.uint8)
FULL = np.ones((3, 4), np.uint8)


def placed(axis, sliceIndex, mask, x0, y0, shape=SHAPE):
    """:return: the right answer: a bool (K, J, I) array with a mask on one slice."""
    expected = np.zeros(shape, bool)
    for row, column in zip(*np.nonzero(mask), strict=True):
        i, j, k = ijkOf(axis, sliceIndex, x0 + column, y0 + row)
        expected[k, j, i] = True
    return expected


def addSegmentation(volumeNode, name="Segmentation"):
    """:return: segmentation node with the volume's voxels, under the volume's transform."""
    segmentationNode = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLSegmentationNode", name)
    segmentationNode.CreateDefaultDisplayNodes()
    segmentationNode.SetAndObserveTransformNodeID(volumeNode.GetTransformNodeID())
    segmentationNode.SetReferenceImageGeometryParameterFromVolumeNode(volumeNode)
    return segmentationNode


def addSegment(segmentationNode, name="Tumor", voxels=None, volumeNode=None):
    """:return: ID of a new segment, with voxels from a (K, J, I) array if given."""
    segmentID = segmentationNode.GetSegmentation().AddEmptySegment("", name)
    if voxels is not None:
        slicer.util.updateSegmentBinaryLabelmapFromArray(
            voxels.astype(np.uint8), segmentationNode, segmentID, volumeNode
        )
    return segmentID


def voxelsOf(segmentationNode, segmentID, volumeNode):
    """:return: the segment as a bool (K, J, I) array of the volume, as Slicer exports it."""
    return slicer.util.arrayFromSegmentBinaryLabelmap(segmentationNode, segmentID, volumeNode) > 0


def editorNode(**settings):
    """:return: the Segment Editor module's parameter node; settings are named as its Set… methods."""
    node = slicer.mrmlScene.GetSingletonNode("SegmentEditor", "vtkMRMLSegmentEditorNode")
    if node is None:
        node = slicer.vtkMRMLSegmentEditorNode()
        node.SetSingletonTag("SegmentEditor")
        node = slicer.mrmlScene.AddNode(node)
    for name, value in settings.items():
        getattr(node, f"Set{name}")(value)
    return node
