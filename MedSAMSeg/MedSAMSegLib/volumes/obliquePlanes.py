"""Which planes a rotated view shows, and the stack that they are slices of."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import slicer

from MedSAMSegLib.volumes.obliqueStack import StackPlace, sourceOf, stackAt, stacksOf
from MedSAMSegLib.volumes.sliceAxes import depthIJK
from MedSAMSegLib.volumes.sliceGeometry import SliceGeometry
from MedSAMSegLib.volumes.voxelPlaces import IJKToRASOf

#: The longest stack, in bytes of its volume's voxels: all of it may be resliced and sent at once.
MOST_BYTES = 256 << 20

#: Axis along which the planes of a stack are its slices.
PLANES_AXIS = 0

# Planes are this much further apart than a voxel reaches along the normal, so that no voxel lies between two planes.
APART = 1e-6

# Two directions whose unit vectors differ by less are one.
SAME_DIRECTION = 1e-6

# Points on each side of a box at which it is tested whether the volume is there.
SAMPLES = 65


def stackThrough(
    geometry: SliceGeometry, right: Sequence[float], up: Sequence[float], center: Sequence[float]
) -> slicer.vtkMRMLScalarVolumeNode:
    """Find the stack whose planes a rotated view shows, or make one that has a plane just there.

    Within its planes, pixels are as far apart as the closest voxels of the volume. Along the normal, planes are one
    voxel apart, as far as a voxel reaches in that direction: so each voxel's center is nearest to one plane, and each
    plane has a voxel wherever it cuts the volume. The stack spans the volume, or of a large one as much round the first
    plane as :data:`MOST_BYTES` hold.

    :param geometry: SliceGeometry of the volume.
    :param right: direction to the right of the view, in the world.
    :param up: direction up in the view, perpendicular to it.
    :param center: (R, A, S) of a point on the plane.
    :return: the stack.
    """
    directions = _directions(right, up)
    for stack in stacksOf(geometry.volumeNode):
        stackGeometry = SliceGeometry(stack)
        isSame = np.abs(_unit(stackGeometry.IJKToWorld[:3, :3]) - directions).max() < SAME_DIRECTION
        if isSame and 0 <= stackGeometry.sliceIndex(PLANES_AXIS, center) < stackGeometry.shape[PLANES_AXIS]:
            return stack
    return stackAt(geometry.volumeNode, _newPlace(geometry, directions, center).toText())


def rotationOfStack(stack: slicer.vtkMRMLScalarVolumeNode) -> float:
    """:return: degrees by which the planes of a stack are turned against the volume's slices."""
    right, down, normal = SliceGeometry(stack).IJKToWorld[:3, :3].T
    return SliceGeometry(sourceOf(stack)).axisForDirections(right, down, normal)[1]


def isInVolume(stackGeometry: SliceGeometry, sliceIndex: int, box: Sequence[float]) -> bool:
    """:return: whether a box on a plane of a stack has any of the volume inside: a turned plane reaches beyond it.

    :param stackGeometry: SliceGeometry of the stack.
    :param sliceIndex: index of the plane.
    :param box: (x0, y0, x1, y1) in its pixels.
    """
    x, y = np.meshgrid(np.linspace(box[0], box[2], SAMPLES), np.linspace(box[1], box[3], SAMPLES))
    places = np.stack([x.ravel(), y.ravel(), np.full(x.size, sliceIndex), np.ones(x.size)])
    source = SliceGeometry(sourceOf(stackGeometry.volumeNode))
    indices = (source.worldToIJK @ stackGeometry.IJKToWorld @ places)[:3].T
    return bool(((indices >= -0.5) & (indices <= np.array(source.shape[::-1]) - 0.5)).all(axis=1).any())


def _directions(right, up):
    """:return: (3, 3) array, columns: unit vectors along rows, columns and normal of the planes as images."""
    x, y = np.asarray(right, float), -np.asarray(up, float)
    x = x / np.linalg.norm(x)
    y = y - x * (x @ y)
    y = y / np.linalg.norm(y)
    return np.array([x, y, np.cross(x, y)]).T


def _unit(axes):
    return axes / np.linalg.norm(axes, axis=0)


def _newPlace(geometry, directions, center):
    voxels = geometry.IJKToWorld[:3, :3]
    side = float(np.linalg.norm(voxels, axis=0).min())
    distance = max(side, float(np.abs(directions[:, 2] @ voxels).max())) * (1 + APART)
    axes = directions * [side, side, distance]
    first, last = _around(geometry, axes, center)
    image = geometry.volumeNode.GetImageData()
    planeBytes = np.prod(last[:2] - first[:2] + 1) * image.GetScalarSize() * image.GetNumberOfScalarComponents()
    reach = max(0, int(MOST_BYTES // planeBytes) - 1) // 2
    depth = depthIJK(PLANES_AXIS)
    first[depth], last[depth] = max(first[depth], -reach), min(last[depth], reach)
    toWorld = np.eye(4)
    toWorld[:3, :3], toWorld[:3, 3] = axes, np.asarray(center, float) + axes @ first
    columns, rows, planes = (int(size) for size in last - first + 1)
    return StackPlace(geometry.worldToIJK @ toWorld, (planes, rows, columns), IJKToRASOf(geometry.volumeNode))


def _around(geometry, axes, center):
    """:return: first and last (i, j, k), counted from a point, of the planes' pixels whose centers are in the volume.

    The point itself is always one of them.
    """
    ends = np.array(np.meshgrid(*[(-0.5, size - 0.5) for size in geometry.shape[::-1]])).reshape(3, -1)
    corners = geometry.IJKToWorld[:3, :3] @ ends + geometry.IJKToWorld[:3, 3:]
    places = np.linalg.solve(axes, corners - np.asarray(center, float)[:, None])
    first, last = np.floor(places.min(axis=1) + 0.5), np.ceil(places.max(axis=1) - 0.5)
    return np.minimum(first, 0).astype(int), np.maximum(last, 0).astype(int)
