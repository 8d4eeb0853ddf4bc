"""Voxels as a NRRD file, which Slicer and the server read alike; pure numpy, for any thread."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import vtk


def writeNrrd(path: Path, voxels: np.ndarray, IJKToRAS: vtk.vtkMatrix4x4) -> None:
    """Write voxels with their place in space, uncompressed.

    :param path: the file; replaced.
    :param voxels: (K, J, I) array of numbers.
    :param IJKToRAS: 4 × 4 array, in millimeters.
    """
    voxels = np.ascontiguousarray(voxels, voxels.dtype.newbyteorder("="))
    # The file's own frame is left, posterior, superior.
    toLPS = np.diag([-1.0, -1.0, 1.0, 1.0]) @ IJKToRAS
    lines = (
        "NRRD0004",
        f"type: {voxels.dtype.name.replace('float32', 'float').replace('float64', 'double')}",
        "dimension: 3",
        "space: left-posterior-superior",
        "sizes: " + " ".join(str(size) for size in reversed(voxels.shape)),
        "space directions: " + " ".join(_vector(toLPS[:3, index]) for index in range(3)),
        "kinds: domain domain domain",
        f"endian: {sys.byteorder}",
        "encoding: raw",
        "space origin: " + _vector(toLPS[:3, 3]),
    )
    with Path(path).open("wb") as file:
        file.write(("\n".join(lines) + "\n\n").encode("ascii"))
        file.write(voxels.data)


def _vector(values):
    return "({})".format(",".join(f"{value:.17g}" for value in values))
