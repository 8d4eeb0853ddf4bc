"""What a TIFF file says beyond its pixels: what its pages are, and how large a voxel is.

A page may be a slice, a color channel or a time point; plain readers stack them all. Microscopes say which in OME-XML
(https://docs.openmicroscopy.org/ome-model) or in ImageJ's description; tifffile knows both.
"""

from __future__ import annotations

import math
import xml.etree.ElementTree as ElementTree
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import tifffile

from medsamseg_server.errors import ErrorKind, MedSAMSegError
from medsamseg_server.image_io.dicom_colors import whole_slide_error
from medsamseg_server.image_io.pictures import colors_error
from medsamseg_server.image_io.voxel_sizes import MILLIMETERS

_KINDS = {"C": "channels", "T": "time points"}
_OTHER_COLORS: dict[object, str] = {
    tifffile.PHOTOMETRIC.SEPARATED: "CMYK",
    tifffile.PHOTOMETRIC.CIELAB: "LAB",
    tifffile.PHOTOMETRIC.ICCLAB: "LAB",
}


@dataclass(frozen=True)
class TiffStack:
    """A TIFF file.

    Attributes:
        axes: a letter for each dimension, as tifffile gives them: ``Z``, ``C``, ``T``, ``Y``, ``X``, and ``Q`` or
            ``I`` for pages of which nothing is said.
        shape: number of entries along each.
        voxel_ml: volume of a voxel in milliliters; None where the file does not say it.
        colors: what colors it has, where they are not red, green and blue; else "".
        is_pyramid: whether it has smaller copies of its pixels, as the whole slides of scanners have.
        is_bilevel: whether its pixels are black or white, of one bit.
    """

    axes: str
    shape: tuple[int, ...]
    voxel_ml: float | None
    colors: str = ""
    is_pyramid: bool = False
    is_bilevel: bool = False


def read_stack(path: Path) -> TiffStack | None:
    """Return what a TIFF file says of itself; None for what is none, or cannot be understood."""
    try:
        with tifffile.TiffFile(path) as file:
            series = file.series[0]
            colors = _OTHER_COLORS.get(series.keyframe.photometric, "")
            is_pyramid, is_bilevel = len(series.levels) > 1, series.keyframe.bitspersample == 1
            return TiffStack(series.axes, tuple(series.shape), _voxel_ml(file), colors, is_pyramid, is_bilevel)
    except (tifffile.TiffFileError, OSError, ValueError, KeyError, IndexError, ElementTree.ParseError):
        return None


def check_pages(path: Path, stack: TiffStack, size: tuple[int, ...]) -> None:
    """Raise ``image_not_3d`` unless the pages of a file are the slices of one volume, in gray or red, green and blue.

    Other errors: ``picture_kind`` for colors of printing, single bits and other numbers of values in a pixel,
    ``image_whole_slide`` for a pyramid that is read in part.

    Args:
        path: the file, for the message.
        stack: what it says of itself.
        size: number of voxels along I, J and K that were found by reading page after page.
    """
    if stack.colors:
        raise colors_error(path, stack.colors)
    shown = " × ".join(str(extent) for extent in stack.shape)
    for axis, extent in zip(stack.axes, stack.shape, strict=True):
        if axis in _KINDS and extent > 1:
            raise MedSAMSegError(
                ErrorKind.INVALID_INPUT,
                "image_not_3d",
                f"{path} holds {extent} {_KINDS[axis]} ({stack.axes}: {shown}), and these are not slices.",
                f"Save one of the {_KINDS[axis]} as a file of its own, in Fiji with Image > Color > Split Channels."
                if axis == "C"
                else "Save one time point as a file of its own.",
            )
    _check_pixels(path, stack)
    if math.prod(stack.shape) != math.prod(size):
        if stack.is_pyramid:
            raise whole_slide_error(path)
        raise MedSAMSegError(
            ErrorKind.INVALID_INPUT,
            "image_not_3d",
            f"{path} holds several pictures: the first is {shown} pixels ({stack.axes}), which is not all of it.",
            "Save the one volume that you want to segment.",
        )


def _check_pixels(path: Path, stack: TiffStack) -> None:
    """Raise ``picture_kind`` for pixels that plain readers take for others than they are."""
    if stack.is_bilevel:
        raise MedSAMSegError(
            ErrorKind.INVALID_INPUT,
            "picture_kind",
            f"{path} has pixels of one bit, black or white: it is a drawing or a mask.",
            "Give the picture itself, or save this one with 8 bits, in gray.",
        )
    values = dict(zip(stack.axes, stack.shape, strict=True)).get("S", 1)
    if values not in (1, 3, 4):
        raise MedSAMSegError(
            ErrorKind.INVALID_INPUT,
            "picture_kind",
            f"{path} has {values} values in each pixel; expected one (gray) or three (red, green, blue).",
            "Save one of them as gray, or three as red, green and blue.",
        )


def _voxel_ml(file: tifffile.TiffFile) -> float | None:
    if file.is_ome:
        return _from_ome(file.ome_metadata or "")
    if file.is_imagej:
        return _from_imagej(file.pages[0], file.imagej_metadata or {})
    # Resolution tags are those of a printer or a screen, and tell nothing of depth.
    return None


def _from_ome(text: str) -> float | None:
    for element in ElementTree.fromstring(text).iter():
        if element.tag.rpartition("}")[2] == "Pixels":
            sizes = [
                _millimeters(element.get(f"PhysicalSize{axis}"), element.get(f"PhysicalSize{axis}Unit", "µm"))
                for axis in "XYZ"
            ]
            return _ml(sizes)
    return None


def _from_imagej(page: Any, told: Mapping[str, Any]) -> float | None:
    unit = str(told.get("unit", ""))
    sizes = [_millimeters(told.get("spacing"), unit)]
    for tag in ("XResolution", "YResolution"):
        pixels, length = page.tags[tag].value if tag in page.tags else (0, 1)
        sizes.append(_millimeters(length / pixels if pixels else None, unit))
    return _ml(sizes)


def _millimeters(size: Any, unit: str) -> float:
    """Return a length in millimeters; NaN where it is not said."""
    try:
        length = float(size)
    except (TypeError, ValueError):
        return math.nan
    return length * MILLIMETERS.get(unit.strip(), math.nan)


def _ml(sizes: list[float]) -> float | None:
    volume = math.prod(sizes) / 1000
    return volume if math.isfinite(volume) and volume > 0 else None
