"""Flat pictures: PNG, JPEG, BMP, WebP and GIF files, as their viewers show them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps, UnidentifiedImageError

from medsamseg_server.errors import ErrorKind, MedSAMSegError
from medsamseg_server.system.safe_files import ensure_readable

#: Files that are flat pictures by their names.
PICTURE_SUFFIXES = (".png", ".jpg", ".jpeg", ".bmp", ".webp", ".gif")
#: Whole slides of digital pathology by their names: pyramids in the formats of scanners.
WHOLE_SLIDE_SUFFIXES = (".svs", ".ndpi", ".mrxs", ".scn", ".vms", ".vmu", ".bif", ".czi", ".vsi")

# Pillow's modes of one gray value per pixel, more than 8 bits.
_DEEP_GRAY = {"I;16": np.uint16, "I;16L": np.uint16, "I;16B": np.uint16, "I": np.int32, "F": np.float32}


def is_picture(path: Path) -> bool:
    """Return whether a file is a flat picture, by its name."""
    return path.suffix.lower() in PICTURE_SUFFIXES


def may_be_flat(path: Path) -> bool:
    """Return whether a file is, by its name, mostly a single picture: it needs no number of a slice then."""
    return is_picture(path) or path.suffix.lower() in (".tif", ".tiff", *WHOLE_SLIDE_SUFFIXES)


def read_picture(path: Path) -> tuple[NDArray[Any], tuple[str, ...]]:
    """Return a picture's pixels, and sentences on what the user should know of the reading.

    A picture that says how to turn it (EXIF, as cameras and phones write it) is turned, so rows and columns are those
    of the picture as it is shown. Palettes are resolved, transparency is left out. A color picture whose three colors
    are the same everywhere is gray.

    Returns:
        gray values (H, W), uint8, uint16, int32 or float32; or colors (H, W, 3), uint8 or uint16.

    Raises:
        MedSAMSegError: ``image_unreadable``, ``image_incomplete``, ``picture_kind`` for colors of printing, or
            ``picture_moves`` for an animation.
    """
    try:
        with Image.open(path) as picture:
            _check_kind(path, picture)
            pixels, notes = _pixels(path, picture)
    except UnidentifiedImageError as error:
        ensure_readable(path, "image_unreadable")
        raise MedSAMSegError(
            ErrorKind.UNREADABLE,
            "image_unreadable",
            f"{path} is not a picture that can be read, or it is damaged.",
            "Copy or export it again, as PNG for example.",
        ) from error
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError) as error:
        ensure_readable(path, "image_unreadable")
        raise MedSAMSegError(
            ErrorKind.UNREADABLE,
            "image_incomplete",
            f"{path} is damaged, incomplete or too large: its pixels could not be read.",
            "Copy or export the file again.",
        ) from error
    if pixels.ndim == 3 and (pixels[..., :1] == pixels[..., 1:]).all():
        pixels = pixels[..., 0]
    return pixels, notes


def _check_kind(path: Path, picture: Image.Image) -> None:
    frames = getattr(picture, "n_frames", 1)
    if frames > 1:
        raise MedSAMSegError(
            ErrorKind.INVALID_INPUT,
            "picture_moves",
            f"{path} is an animation of {frames} frames, not one picture.",
            "Save the frame that you want to segment as PNG; to follow an object through all of them, save it as MP4.",
        )
    if picture.mode in ("CMYK", "LAB", "HSV"):
        raise colors_error(path, picture.mode)


def colors_error(path: Path, colors: str) -> MedSAMSegError:
    """Return the error that a picture has other colors than red, green and blue, such as ``CMYK``."""
    return MedSAMSegError(
        ErrorKind.INVALID_INPUT,
        "picture_kind",
        f"{path} has {colors} colors, which depend on a printer or a standard light.",
        "Save it with red, green and blue (RGB) as PNG.",
    )


def _pixels(path: Path, picture: Image.Image) -> tuple[NDArray[Any], tuple[str, ...]]:
    turn = picture.getexif().get(0x0112, 1)
    notes = ("The picture was turned as it says; boxes are in pixels of the turned picture.",) if turn != 1 else ()
    if _is_deep_color(path, picture):
        return _deep_colors(path), ()
    if picture.mode in _DEEP_GRAY:
        return np.asarray(ImageOps.exif_transpose(picture)).astype(_DEEP_GRAY[picture.mode]), notes
    shown = ImageOps.exif_transpose(picture)
    if shown.mode in ("1", "L", "LA", "La"):
        gray = shown.convert("L") if shown.mode == "1" else shown.getchannel(0)
        return np.asarray(gray), notes + _transparency(shown)
    if shown.mode == "P":
        shown = shown.convert("RGBA" if "transparency" in shown.info else "RGB")
    return np.asarray(shown)[..., :3] if shown.mode in ("RGBA", "RGBX") else np.asarray(
        shown.convert("RGB")
    ), notes + _transparency(shown)


def _transparency(picture: Image.Image) -> tuple[str, ...]:
    if picture.mode not in ("LA", "RGBA"):
        return ()
    lowest, _ = picture.getchannel("A").getextrema()
    if lowest == 255:
        return ()
    return ("The picture is transparent in places; it was taken as it is stored there.",)


def _is_deep_color(path: Path, picture: Image.Image) -> bool:
    """Return whether a PNG has colors of 16 bits, of which Pillow reads only the upper 8."""
    if picture.format != "PNG" or picture.mode not in ("RGB", "RGBA"):
        return False
    with path.open("rb") as file:
        # The signature, then the chunk IHDR: length, name, width, height, and the bits of a sample (PNG, 11.2.1).
        return file.read(25)[24:] == b"\x10"


def _deep_colors(path: Path) -> NDArray[np.uint16]:
    encoded = np.frombuffer(path.read_bytes(), np.uint8)
    found = cv2.imdecode(encoded, cv2.IMREAD_UNCHANGED)
    if found is None:
        raise ValueError("not whole")
    return np.ascontiguousarray(found[..., 2::-1], np.uint16)
