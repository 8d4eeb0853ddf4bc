"""Where a volume's voxels are in the world, and which slice a box drawn in the world lies on."""

from __future__ import annotations

import functools
import math
from collections.abc import Sequence

import numpy as np
import slicer
import vtk

from MedSAMSegLib.errors import UserError
from MedSAMSegLib.volumes.obliqueStack import follow, isStack, sourceOf
from MedSAMSegLib.volumes.sliceAxes import AXES, byAxis, depthIJK, fromIJK, inPlaneIJK, toIJK
from MedSAMSegLib.volumes.slicePrompt import SlicePrompt
from MedSAMSegLib.volumes.voxelPlaces import IJKToWorldOf

# A view that is turned less than this against the volume, in degrees, shows its slices to the eye.
SMALLEST_ROTATION = 1.0

# Two corners further apart than this along the axis, in slices, are not a box on one slice.
SAME_SLICE_TOLERANCE = 0.5

# Of the directions of the axes: below it, two of them are one.
SMALLEST_DETERMINANT = 1e-6


class SliceGeometry:
    """A volume's geometry at one moment: make a new one when the volume or its transforms may have changed. ::

        geometry = SliceGeometry(volumeNode)
        prompt = geometry.boxFromRAS((12.0, 34.0, -5.0), (40.0, 60.0, -5.0))

    "World" is Slicer's RAS in millimeters, with all parent transforms applied, as the slice views show it.

    :param volumeNode: scalar volume in the scene, under no transform or linear ones.
    :raises UserError: if the volume was removed, has no voxels, has several values in a voxel that are no colors, is a
        label map, is under a non-linear transform, or has a matrix that gives its voxels no places.
    """

    def __init__(self, volumeNode: slicer.vtkMRMLScalarVolumeNode) -> None:
        checkVolume(volumeNode)
        self.volumeNode = volumeNode
        self.shape = tuple(reversed(volumeNode.GetImageData().GetDimensions()))
        self.IJKToWorld = IJKToWorldOf(volumeNode)
        self.worldToIJK = np.linalg.inv(self.IJKToWorld)

    @property
    def isCurrent(self) -> bool:
        """Whether the volume is still where it was.

        :raises UserError: when it was removed, or cannot be segmented any more.
        """
        checkVolume(self.volumeNode)
        return bool((IJKToWorldOf(self.volumeNode) == self.IJKToWorld).all())

    @property
    def spacing(self) -> list[float]:
        """Distances of voxel centers along the array axes (K, J, I), in millimeters of the world."""
        return [float(length) for length in reversed(np.linalg.norm(self.IJKToWorld[:3, :3], axis=0))]

    def continuousIJK(self, point: Sequence[float]) -> np.ndarray:
        """:return: continuous (i, j, k) of a point in the world; voxel centers are integers."""
        return (self.worldToIJK @ [*point, 1.0])[:3]

    def worldFromContinuous(self, axis: int, sliceIndex: int, x: float, y: float) -> np.ndarray:
        """:return: the point in the world at continuous in-plane position (x, y) of a slice."""
        return (self.IJKToWorld @ [*toIJK(axis, sliceIndex, x, y), 1.0])[:3]

    def sliceIndex(self, axis: int, point: Sequence[float]) -> int:
        """:return: index of the slice nearest to a point in the world; it may lie outside the volume."""
        return _nearestSlice(self.continuousIJK(point)[depthIJK(axis)])

    def sliceShape(self, axis: int) -> tuple[int, int]:
        """:return: (rows, columns) of the slices along an axis."""
        rows, columns = (size for arrayAxis, size in enumerate(self.shape) if arrayAxis != axis)
        return rows, columns

    def axisForCorners(self, cornerA: Sequence[float], cornerB: Sequence[float]) -> int:
        """:return: the array axis along which two corners in the world are closest, counted in voxels."""
        distances = np.abs(self.continuousIJK(cornerA) - self.continuousIJK(cornerB))
        return int(np.argmin(byAxis(distances)))

    def axisForSliceNode(self, sliceNode: slicer.vtkMRMLSliceNode) -> tuple[int, float]:
        """Find the slices that a view shows best.

        :param sliceNode: vtkMRMLSliceNode of the view.
        :return: (array axis, degrees by which the view is rotated against the volume; 0 when it shows stored slices).
        """
        return self.axisForDirections(*viewAxes(sliceNode))

    def axisForDirections(self, right: np.ndarray, up: np.ndarray, normal: np.ndarray) -> tuple[int, float]:
        """Find the slices that are nearest to a plane.

        :param right: direction along the plane's rows, in the world.
        :param up: direction along its columns, either way.
        :param normal: direction across it.
        :return: as of :meth:`axisForSliceNode`.
        """
        axis, tilt = self._nearestAxis(normal)
        return axis, max(tilt, self._inPlaneAngle(axis, right, up))

    def showsSlices(self, sliceNode: slicer.vtkMRMLSliceNode, axis: int) -> bool:
        """Tell whether a view is one to see slices in: it shows them better than those along other axes.

        The planes of a stack are for views that are turned as they are, and for no others.

        :param sliceNode: vtkMRMLSliceNode of the view.
        :param axis: array axis of the slices.
        """
        shown, tilt = self._nearestAxis(viewAxes(sliceNode)[2])
        return shown == axis and (tilt < SMALLEST_ROTATION or not isStack(self.volumeNode))

    def axisOf(self, sliceNode: slicer.vtkMRMLSliceNode) -> int:
        """:return: the array axis of the slices that the view of a vtkMRMLSliceNode shows best."""
        _right, _up, normal = viewAxes(sliceNode)
        return self._nearestAxis(normal)[0]

    def _nearestAxis(self, normal):
        tilts = {axis: _angleBetweenLines(normal, perpendicular) for axis, perpendicular in self._normals.items()}
        axis = min(tilts, key=lambda axis: tilts[axis])
        return axis, tilts[axis]

    def boxFromRAS(self, cornerA: Sequence[float], cornerB: Sequence[float], axis: int | None = None) -> SlicePrompt:
        """Turn two opposite corners into a box on one slice, clipped to the image.

        :param cornerA: (R, A, S) of one corner, in the world.
        :param cornerB: (R, A, S) of the opposite corner.
        :param axis: array axis of the slice; if not given, the one along which the corners agree best.
        :return: SlicePrompt of a box; its `isClipped` tells whether a part was cut off.
        :raises UserError: if the corners lie on different slices, or the box misses the volume or has no area.
        """
        if axis is None:
            axis = self.axisForCorners(cornerA, cornerB)
        firstSlice, lastSlice = (self.continuousIJK(corner)[depthIJK(axis)] for corner in (cornerA, cornerB))
        if abs(firstSlice - lastSlice) > SAME_SLICE_TOLERANCE:
            raise UserError(
                f"The corners {_millimeters(cornerA)} and {_millimeters(cornerB)} lie on different slices of"
                f" '{self.volumeNode.GetName()}': {firstSlice:.1f} and {lastSlice:.1f} along axis {axis}.",
                "Give two corners on one slice, or name the view in which the box was drawn.",
                "box_spans_slices",
            )
        return self._boxAround((cornerA, cornerB), axis)

    def boxFromView(
        self, cornerA: Sequence[float], cornerB: Sequence[float], sliceNode: slicer.vtkMRMLSliceNode
    ) -> SlicePrompt:
        """Turn a rectangle drawn in a slice view into a box on the nearest slice of the volume.

        In a view that is rotated against the volume the box encloses the drawn rectangle, on the slice through its
        center; `axisForSliceNode` tells the angle.

        :param cornerA: (R, A, S) of one corner, in the world.
        :param cornerB: (R, A, S) of the opposite corner.
        :param sliceNode: vtkMRMLSliceNode of the view.
        :return: SlicePrompt of a box; its `isClipped` tells whether a part was cut off.
        :raises UserError: if the box misses the volume or has no area.
        """
        right, up, _normal = viewAxes(sliceNode)
        return self.boxFromDirections(cornerA, cornerB, right, up)

    def boxFromDirections(
        self, cornerA: Sequence[float], cornerB: Sequence[float], right: np.ndarray, up: np.ndarray
    ) -> SlicePrompt:
        """Turn a rectangle on any plane into a box, as :meth:`boxFromView` does.

        :param cornerA: (R, A, S) of one corner, in the world.
        :param cornerB: (R, A, S) of the opposite corner.
        :param right: unit vector along two of the rectangle's sides, in the world.
        :param up: unit vector along the other two.
        :return: SlicePrompt of a box.
        :raises UserError: if the box misses the volume or has no area.
        """
        start = np.asarray(cornerA, float)
        diagonal = np.asarray(cornerB, float) - start
        otherCorners = (start + right * (right @ diagonal), start + up * (up @ diagonal))
        return self._boxAround((cornerA, cornerB, *otherCorners), self._nearestAxis(np.cross(right, up))[0])

    def clip(self, prompt: SlicePrompt) -> SlicePrompt:
        """Cut a box to the image, [-0.5, n - 0.5] in each direction.

        :param prompt: SlicePrompt with a box.
        :return: the SlicePrompt within the image.
        :raises UserError: if nothing is left.
        """
        return self._clip(prompt, f"The box {prompt}")

    def _boxAround(self, corners, axis):
        _checkFinite(corners)
        depths, xs, ys = fromIJK(axis, np.array([self.continuousIJK(corner) for corner in corners]).T)
        sliceIndex = _nearestSlice((depths[0] + depths[1]) / 2)
        prompt = SlicePrompt(axis, sliceIndex, (float(min(xs)), float(min(ys)), float(max(xs)), float(max(ys))))
        return self._clip(prompt, f"The box from {_millimeters(corners[0])} to {_millimeters(corners[1])}")

    def _clip(self, prompt, description):
        rows, columns = self.sliceShape(prompt.axis)
        x0, y0, x1, y1 = prompt.box
        edges = (max(x0, -0.5), max(y0, -0.5), min(x1, columns - 0.5), min(y1, rows - 0.5))
        isEmpty = edges[0] >= edges[2] or edges[1] >= edges[3]
        if isEmpty or not 0 <= prompt.sliceIndex < self.shape[prompt.axis]:
            raise UserError(
                f"{description} lies outside the volume '{self.volumeNode.GetName()}'.",
                f"In voxels it is {prompt}; the volume has slices 0 to {self.shape[prompt.axis] - 1} of"
                f" {columns} × {rows} pixels along this axis.",
                "box_outside_image",
            )
        return prompt if edges == prompt.box else prompt.changed(box=edges, isClipped=True)

    @functools.cached_property
    def _normals(self):
        # The gradient of an index is perpendicular to its slices, in sheared volumes too.
        return dict(zip(AXES, byAxis(self.worldToIJK[:3, :3]), strict=True))

    def _inPlaneAngle(self, axis, right, up):
        columns, rows = (self.IJKToWorld[:3, index] for index in inPlaneIJK(axis))
        upright = max(_angleBetweenLines(right, columns), _angleBetweenLines(up, rows))
        turned = max(_angleBetweenLines(right, rows), _angleBetweenLines(up, columns))
        return min(upright, turned)


