"""Masks of flat pictures as pictures of the same size."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from medsamseg_server.errors import ErrorKind, MedSAMSegError

#: Suffixes of masks that are pictures.
PICTURE_MASK_SUFFIXES = (".png", ".tif", ".tiff")


def is_picture_mask(path: Path) -> bool:
    """Return whether a mask of this name is a picture."""
    return path.suffix.lower() in PICTURE_MASK_SUFFIXES


def check_flat(path: Path, shape: tuple[int, ...]) -> None:
    """Raise ``output_not_flat`` where ``path`` is a picture, and what was segmented, (K, J, I), has several slices."""
    if is_picture_mask(path) and shape[0] != 1:
        message = f"{path.name} would be one picture, but the scan has {shape[0]} slices."
        raise MedSAMSegError(ErrorKind.INVALID_INPUT, "output_not_flat", message, "End its name with .nii.gz or .nrrd.")


def write_picture_mask(path: Path, labels: NDArray[Any], count: int) -> None:
    """Write a mask as a picture.

    Args:
        path: its suffix decides the format.
        labels: (1, H, W), 0 beside the objects and 1, 2, 3… on them.
        count: number of objects. A single one becomes white (255); several keep their numbers.
    """
    flat = labels[0].astype(np.uint8) * np.uint8(255) if count == 1 else labels[0]
    Image.fromarray(flat).save(path)


def describe(names: Sequence[str]) -> str:
    """Return what the gray levels of a mask with several objects mean."""
    return "Gray levels of the mask: " + ", ".join(f"{number} {name}" for number, name in enumerate(names, 1)) + "."
