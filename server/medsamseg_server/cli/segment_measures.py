"""What is measured of the segments, as ``medsamseg segment`` says and writes it."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from medsamseg_server.cli.slice_table import path_beside
from medsamseg_server.system.safe_files import replacing

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from medsamseg_server.image_io.image import Image
    from medsamseg_server.measurements.diameters import Diameter
    from medsamseg_server.measurements.measuring import Measurements

#: What has a range, by its name.
RANGED = ("volume_ml", "longest_mm", "perpendicular_mm")
#: The ends of these ranges in tables.
RANGE_COLUMNS = tuple(f"{name}_{end}" for name in RANGED for end in ("low", "high"))
_SIZES = ("volume_ml", "slices", "extent_mm", "longest_mm", "perpendicular_mm", "slice")
_COLUMNS = (*_SIZES, "mean", "sd", "min", "max", *RANGE_COLUMNS)
# Of PET scans alone.
_SUV_COLUMNS = ("suv_mean", "suv_sd", "suv_min", "suv_max")


def measure_all(
    image: Image,
    axis: int,
    masks: Mapping[str, NDArray[Any]],
    variants: Mapping[str, Mapping[int, NDArray[Any] | None]] | None = None,
) -> tuple[dict[str, Measurements | None], list[str]]:
    """Measure each segment; None where the scan's millimeters are not known. Also, what could not be measured, and why.

    Args:
        image: the scan.
        axis: array axis across the slices with boxes.
        masks: the segments' voxels by name, (K, J, I).
        variants: by name and slice, the masks that voted for a segment; see ``WholeMask.variants``.
    """
    from medsamseg_server.measurements.measuring import measure
    from medsamseg_server.measurements.suv import suv_scale

    scale = suv_scale(image.source)
    notes = [scale.reason] if scale is not None and scale.reason else []
    if not image.has_millimeters:
        return dict.fromkeys(masks), notes
    factor = None if scale is None else scale.factor
    voted = variants or {}
    return {
        name: measure(mask > 0, image.geometry, axis, image.array, factor, voted.get(name))
        for name, mask in masks.items()
    }, notes


def as_json(measured: Measurements | None) -> dict[str, Any] | None:
    """Return what ``--json`` says: millimeters, voxels (i, j, k), and positions to the right, anterior, superior."""
    if measured is None:
        return None
    found = measured.diameters
    return {
        "volume_ml": rounded(measured.volume_ml),
        "slices": measured.slices,
        "extent_mm": rounded(measured.extent_mm),
        "diameters": None
        if found is None
        else {
            "slice": found.slice,
            "longest": _diameter_as_json(found.longest),
            "perpendicular": _diameter_as_json(found.perpendicular),
        },
        "intensities": None
        if measured.intensities is None
        else {name: rounded(value) for name, value in asdict(measured.intensities).items()},
        **_suv_as_json(measured),
        "ranges": {name: list(ends) for name, ends in ranges_of(measured).items()} or None,
    }


def ranges_of(measured: Measurements | None) -> dict[str, tuple[float, float]]:
    """Return the ranges of an object's sizes, rounded, by names of ``RANGED``; none where they are not known."""
    if measured is None or measured.ranges is None:
        return {}
    return {name: (rounded(low), rounded(high)) for name, (low, high) in asdict(measured.ranges).items()}


def range_cells(measured: Measurements | None) -> dict[str, float]:
    """Return the ends of these ranges by names of ``RANGE_COLUMNS``."""
    ends = [end for low_high in ranges_of(measured).values() for end in low_high]
    return dict(zip(RANGE_COLUMNS, ends, strict=False))


def _suv_as_json(measured: Measurements) -> dict[str, Any]:
    if measured.suv is None:
        return {}
    return {"suv": {name: rounded(value) for name, value in asdict(measured.suv).items()}}


def in_words(measured: Measurements | None) -> str:
    """Return the end of a line for people, such as ``, longest diameter 34.2 mm × 21.0 mm on slice 24``."""
    if measured is None or measured.diameters is None:
        return ""
    found = measured.diameters
    ranges = ranges_of(measured)
    longest = with_range(_mm(found.longest.length), ranges.get("longest_mm"), 1)
    across = with_range(_mm(found.perpendicular.length), ranges.get("perpendicular_mm"), 1)
    words = f", longest diameter {longest} × {across} on slice {found.slice}"
    suv = measured.suv
    return words if suv is None else f"{words}, SUV {suv.mean:.2f} on average, {suv.minimum:.2f} to {suv.maximum:.2f}"


def segments_path(output: Path) -> Path:
    """Return the name of the table beside a segmentation: ``tumor.seg.nrrd`` has ``tumor.segments.csv``."""
    return path_beside(output, ".segments.csv")


def write_segments(path: Path, measured: Mapping[str, Measurements | None]) -> None:
    """Write a row a segment as CSV; ``path`` is replaced only by the whole file. What is not known stays empty.

    Raises:
        MedSAMSegError: of kind ``CANNOT_WRITE``.
    """
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    columns = _COLUMNS + (_SUV_COLUMNS if any(each and each.suv for each in measured.values()) else ())
    writer.writerow(["segment", *columns])
    for name, each in measured.items():
        row = {} if each is None else _row(each)
        writer.writerow([name, *(row.get(column) for column in columns)])
    with replacing(path) as temporary:
        temporary.write_text(text.getvalue(), encoding="utf-8")


def _row(measured: Measurements) -> dict[str, float | None]:
    row: dict[str, float | None] = {
        "volume_ml": rounded(measured.volume_ml),
        "slices": measured.slices,
        "extent_mm": rounded(measured.extent_mm),
    }
    if measured.diameters is not None:
        found = measured.diameters
        row |= {"longest_mm": rounded(found.longest.length), "perpendicular_mm": rounded(found.perpendicular.length)}
        row["slice"] = found.slice
    if measured.intensities is not None:
        values = (rounded(value) for value in asdict(measured.intensities).values())
        row |= dict(zip(("mean", "sd", "min", "max"), values, strict=True))
    if measured.suv is not None:
        row |= dict(zip(_SUV_COLUMNS, (rounded(value) for value in asdict(measured.suv).values()), strict=True))
    return row | range_cells(measured)


def _diameter_as_json(diameter: Diameter) -> dict[str, Any]:
    return {
        "mm": rounded(diameter.length),
        "voxels": [[round(value, 3) for value in end] for end in diameter.voxels],
        "ras": [[round(value, 3) for value in end] for end in diameter.ras],
    }


def between(ends: tuple[float, float], digits: int) -> str:
    """Return a range such as ``11.80–13.10``; nothing where both ends read the same."""
    low, high = (in_digits(end, digits) for end in ends)
    return "" if low == high else f"{low}–{high}"


def with_range(text: str, ends: tuple[float, float] | None, digits: int) -> str:
    """Return a size in words with its range behind, where there is one that is known."""
    words = "" if ends is None else between(ends, digits)
    return f"{text} ({words})" if words else text


def _mm(length: float) -> str:
    return f"{in_digits(length, 1)} mm"


def in_digits(value: float, digits: int) -> str:
    """Return a size with so many digits after the point, or three digits that count where it is less than one."""
    return f"{value:.3g}" if 0 < value < 10 ** (1 - digits) else f"{value:.{digits}f}"


def rounded(value: float) -> float:
    """Return the digits that count, however small voxels are, without the noise of sums and products."""
    return float(f"{value:.8g}")
