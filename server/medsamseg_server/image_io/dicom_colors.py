"""Frames of DICOM files as pictures in red, green and blue: secondary captures, endoscopy, ultrasound, photographs."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pydicom
from numpy.typing import NDArray
from pydicom.pixels.processing import apply_color_lut
from pydicom.pixels.utils import pixel_array
from pydicom.uid import UID

from medsamseg_server.errors import ErrorKind, MedSAMSegError
from medsamseg_server.image_io.dicom_files import DamagedFileError, DicomFile, quiet_pydicom

#: Pyramids of tiles, each of which is a small part of a slide (PS3.4 annex B.5).
WHOLE_SLIDE = "1.2.840.10008.5.1.4.1.1.77.1.6"
_PALETTE = "PALETTE COLOR"


def is_color(file: DicomFile) -> bool:
    """Return whether a file's pixels are colors: three values each, or numbers of a palette."""
    return int(file.get("SamplesPerPixel", 1)) > 1 or file.get("PhotometricInterpretation") == _PALETTE


def check_whole_slide(file: DicomFile) -> None:
    """Raise ``image_whole_slide`` for a pyramid of tiles."""
    if str(file.get("SOPClassUID", "")) == WHOLE_SLIDE:
        raise whole_slide_error(file.path)


def whole_slide_error(path: Path) -> MedSAMSegError:
    """Return the error that a file is a whole slide, which is far larger than what a network sees."""
    return MedSAMSegError(
        ErrorKind.INVALID_INPUT,
        "image_whole_slide",
        f"{path.name} is a whole slide: a pyramid of tiles, far larger than what a network sees.",
        "Export the region that you want to segment as PNG or TIFF, for example in QuPath.",
    )


def read_colors(file: DicomFile, index: int) -> NDArray[Any]:
    """Return a frame in red, green and blue, (H, W, 3), uint8 or uint16; YBR is converted and palettes are resolved.

    Raises:
        DamagedFileError: when its pixels cannot be decoded.
        MedSAMSegError: ``image_compressed`` when there is no decoder.
    """
    pixels = _decode(file.path, index, file.syntax)
    if file.get("PhotometricInterpretation") == _PALETTE:
        header = pydicom.dcmread(file.path, stop_before_pixels=True)
        pixels = apply_color_lut(pixels, header)
        # Tables of 16 bits hold 8 in the upper half of each number (PS3.3 C.7.6.3.1.6).
        pixels = (pixels >> 8).astype(np.uint8) if pixels.dtype.itemsize == 2 else pixels
    return np.asarray(pixels[..., :3])


def read_gray(file: DicomFile, index: int) -> NDArray[np.uint8]:
    """Return a frame as it is shown, (H, W), uint8: all bits that are stored scaled to 8, MONOCHROME1 inverted.

    Raises:
        DamagedFileError: when its pixels cannot be decoded.
        MedSAMSegError: ``image_compressed`` when there is no decoder.
    """
    stored = _decode(file.path, index, file.syntax).astype(np.float64)
    bits = int(file.get("BitsStored", 8))
    lowest = -(2 ** (bits - 1)) if file.get("PixelRepresentation", 0) else 0
    gray = np.clip((stored - lowest) * (255 / (2**bits - 1)), 0, 255).round().astype(np.uint8)
    return np.asarray(255 - gray if file.get("PhotometricInterpretation") == "MONOCHROME1" else gray, np.uint8)


def _decode(path: Path, index: int, syntax: UID) -> NDArray[Any]:
    try:
        with quiet_pydicom():
            # YBR becomes RGB.
            return pixel_array(path, index=index)
    except (RuntimeError, NotImplementedError, ImportError) as error:
        if "unable to decompress" not in str(error).lower() and "decoder" not in str(error).lower():
            raise DamagedFileError(path, "has pixels that cannot be decoded") from error
        raise MedSAMSegError(
            ErrorKind.UNREADABLE,
            "image_compressed",
            f"The colors of {path.name} are compressed as {syntax.name}, for which there is no decoder here.",
            "Export it uncompressed (Explicit VR Little Endian), or as JPEG Baseline or JPEG 2000.",
        ) from error
    except Exception as error:  # Decoders raise anything on damaged data.
        raise DamagedFileError(path, "has pixels that cannot be decoded") from error
