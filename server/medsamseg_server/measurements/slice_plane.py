"""The plane of a scan's slices: from pixels to millimeters in it, and to voxels of the scan."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Protocol, TypeAlias

import numpy as np
from numpy.typing import NDArray

#: Points (N, 2) or more such rows, or lengths in a plane.
Points: TypeAlias = NDArray[np.float64]
#: Voxel indices i, j, k; centers are integers.
Voxel: TypeAlias = tuple[float, float, float]
#: A position x, y, z in millimeters.
Position: TypeAlias = tuple[float, float, float]


class Grid(Protocol):
    """Where voxels lie, such as ``image_io.image.Geometry``, whose import reads image files as well."""

    @property
    def matrix(self) -> NDArray[np.float64]:
        """4×4 matrix from voxel indices I, J, K to LPS in millimeters."""


@dataclass(frozen=True)
class StraightGrid:
    """Voxels of which only the distances are known.

    Attributes:
        spacing: along K, J and I, in millimeters.
    """

    spacing: tuple[float, float, float]

    @property
    def matrix(self) -> NDArray[np.float64]:
        """As of ``Grid``, from the first voxel on along the patient's axes."""
        return np.diag([*reversed(self.spacing), 1.0])


class SlicePlane:
    """The slices of a scan across one axis of its array; pixels (x, y) have their centers at integers.

    Lengths and angles in the plane are right for anisotropic, oblique and sheared scans.

    Args:
        geometry: where the scan lies.
        axis: array axis across the slices: 0, 1 or 2 of (K, J, I).
    """

    def __init__(self, geometry: Grid, axis: int) -> None:
        self._geometry = geometry
        # Columns of the slice are its last array axis. Array axis 2 is I, which is index 0.
        self._y, self._x = (2 - number for number in range(3) if number != axis)
        self._across = 2 - axis
        columns = geometry.matrix[:3, :3]
        #: Orthonormal axes of the plane (3, 2), and (2, 2) from pixels to millimeters along them.
        self._axes, self._to_mm = np.linalg.qr(columns[:, [self._x, self._y]])
        normal = np.cross(self._axes[:, 0], self._axes[:, 1])
        self.slice_distance = abs(float(normal @ columns[:, self._across]))
        """Distance between neighboring slices along their normal, in millimeters."""

    def in_mm(self, pixels: Points) -> Points:
        """Return points (N, 2) in millimeters along two perpendicular axes of the plane, of pixels (N, 2)."""
        return np.asarray(pixels @ self._to_mm.T)

    def distance(self, ends: Points) -> float:
        """Return how far two pixels (2, 2) are apart, in millimeters."""
        return math.dist(*self.in_mm(ends).tolist())

    def in_pixels(self, millimeters: Points) -> Points:
        """Return what ``in_mm`` made of pixels (N, 2) as pixels."""
        return np.asarray(millimeters @ np.linalg.inv(self._to_mm).T)

    def voxel(self, pixel: Points, index: int) -> Voxel:
        """Return the voxel indices of a pixel (2,) on slice ``index``."""
        found = [0.0, 0.0, 0.0]
        found[self._x], found[self._y], found[self._across] = float(pixel[0]), float(pixel[1]), float(index)
        return (found[0], found[1], found[2])

    def ras(self, voxel: Voxel) -> Position:
        """Return where a voxel lies: right, anterior, superior in millimeters, as 3D Slicer has it."""
        left, back, head = (self._geometry.matrix @ [*voxel, 1.0])[:3].tolist()
        return (-left, -back, head)
