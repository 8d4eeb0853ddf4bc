"""Volumes whose right answers are known: every kind of IJKToRAS, under every kind of parent transform."""

import itertools

import numpy as np
import slicer

# All different, so that no two axes can be swapped unnoticed.
SHAPE = (9, 11, 13)


def rotation(degreesAboutS, degreesAboutR=0.0):
    """:return: 3 × 3 rotation about the S axis after one about the R axis."""
    s, r = np.radians([degreesAboutS, degreesAboutR])
    aboutS = np.array([[np.cos(s), -np.sin(s), 0], [np.sin(s), np.cos(s), 0], [0, 0, 1]])
    aboutR = np.array([[1, 0, 0], [0, np.cos(r), -np.sin(r)], [0, np.sin(r), np.cos(r)]])
    return aboutS @ aboutR


def affine(linear, translation):
    """:return: 4 × 4 matrix."""
    matrix = np.eye(4)
    matrix[:3, :3] = linear
    matrix[:3, 3] = translation
    return matrix


GANTRY_TILT = np.array([[1, 0, 0], [0, 1, np.tan(np.radians(20))], [0, 0, 1]])

IJK_TO_RAS = {
    "isotropic": affine(np.eye(3), (0, 0, 0)),
    "anisotropic": affine(np.diag([0.8, 0.9, 3.5]), (-12.5, 30.25, -7.0)),
    "as loaded": affine(np.diag([-1.15, -1.15, 2.5]), (146.7, 146.7, -120.0)),
    "rotated": affine(rotation(17, 9) @ np.diag([0.8, 0.9, 3.5]), (-12.5, 30.25, -7.0)),
    "left-handed": affine(rotation(-31, 12) @ np.diag([0.8, 0.9, -3.5]), (5.0, -60.0, 44.0)),
    "gantry tilt": affine(GANTRY_TILT @ np.diag([0.8, 0.9, 3.5]), (-12.5, 30.25, -7.0)),
    "sagittal": affine(np.array([[0, 0, 2.5], [0.7, 0, 0], [0, -0.6, 0]]), (3.0, 4.0, 5.0)),
}

MOVED = affine(rotation(25, -14), (10.0, -20.0, 30.0))
MOVED_AGAIN = affine(rotation(-8, 33), (-4.0, 5.0, 6.0))

PARENTS = {"no parent": [], "parent": [MOVED], "nested parents": [MOVED, MOVED_AGAIN]}

SCENARIOS = list(itertools.product(IJK_TO_RAS, PARENTS))


def addVolume(geometry="isotropic", parents="no parent", shape=SHAPE, name="CT"):
    """:return: volume node with distinct voxel values, in a named geometry under named parent transforms."""
    voxels = np.arange(np.prod(shape), dtype=np.int16).reshape(shape)
    volumeNode = slicer.util.addVolumeFromArray(voxels, name=name)
    volumeNode.SetIJKToRASMatrix(slicer.util.vtkMatrixFromArray(IJK_TO_RAS[geometry]))
    putUnder(volumeNode, parents)
    return volumeNode


def putUnder(node, parents):
    """Put a node under named parent transforms."""
    for matrix in PARENTS[parents]:
        transformNode = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLLinearTransformNode")
        transformNode.SetMatrixTransformToParent(slicer.util.vtkMatrixFromArray(matrix))
        node.SetAndObserveTransformNodeID(transformNode.GetID())
        node = transformNode


def worldOf(geometry, parents, ijk):
    """:return: the right answer: where continuous (i, j, k) is in the world."""
    matrix = IJK_TO_RAS[geometry]
    for parent in PARENTS[parents]:
        matrix = parent @ matrix
    return (matrix @ [*ijk, 1.0])[:3]


def ijkOf(axis, sliceIndex, x, y):
    """:return: (i, j, k) of a place on a slice, written out for each axis."""
    return {0: (x, y, sliceIndex), 1: (x, sliceIndex, y), 2: (sliceIndex, x, y)}[axis]
