"""``--exclude``: what lies in the object's box and is not the object, such as the blood inside the heart's muscle.

It is followed from slice to slice as an object of its own, and then taken away: a box cannot name a ring, but two can.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

from medsamseg_server.cli.box_formats import in_pixels
from medsamseg_server.cli.prompt_arguments import parse_box
from medsamseg_server.errors import ErrorKind, MedSAMSegError

if TYPE_CHECKING:
    from medsamseg_server.propagation.whole_volume import Task, WholeMask

#: Not printable, so that no segment is called so.
_PREFIX = "\0"


def add_option(group: argparse._ArgumentGroup) -> None:
    """Add ``--exclude``."""
    group.add_argument(
        "--exclude",
        metavar="X0,Y0,X1,Y1",
        action="append",
        default=[],
        help="box, on the slice of --box, round what is not the object: it is followed as well, and taken away",
    )


def check_options(args: argparse.Namespace, is_film: bool) -> None:
    """Raise ``usage`` where something cannot be excluded, or ``box_malformed``."""
    if not args.exclude:
        return
    for option in ("prompts", "boxes", "probability"):
        if getattr(args, option) is not None:
            raise _wrong_usage(f"--exclude cannot go with --{option}.")
    if args.all_times:
        raise _wrong_usage("--exclude cannot go with --all-times.")
    if is_film:
        raise _wrong_usage("--exclude is for scans and pictures, not for films.")
    for text in args.exclude:
        parse_box(text)


def with_excluded(
    args: argparse.Namespace, tasks: Mapping[str, Task], size_of: Callable[[int, int], tuple[int, int]]
) -> dict[str, Task]:
    """Return the tasks, and one for each box to be excluded; ``size_of`` gives (H, W) for an axis and a slice."""
    everything = dict(tasks)
    for number, text in enumerate(args.exclude):
        # There is one object, and one box of it.
        (task,) = tasks.values()
        (index,) = task.boxes
        box = in_pixels(parse_box(text), args.box_format, size_of(task.axis, index))
        everything[f"{_PREFIX}{number}"] = replace(task, boxes={index: box}, meaning=None)
    return everything


def without_excluded(results: Mapping[str, WholeMask], axis: int) -> dict[str, WholeMask]:
    """Return the objects alone, without what is excluded; slices run along ``axis``."""
    excluded = [result.mask for name, result in results.items() if name.startswith(_PREFIX)]
    objects = {name: result for name, result in results.items() if not name.startswith(_PREFIX)}
    for mask in excluded:
        objects = {name: result.without(mask.astype(bool), axis) for name, result in objects.items()}
    return objects


def _wrong_usage(message: str) -> MedSAMSegError:
    return MedSAMSegError(ErrorKind.INVALID_INPUT, "usage", message, "Give one object by --box and --slice.")
