"""Voxels as a NRRD file, which Slicer and the server read alike; pure numpy, for any thread."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import vtk


def writeNrrd(
    path: Path, voxels: np.ndarray, IJKToRAS: vtk.vtkMatrix4x4, fields: Mapping[str, str] | None = None
) -> None:
    """Write voxels with their place in space, uncompressed.

    :param path: the file; replaced.
    :param voxels: (K, J, I) array of numbers; (K, J, I, layers) with several values a voxel.
    :param IJKToRAS: 4 × 4 array, in millimeters.
    :param fields: further fields by name, such as those of segments; each a line of text.
    """
    voxels = np.ascontiguousarray(voxels, voxels.dtype.newbyteorder("="))
    # The file's own frame is left, posterior, superior.
    toLPS = np.diag([-1.0, -1.0, 1.0, 1.0]) @ IJKToRAS
    layers = voxels.ndim - 3
    lines = [
        "NRRD0004",
        f"type: {voxels.dtype.name.replace('float32', 'float').replace('float64', 'double')}",
        f"dimension: {voxels.ndim}",
        "space: left-posterior-superior",
        "sizes: " + " ".join(str(size) for size in reversed(voxels.shape)),
        "space directions: " + " ".join(["none"] * layers + [_vector(toLPS[:3, index]) for index in range(3)]),
        "kinds: " + " ".join(["list"] * layers + ["domain"] * 3),
        f"endian: {sys.byteorder}",
        "encoding: raw",
        "space origin: " + _vector(toLPS[:3, 3]),
        *(f"{key}:={_oneLine(value)}" for key, value in (fields or {}).items()),
    ]
    with Path(path).open("wb") as file:
        file.write(("\n".join(lines) + "\n\n").encode("utf-8"))
        file.write(voxels.data)


def _oneLine(text):
    # Of a key/value pair, by the format's definition.
    return text.replace("\\", "\\\\").replace("\n", "\\n")


def _vector(values):
    return "({})".format(",".join(f"{value:.17g}" for value in values))
