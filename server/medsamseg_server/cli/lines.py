"""``--line``: the diameters that a reader measured on a slice, instead of a box."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

from medsamseg_server.cli.prompt_arguments import parse_line
from medsamseg_server.cli.usage import wrong_usage

if TYPE_CHECKING:
    from medsamseg_server.engine.prompts import Box
    from medsamseg_server.image_io.image import Geometry
    from medsamseg_server.propagation.task import Task


def add_option(group: argparse._ArgumentGroup) -> None:
    """Add ``--line``."""
    group.add_argument(
        "--line",
        metavar="X0,Y0,X1,Y1",
        action="append",
        default=[],
        help="instead of --box, the longest diameter as it was measured on the slice; given twice, the longest and the"
        " one across it; the object is then at most one longest diameter from the slice, unless --range says more",
    )


def check_options(args: argparse.Namespace) -> None:
    """Raise ``usage`` where lines cannot show the object."""
    if not args.line:
        return
    for option in ("box", "click", "prompts", "boxes"):
        if getattr(args, option) is not None:
            raise wrong_usage(f"--line cannot go with --{option}.", "Give one of them.")
    if len(args.line) > 2:
        raise wrong_usage(
            f"{len(args.line)} lines are given.", "An object has one or two: the longest diameter and the one across."
        )


def check_film(args: argparse.Namespace) -> None:
    """Raise ``usage`` for lines in a film."""
    if args.line:
        raise wrong_usage("--line is for scans and pictures, not for films.", "Give the box as --box.")


def ends_box(args: argparse.Namespace) -> Box:
    """Return the box of the lines' ends, for a task until the size of its voxels is known.

    Raises:
        MedSAMSegError: ``line_malformed``.
    """
    lines = [parse_line(text) for text in args.line]
    xs = [x for line in lines for x in line[::2]]
    ys = [y for line in lines for y in line[1::2]]
    return (min(xs), min(ys), max(xs), max(ys))


def placed(
    args: argparse.Namespace,
    tasks: Mapping[str, Task],
    geometry: Geometry,
    size_of: Callable[[int, int], tuple[int, int]],
) -> dict[str, Task]:
    """Return the tasks with the box and the reach that the lines mean; without lines as they are.

    Args:
        args: of ``medsamseg segment``.
        tasks: by name.
        geometry: of the scan.
        size_of: gives (H, W) for an axis and a slice.

    Raises:
        MedSAMSegError: ``slice_outside``, ``line_invalid``, ``line_outside_image`` or ``lines_apart``.
    """
    from medsamseg_server.measurements.line_prompt import prompt_from_lines

    if not args.line:
        return dict(tasks)
    ((name, task),) = tasks.items()
    (index,) = task.boxes
    lines = [parse_line(text) for text in args.line]
    found = prompt_from_lines(lines, geometry, task.axis, size_of(task.axis, index))
    reach = found.reach if args.range is None else None
    return {name: replace(task, boxes={index: found.box}, reach=reach)}
