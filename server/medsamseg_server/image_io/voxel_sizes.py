"""How large a voxel is, for formats that may leave that out: readers then say 1 mm, which is a guess."""

from __future__ import annotations

import re
from pathlib import Path

from medsamseg_server.image_io.image import Geometry

# Enough for any header of text; voxels follow.
_HEADER_BYTES = 1 << 18
_IN_MILLIMETERS = {"MetaImageIO", "NiftiImageIO", "NrrdImageIO", "GDCMImageIO", "MINCImageIO", "GiplImageIO"}
#: Length of the units that scanners, microscopes and their software write, in millimeters.
MILLIMETERS = {
    **dict.fromkeys(("m", "meter", "meters"), 1000.0),
    **dict.fromkeys(("cm", "centimeter", "centimeters"), 10.0),
    **dict.fromkeys(("mm", "millimeter", "millimeters"), 1.0),
    # Both letters for micro, and how ImageJ writes the first.
    **dict.fromkeys(("µm", "μm", "\\u00B5m", "um", "micron", "microns", "micrometer", "micrometers"), 1e-3),
    **dict.fromkeys(("nm", "nanometer", "nanometers"), 1e-6),
}


def stated_voxel_ml(path: Path, reader: str, geometry: Geometry) -> float | None:
    """Return the volume of a voxel in milliliters; None where the file does not state it.

    Args:
        path: the file.
        reader: name of ITK's class that reads it.
        geometry: where that class puts its voxels.
    """
    if reader == "NrrdImageIO":
        return _in_nrrd(_header(path), geometry)
    if reader == "MetaImageIO":
        says = re.search(r"^\s*Element(Spacing|Size)\s*=", _header(path), re.MULTILINE)
        return geometry.voxel_ml if says else None
    return geometry.voxel_ml if reader in _IN_MILLIMETERS else None


def _in_nrrd(header: str, geometry: Geometry) -> float | None:
    """Go by ``spacings``, or by ``space directions`` and their units (https://teem.sourceforge.net/nrrd/format.html)."""
    fields = dict(re.findall(r"^([a-z ]+): *(.*?)\r?$", header, re.MULTILINE))
    directions, spacings = fields.get("space directions"), fields.get("spacings")
    if directions is not None:
        known = directions.count("(")
    else:
        known = sum(text.lower() not in ("nan", "none") for text in (spacings or "").split())
    if known < 3:
        return None
    factor = 1.0
    units = fields.get("space units") if directions is not None else fields.get("units")
    for unit in [text for text in re.findall(r'"([^"]*)"', units or "") if text][-3:]:
        if unit not in MILLIMETERS:
            return None
        factor *= MILLIMETERS[unit]
    return geometry.voxel_ml * factor


def _header(path: Path) -> str:
    with path.open("rb") as file:
        return file.read(_HEADER_BYTES).partition(b"\n\n")[0].decode("utf-8", "replace")