def checkVolume(volumeNode: slicer.vtkMRMLScalarVolumeNode) -> None:
    """Tell why a volume has no :class:`SliceGeometry`, where only that matters.

    :param volumeNode: the volume, or None.
    :raises UserError: if the volume was removed, has no voxels, has several values in a voxel that are no colors, is a
        label map, is under a non-linear transform, or has a matrix that gives its voxels no places.
    """
    if volumeNode is None or volumeNode.GetScene() is None:
        raise UserError("The volume is no longer in the scene.", "Choose another volume.", "volume_removed")
    if isStack(volumeNode):
        checkVolume(sourceOf(volumeNode))
        follow(volumeNode)
        return
    if volumeNode.GetImageData() is None or min(volumeNode.GetImageData().GetDimensions()) < 1:
        raise UserError(f"The volume '{volumeNode.GetName()}' has no voxels.", "Load it again.", "volume_empty")
    _checkIsScalarImage(volumeNode)
    parent = volumeNode.GetParentTransformNode()
    if parent is not None and not parent.IsTransformToWorldLinear():
        raise UserError(
            f"The volume '{volumeNode.GetName()}' is under a transform that is not linear ('{parent.GetName()}').",
            "Harden the transform in the Data module, or take the volume out of it.",
            "transform_not_linear",
        )
    _checkPlace(volumeNode)


