"""What prompts mean beyond their boxes, asked before an object is followed: points, and which of three answers."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from medsamseg_server.engine.prompts import Prompt
from medsamseg_server.errors import ErrorKind, MedSAMSegError
from medsamseg_server.propagation.voting import box_around

if TYPE_CHECKING:
    from medsamseg_server.engine.masks import SliceMask
    from medsamseg_server.propagation.fusing import FusedSlices
    from medsamseg_server.propagation.source import EngineSlices
    from medsamseg_server.propagation.task import Task


def boxed(task: Task, source: EngineSlices | FusedSlices) -> Task:
    """Return a task with a box on each slice that has points alone: tight round what the network finds at these.

    Args:
        task: whose points have been checked.
        source: the slices, in the window of the volume.

    Raises:
        MedSAMSegError: ``points_show_nothing``, or as ``Engine.segment``.
    """
    found = {
        index: _shown(source, index, Prompt(points=points, meaning=task.meaning))
        for index, points in task.points.items()
        if index not in task.boxes
    }
    around = {index: box_around(mask.to_array(source.image_size(index))) for index, mask in found.items()}
    return replace(task, boxes={**task.boxes, **around}, found=found)


def meant_masks(task: Task, source: EngineSlices | FusedSlices) -> dict[int, SliceMask]:
    """Return what is on prompted slices, by slice, where a box alone does not say it; the rest the boxes say.

    Args:
        task: with a box on each prompted slice.
        source: the slices, in the window that suits the object.

    Raises:
        MedSAMSegError: ``points_show_nothing``, or as ``Engine.segment``.
    """
    masks = dict(task.found)
    for index, prompt in task.prompts.items():
        asked = replace(prompt, meaning=task.meaning, exclude=())
        if index in task.found:
            continue
        if asked.points:
            masks[index] = _shown(source, index, asked)
        elif asked.meaning is not None:
            masks[index] = source.in_prompt(index, asked)
    return masks


def _shown(source: EngineSlices | FusedSlices, index: int, prompt: Prompt) -> SliceMask:
    """Return what points show, which is something."""
    mask = source.in_prompt(index, prompt)
    if not mask.voxels:
        where = ", ".join(f"{x:g},{y:g}" for x, y, _ in prompt.points)
        message = f"Nothing was found on slice {index} by the points {where}."
        hint = "Put the points on the object well inside of its edge, or show it by a box."
        raise MedSAMSegError(ErrorKind.INVALID_INPUT, "points_show_nothing", message, hint)
    return mask
