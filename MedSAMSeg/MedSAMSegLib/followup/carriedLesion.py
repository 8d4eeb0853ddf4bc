"""Where a lesion of one scan lies in the voxels of another."""

from __future__ import annotations

import itertools
import math
from typing import TYPE_CHECKING

import numpy as np
import vtk

from MedSAMSegLib.segments.labelmapCrop import LabelmapCrop
from MedSAMSegLib.segments.latticeSampling import lookUp
from MedSAMSegLib.volumes.sliceAxes import AXES, depthIJK, fromIJK
from MedSAMSegLib.volumes.slicePrompt import SlicePrompt

if TYPE_CHECKING:
    import slicer

    from MedSAMSegLib.volumes.sliceGeometry import SliceGeometry

#: The box gets this part of its width, and at least a pixel, on each side: lesions grow, and registration is not exact.
MARGIN = 0.1

#: The lesion may reach this part of its extent farther from the slice of its box than it did.
GROWTH = 0.5

# Smallest distance, in voxels from the lesion, of the points at which a transform is sampled.
_LEAST_REACH = 1.0


def carry(
    earlier: SliceGeometry,
    lesion: LabelmapCrop,
    later: SliceGeometry,
    transform: slicer.vtkMRMLTransformNode | None = None,
) -> LabelmapCrop:
    """Return the voxels of a later scan whose centers lie in a lesion of an earlier one.

    :param earlier: SliceGeometry of the earlier scan.
    :param lesion: LabelmapCrop of its voxels, not empty.
    :param later: SliceGeometry of the later scan.
    :param transform: from the earlier scan's place in the world to the later one's, linear or not; None where they lie
        on each other already. Of one that is not linear, what it does around the lesion is taken, as an affine map.
    :return: trimmed LabelmapCrop; empty where the lesion lies outside the later scan.
    """
    toLater = later.worldToIJK @ _aroundLesion(earlier, lesion, transform) @ earlier.IJKToWorld
    corners = itertools.product(*zip(lesion.extent[::2], lesion.extent[1::2], strict=True))
    places = np.array([toLater @ [*corner, 1.0] for corner in corners])[:, :3]
    # A voxel of the earlier scan may be many of the later one.
    border = np.abs(toLater[:3, :3]).sum(axis=1)
    first, last = np.floor(places.min(axis=0) - border), np.ceil(places.max(axis=0) + border)
    sizes = np.array(later.shape[::-1])
    extent = [
        int(bound) for pair in zip(np.maximum(first, 0), np.minimum(last, sizes - 1), strict=True) for bound in pair
    ]
    voxels = lookUp(lesion.voxels, lesion.start, np.linalg.inv(toLater), extent)
    return LabelmapCrop(voxels, tuple(extent[::2])).trimmed()


def axisCarried(
    earlier: SliceGeometry, axis: int, later: SliceGeometry, transform: slicer.vtkMRMLTransformNode | None = None
) -> int:
    """:return: the array axis of the later scan whose slices lie most like those along an axis of the earlier one."""
    whole = LabelmapCrop(np.ones(earlier.shape, bool), (0, 0, 0))
    toLater = later.worldToIJK @ _aroundLesion(earlier, whole, transform)
    # The gradient of an index is perpendicular to its slices.
    normal = toLater[:3, :3] @ earlier.worldToIJK[depthIJK(axis), :3]
    return max(
        AXES, key=lambda each: abs(normal[depthIJK(each)]) / np.linalg.norm(later.worldToIJK[depthIJK(each), :3])
    )


def promptFor(carried: LabelmapCrop, later: SliceGeometry, axis: int) -> tuple[SlicePrompt, int]:
    """Return where the lesion is looked for: on the slice where the carried one has most voxels.

    :param carried: LabelmapCrop in voxels of the later scan, trimmed and not empty.
    :param later: SliceGeometry of the later scan.
    :param axis: array axis of its slices.
    :return: (SlicePrompt, how many slices from its own the lesion can be).
    """
    areas = carried.voxels.sum(axis=tuple(other for other in AXES if other != axis))
    best = int(areas.argmax())
    start, x0, y0 = fromIJK(axis, carried.start)
    rows, columns = np.nonzero(carried.voxels.take(best, axis=axis))
    box = (x0 + columns.min(), y0 + rows.min(), x0 + columns.max(), y0 + rows.max())
    margins = [max(1.0, MARGIN * (box[end] - box[end - 2])) for end in (2, 3)]
    edges = (box[0] - margins[0], box[1] - margins[1], box[2] + margins[0], box[3] + margins[1])
    farthest = max(best, len(areas) - 1 - best)
    prompt = SlicePrompt(axis, int(start) + best, tuple(float(edge) for edge in edges))
    return later.clip(prompt), farthest + max(1, math.ceil(GROWTH * farthest))


def _aroundLesion(earlier, lesion, transform):
    """:return: 4 × 4 array from the world of the earlier scan to that of the later one, around a lesion."""
    if transform is None:
        return np.eye(4)
    low, high = (np.array(lesion.extent[start::2], float) for start in (0, 1))
    center = (earlier.IJKToWorld @ [*(low + high) / 2, 1.0])[:3]
    reach = max(_LEAST_REACH, np.abs(earlier.IJKToWorld[:3, :3] @ (high - low + 1)).max() / 2)
    toWorld = _generalTransform(transform)
    ends = [
        [np.array(toWorld.TransformPoint(*(center + sign * reach * side))) for sign in (1, -1)] for side in np.eye(3)
    ]
    matrix = np.eye(4)
    matrix[:3, :3] = np.array([(far - near) / (2 * reach) for far, near in ends]).T
    matrix[:3, 3] = np.array(toWorld.TransformPoint(*center)) - matrix[:3, :3] @ center
    return matrix


def _generalTransform(transform):
    toWorld = vtk.vtkGeneralTransform()
    transform.GetTransformToWorld(toWorld)
    return toWorld
