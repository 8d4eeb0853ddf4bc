"""The table of a propagation's slices: how each mask came about, and how far it can be trusted."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from medsamseg_server.system.safe_files import replacing

if TYPE_CHECKING:
    from medsamseg_server.propagation import SliceResult

_BOX = ("x0", "y0", "x1", "y1")


def slice_rows(results: Sequence[SliceResult]) -> list[dict[str, Any]]:
    """Return one row a slice, with numbers, texts, and the confidence's parts by name."""
    return [
        {
            "slice": result.index,
            "provenance": result.provenance,
            "direction": result.direction,
            "confidence": result.confidence.value if result.confidence else None,
            "confidence_parts": dict(result.confidence.parts) if result.confidence else {},
            "voxels": result.mask.voxels,
            "box": [round(corner, 2) for corner in result.box],
            "score": round(result.mask.score, 4),
        }
        for result in results
    ]


def table_path(output: Path) -> Path:
    """Return the name of the table beside a segmentation: ``tumor.seg.nrrd`` has ``tumor.slices.csv``."""
    return path_beside(output, ".slices.csv")


def path_beside(output: Path, ending: str) -> Path:
    """Return the name of a segmentation's file with another ending."""
    return output.with_name(f"{stem_of(output)}{ending}")


def stem_of(output: Path) -> str:
    """Return the name of a segmentation's file without the suffix that says what it is, such as ``.seg.nrrd``."""
    # Here because it imports what writes images: a second and 100 MB, also of each command and server without need.
    from medsamseg_server.image_io.segmentations import OUTPUT_SUFFIXES

    suffix = next((suffix for suffix in OUTPUT_SUFFIXES if output.name.lower().endswith(suffix)), output.suffix)
    return output.name[: len(output.name) - len(suffix)]


def write_table(path: Path, rows: Sequence[dict[str, Any]]) -> None:
    """Write rows as CSV, a column for each part of the confidence; ``path`` is replaced only by the whole file.

    Rows that name their ``segment`` begin with it.

    Raises:
        MedSAMSegError: of kind ``CANNOT_WRITE``.
    """
    parts = list(dict.fromkeys(name for row in rows for name in row["confidence_parts"]))
    text = io.StringIO()
    plain = ["slice", "provenance", "direction", "confidence"]
    if rows and "segment" in rows[0]:
        plain.insert(0, "segment")
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow([*plain, *(f"confidence_{name}" for name in parts), "voxels", *_BOX, "score"])
    for row in rows:
        shares = [row["confidence_parts"].get(name) for name in parts]
        writer.writerow([*(row[name] for name in plain), *shares, row["voxels"], *row["box"], row["score"]])
    with replacing(path) as temporary:
        temporary.write_text(text.getvalue(), encoding="utf-8")
