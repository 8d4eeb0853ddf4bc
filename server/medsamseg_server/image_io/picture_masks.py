"""Masks of flat pictures as pictures of the same size."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from PIL import Image

from medsamseg_server.errors import ErrorKind, MedSAMSegError
from medsamseg_server.image_io.image import ScanPlace
from medsamseg_server.image_io.mask_writer import Layers, Segment

#: Suffixes of masks that are pictures.
PICTURE_MASK_SUFFIXES = (".png", ".tif", ".tiff")


def is_picture_mask(path: Path) -> bool:
    """Return whether a mask of this name is a picture."""
    return path.suffix.lower() in PICTURE_MASK_SUFFIXES


def not_flat(path: Path, slices: int) -> MedSAMSegError:
    """Return the error that a picture has no room for several slices."""
    message = f"{path.name} would be one picture, but the scan has {slices} slices."
    return MedSAMSegError(ErrorKind.INVALID_INPUT, "output_not_flat", message, "End its name with .nii.gz or .nrrd.")


class PictureWriter:
    """Pictures: a single object is white (255), several have gray levels 1, 2, 3 …"""

    suffixes = PICTURE_MASK_SUFFIXES
    holds_overlap = False
    holds_slices = False

    def write(self, path: Path, segments: Sequence[Segment], layers: Layers, place: ScanPlace) -> None:
        """See ``Writer``."""
        labels = layers.arrays[0][0]
        Image.fromarray(labels.astype(np.uint8) * np.uint8(255) if len(segments) == 1 else labels).save(path)

    def notes(self, path: Path, segments: Sequence[Segment], place: ScanPlace) -> tuple[str, ...]:
        """See ``Writer``."""
        if len(segments) < 2:
            return ()
        levels = ", ".join(f"{number} {segment.name}" for number, segment in enumerate(segments, 1))
        return (f"Gray levels of the mask: {levels}.",)