def _checkPlace(volumeNode):
    # Not a number is never equal to itself: such a volume would count as changed for ever.
    matrix = IJKToWorldOf(volumeNode)
    # Three columns of three numbers, and looked at whenever the panel follows a change: numpy takes ten times as long.
    axes = matrix[:3, :3].T.tolist()
    lengths = [math.hypot(*axis) for axis in axes]
    # The node's own spacing, since a distance of 0 leaves no direction in its matrix.
    isZero = [0 in distances for distances in zip(lengths, volumeNode.GetSpacing(), strict=True)]
    if any(isZero):
        wrong = f"puts its voxels 0 mm apart along {'IJK'[isZero.index(True)]}"
    elif not np.isfinite(matrix).all():
        wrong = "holds values that are not numbers"
    elif abs(_volumeOf(axes, lengths)) < SMALLEST_DETERMINANT:
        wrong = "gives two of its axes the same direction"
    else:
        return
    raise UserError(
        f"The voxels of '{volumeNode.GetName()}' have no place: the matrix from voxels to the patient {wrong}.",
        "Set spacing and orientation in the module Volumes, or export the scan again.",
        "volume_without_place",
    )


def _volumeOf(axes, lengths):
    """:return: the determinant of the directions of three axes: 0 where they lie in one plane."""
    (ax, ay, az), (bx, by, bz), (cx, cy, cz) = (
        [part / length for part in axis] for axis, length in zip(axes, lengths, strict=True)
    )
    return ax * (by * cz - bz * cy) - bx * (ay * cz - az * cy) + cx * (ay * bz - az * by)


