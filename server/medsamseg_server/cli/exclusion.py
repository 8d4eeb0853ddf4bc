"""``--exclude``: what lies in the object's box and is not the object, such as the blood inside the heart's muscle."""

from __future__ import annotations

import argparse
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from medsamseg_server.cli.prompt_arguments import parse_box
from medsamseg_server.cli.usage import wrong_usage

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from medsamseg_server.engine.prompts import Box
    from medsamseg_server.image_io.image import Image
    from medsamseg_server.propagation.task import Task

_REMEDY = "Give objects by --box and --slice, or by --prompts."


def add_options(group: argparse._ArgumentGroup) -> None:
    """Add ``--exclude`` and ``--exclude-labels``."""
    group.add_argument(
        "--exclude",
        metavar="X0,Y0,X1,Y1",
        action="append",
        default=[],
        help="box, on the slice of --box, round what is not the object: it is followed as well, and taken away",
    )
    group.add_argument(
        "--exclude-labels",
        metavar="FILE",
        type=Path,
        help="segmentation or label map of the scan: none of what it marks becomes the object's",
    )


def check_options(args: argparse.Namespace, is_film: bool, tasks: Iterable[Task] = ()) -> None:
    """Raise ``usage`` where something cannot be excluded; ``tasks`` are those of the arguments."""
    if args.exclude and args.prompts is not None:
        raise wrong_usage("--exclude cannot go with --prompts.", 'Put "exclude": [[x0, y0, x1, y1]] beside a "box".')
    has_boxes = bool(args.exclude) or any(task.exclude for task in tasks)
    for option, is_given in (("--exclude", has_boxes), ("--exclude-labels", args.exclude_labels is not None)):
        if is_given and args.boxes is not None:
            raise wrong_usage(f"{option} cannot go with --boxes.", _REMEDY)
    if args.exclude_labels is not None and (is_film or args.all_times):
        what = "a film" if is_film else "--all-times"
        remedy = "Give --exclude, a box round what is not the object: it is followed through time, too."
        raise wrong_usage(f"--exclude-labels marks voxels of one time: it cannot go with {what}.", remedy)


def excluded_boxes(args: argparse.Namespace) -> tuple[Box, ...]:
    """Return the boxes of ``--exclude`` as they are written."""
    return tuple(parse_box(text) for text in args.exclude)


def excluded_voxels(args: argparse.Namespace, image: Image) -> NDArray[np.bool_] | None:
    """Return the voxels of ``--exclude-labels``, (K, J, I) of the scan; None without that option.

    Raises:
        MedSAMSegError: as ``label_reading.read_labels``.
    """
    if args.exclude_labels is None:
        return None
    import numpy as np

    from medsamseg_server.image_io.label_reading import read_labels

    marked = np.zeros(image.array.shape[:3], bool)
    for each in read_labels(args.exclude_labels, image).objects:
        marked |= each.voxels == each.value
    return marked
