"""Scans with labels in one file, as the CVPR challenges on MedSAM had them: ``.npz`` with imgs, gts and spacing.

The arrays are (K, J, I); ``spacing`` is SimpleITK's, along I, J and K (the MedSAM authors' ``pre_CT_MR.py``). There is
no place in the patient: the first voxel is at 0, 0, 0. What else is in the file, such as boxes, is not read.
"""

from __future__ import annotations

import zipfile
import zlib
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from medsamseg_server.errors import ErrorKind, MedSAMSegError
from medsamseg_server.image_io.image import STRAIGHT, Geometry, Image, check_layout
from medsamseg_server.image_io.label_places import place_error
from medsamseg_server.image_io.labels import Labels, label_map, unreadable, whole_numbers
from medsamseg_server.volumes.npy_upload import parse_array


def is_one(path: Path) -> bool:
    """Return whether a file of this name is one."""
    return path.suffix.lower() == ".npz"


def read_scan(path: Path) -> Image:
    """Return the scan of a file.

    Raises:
        MedSAMSegError: ``labels_unreadable``, or as ``image_types.check_layout``.
    """
    array = read_array(path, "imgs")
    check_layout(path, array.shape[::-1], 1)
    spacing = read_array(path, "spacing") if "spacing" in _names(path) else np.ones(3)
    if spacing.shape != (3,) or not np.isfinite(spacing).all() or (spacing <= 0).any():
        raise unreadable(path, "has a spacing that is not three positive distances")
    geometry = Geometry(tuple(map(float, spacing)), (0.0, 0.0, 0.0), STRAIGHT)
    if "spacing" in _names(path):
        return Image(array, geometry, voxel_ml=geometry.voxel_ml)
    return Image(array, geometry, (f"{path.name} does not say how large its voxels are: 1 mm is assumed.",))


def read_labels(path: Path, image: Image) -> Labels:
    """Return the labels of a file; see ``label_reading.read_labels``."""
    array = whole_numbers(read_array(path, "gts"), path)
    if array.shape != image.array.shape:
        shapes = (" × ".join(map(str, shape)) for shape in (array.shape, image.array.shape))
        raise place_error("{} has {} voxels, its scan has {}.".format(path.name, *shapes))
    return label_map(array, path)


def _names(path: Path) -> list[str]:
    with _opened(path) as file:
        return [name.removesuffix(".npy") for name in file.namelist()]


def read_array(path: Path, name: str) -> NDArray[Any]:
    """Return an array of a file.

    Raises:
        MedSAMSegError: ``labels_unreadable`` where it has none of this name, or is damaged, or ``image_missing``.
    """
    try:
        with _opened(path) as file:
            return parse_array(file.read(f"{name}.npy"))
    except KeyError as error:
        expected = "the array masks" if name == "masks" else "the arrays imgs, gts and spacing"
        hint = f"Expected is a file with {expected}."
        raise unreadable(path, f"has no array '{name}'", hint) from error
    except (OSError, zipfile.BadZipFile, zlib.error, NotImplementedError) as error:
        raise unreadable(path, "is damaged or incomplete") from error


def _opened(path: Path) -> zipfile.ZipFile:
    try:
        return zipfile.ZipFile(path)
    except FileNotFoundError as error:
        message = f"There is no file {path}."
        raise MedSAMSegError(ErrorKind.NOT_FOUND, "image_missing", message, "Check the path.") from error
    except (OSError, zipfile.BadZipFile) as error:
        raise unreadable(path, "is not an .npz file that can be read, or it is damaged") from error
