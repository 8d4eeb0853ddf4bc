"""``--overlay``: the picture of a result, one slice large or several on a sheet."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from medsamseg_server.errors import ErrorKind, MedSAMSegError
from medsamseg_server.image_io.image import Geometry
from medsamseg_server.image_io.overlay import Box, Color, Panel, Points, Shape, draw_overlay, draw_sheet
from medsamseg_server.system.safe_files import ensure_writable, refuse_to_replace, replacing
from medsamseg_server.volumes.volume import Volume
from medsamseg_server.volumes.windows import IntensityRange

#: Slices on a sheet, spread evenly over those with an object; slices with a box come first.
MOST_SLICES = 12
# What is shown round the objects, as a part of their longer side.
_SURROUNDINGS = 0.35


@dataclass(frozen=True)
class Outcome:
    """One object of a result.

    Attributes:
        color: red, green and blue, 0…1.
        mask: (K, J, I), not 0 on the object.
        boxes: the user's box on each prompted slice.
        points: the user's points on each.
    """

    color: Color
    mask: NDArray[np.uint8]
    boxes: Mapping[int, Box]
    points: Mapping[int, Points] = field(default_factory=dict)


def check_overlay(path: Path, overwrite: bool) -> None:
    """Raise an error unless a picture can be written to ``path``, so that nobody computes in vain.

    Raises:
        MedSAMSegError: ``overlay_suffix``, ``output_exists``, or of kind ``CANNOT_WRITE`` for the folder's faults.
    """
    if path.suffix.lower() != ".png":
        message = f"{path.name} is no name for the picture of --overlay."
        raise MedSAMSegError(ErrorKind.INVALID_INPUT, "overlay_suffix", message, "End its name with .png.")
    refuse_to_replace(path, overwrite)
    ensure_writable(path.parent)


def write_overlay(
    path: Path,
    volume: Volume,
    window: IntensityRange,
    axis: int,
    outcomes: Mapping[str, Outcome],
    geometry: Geometry,
    has_scale: bool = True,
) -> None:
    """Write the picture of a result as PNG.

    Args:
        path: where to; replaced when the picture is whole.
        volume: the scan.
        window: what the network saw of it.
        axis: along which the slices lie.
        outcomes: the objects by name.
        geometry: where the scan lies; slices are shown as radiologists look at them.
        has_scale: whether its millimeters are known; otherwise there is no scale bar.

    Raises:
        MedSAMSegError: of kind ``CANNOT_WRITE``.
    """
    indices = _chosen(axis, outcomes)
    spacing = _spacing(geometry, axis) if has_scale else None
    panels = [
        Panel(
            window.apply(volume.slice(axis, index)),
            [
                Shape(
                    name,
                    each.color,
                    np.asarray(each.mask.take(index, axis), bool),
                    each.boxes.get(index),
                    each.points.get(index, ()),
                )
                for name, each in outcomes.items()
            ],
            spacing,
            f"slice {index}" if volume.slice_count(axis) > 1 else "",
        )
        for index in indices
    ]
    if len(panels) > 1:
        corners = _surroundings(axis, outcomes)
        panels = [panel.cropped(*corners) for panel in panels]
    panels = [panel.flipped(*_flips(geometry, axis)) for panel in panels]
    picture = draw_sheet(panels) if len(panels) > 1 else draw_overlay(panels[0])
    with replacing(path) as temporary:
        picture.save(temporary, "PNG")


def write_slice_overlay(
    path: Path, pixels: NDArray[np.uint8], shapes: Sequence[Shape], axis: int, geometry: Geometry, has_scale: bool
) -> None:
    """Write the picture of one slice as PNG; as ``write_overlay``.

    Args:
        path: as there.
        pixels: the slice, (H, W) or (H, W, 3), as the network saw it.
        shapes: the objects on it.
        axis: as there.
        geometry: as there.
        has_scale: as there.
    """
    panel = Panel(pixels, shapes, _spacing(geometry, axis) if has_scale else None)
    picture = draw_overlay(panel.flipped(*_flips(geometry, axis)))
    with replacing(path) as temporary:
        picture.save(temporary, "PNG")


def _in_plane(axis: int) -> tuple[int, int]:
    """Return which index axes (0 is I) run down and across the slices along numpy's ``axis``."""
    rows, columns = (2 - number for number in range(3) if number != axis)
    return rows, columns


def _spacing(geometry: Geometry, axis: int) -> tuple[float, float]:
    rows, columns = _in_plane(axis)
    return geometry.spacing[rows], geometry.spacing[columns]


def _flips(geometry: Geometry, axis: int) -> tuple[bool, bool]:
    """Return whether rows and columns are to be shown in reverse order."""
    rows, columns = _in_plane(axis)
    return _runs_backward(geometry, rows), _runs_backward(geometry, columns)


def _chosen(axis: int, outcomes: Mapping[str, Outcome]) -> list[int]:
    """Return the slices to show, ascending: those with a prompt, and others with an object, both ends and evenly."""
    with_box = sorted({index for each in outcomes.values() for index in (*each.boxes, *each.points)})[:MOST_SLICES]
    others = tuple(number for number in range(3) if number != axis)
    found = np.any([each.mask.any(axis=others) for each in outcomes.values()], axis=0)
    found[with_box] = False
    indices = np.flatnonzero(found)
    room = min(len(indices), MOST_SLICES - len(with_box))
    spread = indices[np.linspace(0, len(indices) - 1, room).round().astype(int)]
    return sorted([*with_box, *spread.tolist()])


def _runs_backward(geometry: Geometry, index_axis: int) -> bool:
    """Return whether an index axis (0 is I) runs to the patient's right, front or head.

    On paper, as on a radiologist's screen, the left side is on the right, the back and the feet are below.
    """
    to_left, to_back, to_head = (geometry.direction[3 * row + index_axis] for row in range(3))
    strongest = max((to_left, to_back, -to_head), key=abs)
    return strongest < 0


def _surroundings(axis: int, outcomes: Mapping[str, Outcome]) -> tuple[int, int, int, int]:
    """Return x0, y0, x1, y1 of what to show of every slice, ends exclusive: all objects and prompts, and some more."""
    shown = np.any([each.mask.any(axis=axis) for each in outcomes.values()], axis=0)
    height, width = shown.shape
    for each in outcomes.values():
        for x0, y0, x1, y1 in each.boxes.values():
            shown[max(0, int(y0)) : int(y1) + 1, max(0, int(x0)) : int(x1) + 1] = True
        for x, y, _ in (point for points in each.points.values() for point in points):
            # It may lie on the outer edge of the last pixel.
            shown[min(round(y), height - 1), min(round(x), width - 1)] = True
    rows, columns = np.flatnonzero(shown.any(axis=1)), np.flatnonzero(shown.any(axis=0))
    margin = round(_SURROUNDINGS * max(np.ptp(rows), np.ptp(columns))) + 2
    return (
        max(0, int(columns[0]) - margin),
        max(0, int(rows[0]) - margin),
        min(width, int(columns[-1]) + margin + 1),
        min(height, int(rows[-1]) + margin + 1),
    )
