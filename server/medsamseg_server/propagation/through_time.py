"""Objects of one volume, followed through those of all times.

On the slices with a box they are followed through time as through a film, and from the boxes found there through the
volume of each time.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from medsamseg_server.engine.engine import Engine
from medsamseg_server.engine.prompts import Box
from medsamseg_server.engine.slice_request import SliceRequest
from medsamseg_server.errors import ErrorKind, MedSAMSegError
from medsamseg_server.propagation import EngineSlices, Propagation, SliceResult
from medsamseg_server.propagation.voting import box_around
from medsamseg_server.propagation.whole_volume import Task, WholeMask, WholeObjects
from medsamseg_server.volumes.volume import Volume

#: How an object is followed through time on the slices with a box.
_METHOD = "film"


@dataclass(frozen=True)
class VolumesInTime:
    """Volumes of one shape, one after the other in time.

    Attributes:
        count: how many there are.
        volume: from a number, counted from 0, to the volume.
    """

    count: int
    volume: Callable[[int], Volume]


def follow_through_time(
    engine: Engine, volumes: VolumesInTime, start: int, tasks: Mapping[str, Task], may_overlap: bool = False
) -> Iterator[dict[str, WholeMask]]:
    """Yield, time after time, the objects that were found then, by name.

    Args:
        engine: what segments.
        volumes: at all times.
        start: the time of the boxes.
        tasks: what to segment at that time, by the objects' names; all along one axis, with one window and model.
        may_overlap: otherwise a voxel belongs to one object.

    Raises:
        MedSAMSegError: ``times_differ`` for volumes of several shapes, or as ``WholeObjects``.
    """
    boxes = _boxes_through_time(engine, volumes, start, tasks)
    for time in range(volumes.count):
        there = {name: replace(task, boxes=boxes[name][time]) for name, task in tasks.items() if boxes[name][time]}
        yield WholeObjects(volumes.volume(time), there, may_overlap).run(engine) if there else {}


def _boxes_through_time(
    engine: Engine, volumes: VolumesInTime, start: int, tasks: Mapping[str, Task]
) -> dict[str, list[dict[int, Box]]]:
    """Return, of each object, the boxes of each time by slice; none where it was not found."""
    volume = volumes.volume(start)
    through = _slices_through_time(volumes, start, volume.shape, tasks)
    boxes: dict[str, list[dict[int, Box]]] = {}
    for name, task in tasks.items():
        boxes[name] = [{} for _ in range(volumes.count)]
        for index, box in task.boxes.items():
            # As the window that is automatic for the volume means it, also in what is a stack of slices.
            window = engine.window_for(SliceRequest(volume, task.axis, index, task.window, task.model), box)
            source = EngineSlices(engine, through[index], 0, window, task.model)
            plan = Propagation(through[index].shape, 0, {start: box}, method=_METHOD)
            boxes[name][start][index] = box
            for event in plan.run(source):
                if isinstance(event, SliceResult) and event.mask.voxels and event.index != start:
                    mask = event.mask.to_array(through[index].slice_size(0, event.index))
                    boxes[name][event.index][index] = box_around(mask)
    return boxes


def _slices_through_time(
    volumes: VolumesInTime, start: int, shape: tuple[int, int, int], tasks: Mapping[str, Task]
) -> dict[int, Volume]:
    """Return each slice with a box as a stack of what it shows at all times; ``shape`` is that at the start."""
    axis = next(iter(tasks.values())).axis
    prompted = sorted({index for task in tasks.values() for index in task.boxes})
    stacks: dict[int, list[NDArray[np.generic]]] = {index: [] for index in prompted}
    for time in range(volumes.count):
        now = volumes.volume(time)
        if now.shape != shape:
            message = f"Time {time} has {now.shape} voxels (K, J, I), but time {start} has {shape}."
            raise MedSAMSegError(ErrorKind.INVALID_INPUT, "times_differ", message, "Segment them one by one: --time N.")
        for index in prompted:
            stacks[index].append(now.slice(axis, index))
    return {index: Volume.from_array(np.stack(slices)) for index, slices in stacks.items()}
