"""What the arguments of ``medsamseg segment`` ask for, by the segments' names."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from medsamseg_server.cli import lines, pointing
from medsamseg_server.cli.box_formats import in_pixels
from medsamseg_server.cli.clicking import place_of
from medsamseg_server.cli.exclusion import excluded_boxes
from medsamseg_server.cli.prompt_arguments import (
    PromptsFile,
    is_name,
    parse_box,
    parse_point,
    parse_range,
    read_prompts,
    slice_index,
)
from medsamseg_server.cli.terms import Terms
from medsamseg_server.cli.usage import wrong_usage
from medsamseg_server.engine.prompts import Box, Prompt

if TYPE_CHECKING:
    from medsamseg_server.propagation.task import Task


@dataclass(frozen=True)
class AskedObjects:
    """The objects that are to be segmented.

    Attributes:
        tasks: what to segment, by the segments' names.
        terms: what these are.
    """

    tasks: Mapping[str, Task]
    terms: Terms


def make_tasks(args: argparse.Namespace) -> AskedObjects:
    """Return what the arguments ask for, checked as far as that goes without the image.

    Raises:
        MedSAMSegError: ``usage``, ``name_invalid``, or what is wrong with a box, a range, a prompts file or a term.
    """
    if args.name is not None and not is_name(args.name):
        raise wrong_usage(f"{args.name!r} is no name for a segment.", "Give --name some letters.", "name_invalid")
    said = _prompt_of(args) if args.prompts is None else _file_of(args)
    if args.name is not None and None not in said.objects:
        raise wrong_usage("--name cannot go with several objects.", "Put the names into the file.")
    unnamed = args.name or "Segment"
    terms = Terms(args, {name or unnamed: own for name, own in said.terms.items()})
    tasks = tasks_of(args, said.axis, {name or unnamed: prompts for name, prompts in said.objects.items()})
    return AskedObjects(tasks, terms)


def tasks_of(args: argparse.Namespace, axis: int, objects: Mapping[str, Mapping[int, Prompt]]) -> dict[str, Task]:
    """Return the tasks for prompts by object and slice, with everything else as the arguments say.

    Raises:
        MedSAMSegError: ``range_malformed``, or as ``pointing.check_prompts_with_points``.
    """
    from medsamseg_server.propagation import DEFAULT_METHOD
    from medsamseg_server.propagation.task import Task

    pointing.check_prompts_with_points(args.model, [each for prompts in objects.values() for each in prompts.values()])
    first, last = parse_range(args.range or ":")
    return {
        name: Task(
            axis,
            {index: prompt.box for index, prompt in prompts.items() if prompt.box is not None},
            first,
            last,
            not args.slice_only,
            args.window,
            args.model,
            method=args.method or DEFAULT_METHOD,
            threshold=args.threshold,
            planes=args.planes,
            meaning=args.meaning,
            exclude={index: prompt.exclude for index, prompt in prompts.items() if prompt.exclude},
            points={index: prompt.points for index, prompt in prompts.items() if prompt.points},
        )
        for name, prompts in objects.items()
    }


def _file_of(args: argparse.Namespace) -> PromptsFile:
    """Return what the file of ``--prompts`` says."""
    for option in ("box", "slice", "axis"):
        if getattr(args, option) is not None:
            raise wrong_usage(f"--{option} cannot go with --prompts.", f"Put the {option} into the file.")
    if args.box_format != "corners":
        raise wrong_usage("--box-format says what --box is.", "A prompts file has corners.")
    return read_prompts(args.prompts)


def _prompt_of(args: argparse.Namespace) -> PromptsFile:
    """Return the one prompt of the options, in the form of a file."""
    index, points = slice_index(args), pointing.points_of(args)
    box = _box(args)
    if index is None or (box is None and not points):
        missing = "--slice" if index is None else "--box"
        raise wrong_usage(f"{missing} is missing.", "Give --box (or --line, --point) and --slice, or --prompts.")
    if box is None and args.box_format != "corners":
        raise wrong_usage("--box-format says what --box is.", "Points are in voxel indices: leave it out.")
    prompt = Prompt(box, points, exclude=excluded_boxes(args))
    return PromptsFile(args.axis or 0, {None: {index: prompt}}, {})


def _box(args: argparse.Namespace) -> Box | None:
    """Return the box, or what stands for it until the image is known; None where there are points alone."""
    if args.line:
        return lines.ends_box(args)
    if args.click is not None:
        return place_of(parse_point(args.click))
    return None if args.box is None else parse_box(args.box)


def with_boxes_in_pixels(args: argparse.Namespace, task: Task, size_of: Callable[[int, int], tuple[int, int]]) -> Task:
    """Return a task whose boxes are in voxel indices; ``size_of`` gives (H, W) for an axis and a slice."""
    if args.box_format == "corners" or args.line:
        return task

    def converted(index: int, box: Box) -> Box:
        return in_pixels(box, args.box_format, size_of(task.axis, index))

    return replace(
        task,
        boxes={index: converted(index, box) for index, box in task.boxes.items()},
        exclude={index: tuple(converted(index, box) for box in boxes) for index, boxes in task.exclude.items()},
    )
