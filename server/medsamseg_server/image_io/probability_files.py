"""Probability maps as files: floating-point numbers, or gray levels of a picture."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from medsamseg_server.errors import ErrorKind, MedSAMSegError
from medsamseg_server.image_io.image import ScanPlace
from medsamseg_server.image_io.picture_masks import is_picture_mask
from medsamseg_server.image_io.segmentations import check_can_hold, write_volume
from medsamseg_server.system.safe_files import ensure_writable, refuse_to_replace, replacing
from medsamseg_server.volumes.probability_levels import to_levels

#: Suffixes of the files that can be written. PNG holds 8 bits, the others float32.
PROBABILITY_SUFFIXES = (".nii.gz", ".nii", ".nrrd", ".mha", ".tif", ".tiff", ".png")


def check_probability_output(path: Path, overwrite: bool = False) -> None:
    """Raise an error unless a map can be written to ``path``, so that nobody computes in vain.

    Raises:
        MedSAMSegError: ``probability_suffix``, ``output_exists``, or of kind ``CANNOT_WRITE`` for the folder's faults.
    """
    name = path.name.lower()
    if not name.endswith(PROBABILITY_SUFFIXES) or name.endswith(".seg.nrrd"):
        message = f"{path.name} is no name for a probability map."
        hint = f"End its name with one of {', '.join(PROBABILITY_SUFFIXES)}; .png holds 8 bits, the others float."
        raise MedSAMSegError(ErrorKind.INVALID_INPUT, "probability_suffix", message, hint)
    refuse_to_replace(path, overwrite)
    ensure_writable(path.parent)


def write_probability(path: Path, probability: NDArray[np.float32], place: ScanPlace) -> None:
    """Write a map; ``path`` is replaced only when the whole file is written.

    Args:
        path: its suffix, one of ``PROBABILITY_SUFFIXES``, decides the format: ``.png`` gets 0…255, of which 128 and
            more exceed 0.5; others get 0 to 1 as float32.
        probability: (K, J, I), 0 to 1; of one slice for a picture.
        place: of the scan, and so of the file.

    Raises:
        MedSAMSegError: ``output_not_flat``, ``place_not_kept``, or of kind ``CANNOT_WRITE``.
    """
    if not is_picture_mask(path):
        write_volume(path, probability, place)
        return
    check_can_hold(path, len(probability))
    flat = to_levels(probability[0]) if path.suffix.lower() == ".png" else probability[0]
    with replacing(path) as temporary:
        Image.fromarray(flat).save(temporary)