def isColor(volumeNode: slicer.vtkMRMLScalarVolumeNode) -> bool:
    """:return: whether a volume's voxels are colors, as the server takes them: 3 or 4 values of 8 or 16 bits, unsigned.

    :param volumeNode: volume with voxels.
    """
    if not volumeNode.IsA("vtkMRMLVectorVolumeNode") or volumeNode.IsA("vtkMRMLDiffusionWeightedVolumeNode"):
        return False
    image = volumeNode.GetImageData()
    isUnsigned = image.GetScalarType() in (vtk.VTK_UNSIGNED_CHAR, vtk.VTK_UNSIGNED_SHORT)
    return isUnsigned and image.GetNumberOfScalarComponents() in (3, 4)


def _checkIsScalarImage(volumeNode):
    valuesPerVoxel = volumeNode.GetImageData().GetNumberOfScalarComponents()
    if valuesPerVoxel != 1 and not isColor(volumeNode):
        raise UserError(
            f"The volume '{volumeNode.GetName()}' has {valuesPerVoxel} values in each voxel, as {_whoHas(volumeNode)}"
            " have; MedSAMSeg needs one, or colors of 8 or 16 bits.",
            "Convert it with the module Vector to Scalar Volume, which can take one of them.",
            "volume_not_scalar",
        )
    if volumeNode.IsA("vtkMRMLLabelMapVolumeNode"):
        raise UserError(
            f"The volume '{volumeNode.GetName()}' is a label map, not an image.",
            "Choose the image, or convert the label map to a scalar volume in the Volumes module.",
            "volume_is_labelmap",
        )


def _whoHas(volumeNode):
    if volumeNode.IsA("vtkMRMLDiffusionWeightedVolumeNode"):
        return "diffusion scans"
    return "color images" if volumeNode.GetImageData().GetNumberOfScalarComponents() in (3, 4) else "vector images"


def viewAxes(sliceNode: slicer.vtkMRMLSliceNode) -> np.ndarray:
    """:return: (3, 3) array, rows: unit vectors to the right, up and across a view, in the world."""
    # Asked for each view whenever the panel follows a change: half the time of `arrayFromVTKMatrix` and numpy's norm.
    sliceToRAS = np.array(sliceNode.GetSliceToRAS().GetData()).reshape(4, 4)[:3, :3]
    return (sliceToRAS / np.sqrt((sliceToRAS * sliceToRAS).sum(axis=0))).T


def _nearestSlice(depth):
    return math.floor(depth + 0.5)


def _angleBetweenLines(a, b):
    # atan2 stays exact near 0°, where acos loses half its digits. Asked whenever a view scrolls, and numpy's cross
    # product would take ten times as long.
    (ax, ay, az), (bx, by, bz) = a.tolist(), b.tolist()
    crossed = math.hypot(ay * bz - az * by, az * bx - ax * bz, ax * by - ay * bx)
    return math.degrees(math.atan2(crossed, abs(ax * bx + ay * by + az * bz)))


def _checkFinite(corners):
    for corner in corners:
        if not np.isfinite(corner).all():
            raise UserError(f"The corner {_millimeters(corner)} is not a place.", code="box_invalid")


def _millimeters(point):
    return "({}) mm".format(", ".join(f"{coordinate:.1f}" for coordinate in point))
