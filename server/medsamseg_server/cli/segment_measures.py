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

_COLUMNS = ("volume_ml", "slices", "extent_mm", "longest_mm", "perpendicular_mm", "slice", "mean", "sd", "min", "max")
# Of PET scans alone.
_SUV_COLUMNS = ("suv_mean", "suv_sd", "suv_min", "suv_max")


def measure_all(
    image: Image, axis: int, masks: Mapping[str, NDArray[Any]]
) -> tuple[dict[str, Measurements | None], list[str]]:
    """Measure each segment; None where the scan's millimeters are not known. Also, what could not be measured, and why.

    Args:
        image: the scan.
        axis: array axis across the slices with boxes.
        masks: the segments' voxels by name, (K, J, I).
    """
    from medsamseg_server.measurements.measuring import measure
    from medsamseg_server.measurements.suv import suv_scale

    scale = suv_scale(image.source)
    notes = [scale.reason] if scale is not None and scale.reason else []
    if not image.has_millimeters:
        return dict.fromkeys(masks), notes
    factor = None if scale is None else scale.factor
    return {name: measure(mask > 0, image.geometry, axis, image.array, factor) for name, mask in masks.items()}, notes


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
    }


def _suv_as_json(measured: Measurements) -> dict[str, Any]:
    if measured.suv is None:
        return {}
    return {"suv": {name: rounded(value) for name, value in asdict(measured.suv).items()}}


def in_words(measured: Measurements | None) -> str:
    """Return the end of a line for people, such as ``, longest diameter 34.2 mm × 21.0 mm on slice 24``."""
    if measured is None or measured.diameters is None:
        return ""
    found = measured.diameters
    words = f", longest diameter {_mm(found.longest)} × {_mm(found.perpendicular)} on slice {found.slice}"
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
    return row


def _diameter_as_json(diameter: Diameter) -> dict[str, Any]:
    return {
        "mm": rounded(diameter.length),
        "voxels": [[round(value, 3) for value in end] for end in diameter.voxels],
        "ras": [[round(value, 3) for value in end] for end in diameter.ras],
    }


def _mm(diameter: Diameter) -> str:
    return f"{diameter.length:.1f} mm" if diameter.length >= 1 else f"{diameter.length:.3g} mm"


def rounded(value: float) -> float:
    """Return the digits that count, however small voxels are, without the noise of sums and products."""
    return float(f"{value:.8g}")
