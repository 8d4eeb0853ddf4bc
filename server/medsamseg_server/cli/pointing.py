"""``--point`` and ``--not-point``: points on the object and beside it, with a box or in place of one."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING

from medsamseg_server.cli.prompt_arguments import parse_point
from medsamseg_server.cli.usage import wrong_usage
from medsamseg_server.engine.prompts import Points, Prompt, check_prompts
from medsamseg_server.errors import ErrorKind, MedSAMSegError
from medsamseg_server.models.specification import SPECIFICATIONS
from medsamseg_server.weights.catalog import get_specification

if TYPE_CHECKING:
    from medsamseg_server.propagation.task import Task

_ON_OBJECT, _BESIDE_IT = 1, 0


def add_options(group: argparse._ArgumentGroup) -> None:
    """Add ``--point`` and ``--not-point``."""
    for option, what in (("--point", "a point on the object"), ("--not-point", "a point that is not of the object")):
        group.add_argument(
            option,
            metavar="X,Y",
            action="append",
            default=[],
            help=f"{what}, in voxel indices of the slice, beside --box or in place of it; several may be"
            " (models mobilesam and sam)",
        )


def check_options(args: argparse.Namespace) -> None:
    """Raise ``usage`` where the arguments have points that cannot be used."""
    if not args.point and not args.not_point:
        return
    option = "--point" if args.point else "--not-point"
    if args.prompts is not None:
        remedy = 'Put "points": [[78, 182, 1]] into the file: 1 on the object, 0 beside it.'
        raise wrong_usage(f"{option} cannot go with --prompts.", remedy)
    if args.click is not None:
        raise wrong_usage(f"{option} cannot go with --click.", "Give one of them: --click is one point for a box.")
    if args.boxes is not None:
        raise wrong_usage(f"{option} cannot go with --boxes.", "Give objects by --box or by points, one after another.")


def points_of(args: argparse.Namespace) -> Points:
    """Return the points as they are written; raise ``point_malformed``."""
    on_object = tuple((*parse_point(text), _ON_OBJECT) for text in args.point)
    return on_object + tuple((*parse_point(text), _BESIDE_IT) for text in args.not_point)


def check_times(args: argparse.Namespace, tasks: Mapping[str, Task]) -> None:
    """Raise ``usage`` for points of an object that is to be followed through all times."""
    if args.all_times and any(task.points for task in tasks.values()):
        raise wrong_usage("Points cannot go with --all-times.", "Give boxes, or choose one time with --time.")


def check_prompts_with_points(model: str, prompts: Iterable[Prompt]) -> None:
    """Raise what is wrong with points before an image is there.

    Raises:
        MedSAMSegError: ``model_takes_no_points``, ``points_without_object``, or ``model_unknown``.
    """
    pointed = [prompt for prompt in prompts if prompt.points]
    if not pointed:
        return
    specification = get_specification(model)
    if not specification.proposes:
        names = " or ".join(name for name, each in SPECIFICATIONS.items() if each.proposes)
        instead = "give a box" if any(prompt.box is None for prompt in pointed) else "leave the points out"
        raise wrong_usage(
            f"{specification.title} learned boxes only: points would make its masks worse.",
            f"Choose --model {names}, or {instead}; what is in a box and not of the object, --exclude takes away.",
            "model_takes_no_points",
        )
    if any(prompt.box is None and not _on_object(prompt.points) for prompt in pointed):
        message = "Points that are not of the object show none by themselves."
        raise wrong_usage(message, "Add --point on the object, or --box round it.", "points_without_object")


def check_points(tasks: Mapping[str, Task], size_of: Callable[[int, int], tuple[int, int]]) -> None:
    """Raise what is wrong with points on an image, before anything is computed.

    Args:
        tasks: whose boxes are in voxel indices.
        size_of: gives (H, W) for an axis and a slice.

    Raises:
        MedSAMSegError: ``point_outside_image``, ``point_outside_box``, ``prompt_outside_range``, ``points_too_many``,
            or as ``size_of``.
    """
    for task in tasks.values():
        for index, points in task.points.items():
            check_prompts([Prompt(points=points)], size_of(task.axis, index))
            _check_range(task, index)
            if index in task.boxes:
                _check_inside(task, index)


def _check_range(task: Task, index: int) -> None:
    if (task.first is not None and index < task.first) or (task.last is not None and index > task.last):
        first, last = ("" if end is None else end for end in (task.first, task.last))
        message = f"The points on slice {index} are outside the range {first}:{last}."
        hint = "Widen the range, or leave the points out."
        raise MedSAMSegError(ErrorKind.INVALID_INPUT, "prompt_outside_range", message, hint)


def _check_inside(task: Task, index: int) -> None:
    x0, y0, x1, y1 = box = task.boxes[index]
    for x, y in _on_object(task.points[index]):
        if not (x0 - 0.5 <= x <= x1 + 0.5 and y0 - 0.5 <= y <= y1 + 0.5):
            numbers = ", ".join(f"{value:g}" for value in box)
            message = f"The point {x:g}, {y:g} on the object lies outside of its box {numbers}."
            hint = "Draw the box round all of the object, or leave the point out."
            raise MedSAMSegError(ErrorKind.INVALID_INPUT, "point_outside_box", message, hint)


def _on_object(points: Points) -> list[tuple[float, float]]:
    return [(x, y) for x, y, kind in points if kind == _ON_OBJECT]
