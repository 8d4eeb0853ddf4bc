"""``--click``: one point on the object instead of a box, where the model has learned what box a click means."""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from medsamseg_server.cli.output import say
from medsamseg_server.cli.prompt_arguments import parse_point
from medsamseg_server.cli.usage import wrong_usage
from medsamseg_server.weights.click_heads import find_click_head

if TYPE_CHECKING:
    from medsamseg_server.engine.engine import Engine
    from medsamseg_server.engine.prompts import Box
    from medsamseg_server.propagation.task import Task
    from medsamseg_server.volumes.volume import Volume


def add_option(group: argparse._ArgumentGroup) -> None:
    """Add ``--click``."""
    group.add_argument(
        "--click",
        metavar="X,Y",
        help="a point on the object, near its middle, instead of --box: the box is proposed, and told"
        " (after medsamseg train click)",
    )


def check_options(args: argparse.Namespace, is_film: bool) -> None:
    """Raise ``usage`` where a click cannot be used, or ``click_head_missing``."""
    if args.click is None:
        return
    for option in ("prompts", "boxes", "box"):
        if getattr(args, option) is not None:
            raise wrong_usage(f"--click cannot go with --{option}.", f"Leave --{option} out.")
    if args.box_format != "corners":
        raise wrong_usage("--box-format says what --box is.", "Leave it out.")
    if is_film:
        raise wrong_usage("--click is for scans and pictures, not for films.", "Give --box.")
    find_click_head(args.model)


def place_of(point: tuple[float, float]) -> Box:
    """Return what stands for the box in a task until it is known: the point alone."""
    return (*point, *point)


def check_click(tasks: Mapping[str, Task], volume: Volume) -> None:
    """Raise what is wrong with the click on a volume, before anything is computed.

    Raises:
        MedSAMSegError: ``point_outside_image``, or as ``Volume.slice`` and ``Volume.window``.
    """
    from medsamseg_server.engine.prompts import Prompt, check_prompts

    _, task, index = _clicked(tasks)
    x, y = task.boxes[index][:2]
    check_prompts([Prompt(points=((x, y, 1),))], volume.slice_size(task.axis, index))
    volume.window(task.window)


def with_box(tasks: Mapping[str, Task], volume: Volume, engine: Engine) -> dict[str, Task]:
    """Return the task with the box that the engine proposes round the click.

    Raises:
        MedSAMSegError: as ``Engine.box_for_click``.
    """
    from medsamseg_server.engine.slice_request import SliceRequest

    name, task, index = _clicked(tasks)
    x, y = task.boxes[index][:2]
    found = engine.box_for_click(SliceRequest(volume, task.axis, index, task.window, task.model), (x, y))
    return {name: replace(task, boxes={index: found.box})}


def as_json(args: argparse.Namespace, tasks: Mapping[str, Task]) -> dict[str, Any]:
    """Return what ``--json`` tells of the click; nothing without one."""
    if args.click is None:
        return {}
    _, task, index = _clicked(tasks)
    return {"click": {"point": parse_point(args.click), "slice": index, "box": task.boxes[index]}}


def say_box(args: argparse.Namespace, tasks: Mapping[str, Task]) -> None:
    """Tell people the box that was proposed, as they could give it themselves."""
    _, task, index = _clicked(tasks)
    say(args, f"Box round the click: --box {','.join(f'{value:g}' for value in task.boxes[index])} --slice {index}")


def _clicked(tasks: Mapping[str, Task]) -> tuple[str, Task, int]:
    # There is one object, and one click on it.
    ((name, task),) = tasks.items()
    (index,) = task.boxes
    return name, task, index
