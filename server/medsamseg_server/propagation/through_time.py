"""Objects of one volume, followed through those of all times.

On the slices with a box they are followed through time as through a film, and from the boxes found there through the
volume of each time; what they exclude is followed likewise. Further volumes, such as phases of contrast, have as many
times: at each, those of then are asked together.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from medsamseg_server.engine.box_vote import EXCLUDED_MARGINS
from medsamseg_server.engine.engine import Engine
from medsamseg_server.engine.prompts import Box, Prompt, covers, lies_outside
from medsamseg_server.engine.slice_request import SliceRequest
from medsamseg_server.errors import ErrorKind, MedSAMSegError
from medsamseg_server.propagation import EngineSlices, Propagation, SliceResult
from medsamseg_server.propagation.fusing import NO_PHASES, FusedSlices, Phases
from medsamseg_server.propagation.task import Task
from medsamseg_server.propagation.voting import box_around
from medsamseg_server.propagation.whole_volume import WholeMask, WholeObjects
from medsamseg_server.volumes.volume import Volume

#: How an object is followed through time on the slices with a box.
_METHOD = "film"


@dataclass(frozen=True)
class VolumesInTime:
    """Volumes of one shape, one after the other in time.

    Attributes:
        count: how many there are.
        volume: from a number, counted from 0, to the volume.
        phases: from a number to the further volumes of then, as many and in the same order each time.
    """

    count: int
    volume: Callable[[int], Volume]
    phases: Callable[[int], Phases] = lambda time: NO_PHASES


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
    through = _Through(engine, volumes, start, tasks)
    prompts = {name: through.prompts(task) for name, task in tasks.items()}
    for time in range(volumes.count):
        there = {name: _shown_by(task, prompts[name][time]) for name, task in tasks.items() if prompts[name][time]}
        phases = volumes.phases(time)
        yield WholeObjects(volumes.volume(time), there, may_overlap, phases).run(engine) if there else {}


def _shown_by(task: Task, prompts: Mapping[int, Prompt]) -> Task:
    boxes = {index: prompt.box for index, prompt in prompts.items() if prompt.box is not None}
    return replace(task, boxes=boxes, exclude={index: prompt.exclude for index, prompt in prompts.items()})


@dataclass
class _Seen:
    """An object on one slice at one time: the boxes round it, and round what is not of it.

    Attributes:
        box: round all of it; None where it was not found.
        excluded: boxes of what it excludes, where that was found.
    """

    box: Box | None = None
    excluded: list[Box] = field(default_factory=list)

    @property
    def prompt(self) -> Prompt | None:
        """What shows the object there; None where it was not found, or nothing of it would be left."""
        box = self.box
        if box is None or any(covers(each, box) for each in self.excluded):
            return None
        return Prompt(box, exclude=tuple(each for each in self.excluded if not lies_outside(each, box)))


class _Through:
    """Looks at the slices with a box through time."""

    def __init__(self, engine: Engine, volumes: VolumesInTime, start: int, tasks: Mapping[str, Task]) -> None:
        self._engine = engine
        self._count = volumes.count
        self._start = start
        phases = volumes.phases(start)
        self._first = (volumes.volume(start), *phases.also)
        self._fusion = phases.fusion
        axis = next(iter(tasks.values())).axis
        prompted = sorted({index for task in tasks.values() for index in task.boxes})
        self._stacks = {
            index: tuple(Volume.from_array(np.stack(slices)) for slices in of_phases)
            for index, of_phases in _slices_through_time(volumes, start, axis, prompted).items()
        }

    def prompts(self, task: Task) -> list[dict[int, Prompt]]:
        """Return an object's prompts of each time by slice; none where it was not found."""
        prompts: list[dict[int, Prompt]] = [{} for _ in range(self._count)]
        for index, prompt in task.prompts.items():
            plan = Propagation(self._stacks[index][0].shape, 0, {self._start: prompt}, method=_METHOD)
            for time, seen in enumerate(_seen_through_time(plan, self._source(task, index), self._count)):
                found = prompt if time == self._start else seen.prompt
                if found is not None:
                    prompts[time][index] = found
        return prompts

    def _source(self, task: Task, index: int) -> EngineSlices | FusedSlices:
        slices = []
        for volume, stack in zip(self._first, self._stacks[index], strict=True):
            # As the window that is automatic for the volume means it, also in what is a stack of slices.
            asked = SliceRequest(volume, task.axis, index, task.window, task.model)
            window = self._engine.window_for(asked, task.boxes[index])
            slices.append(EngineSlices(self._engine, stack, 0, window, task.model, len(self._first) > 1))
        return slices[0] if len(slices) == 1 else FusedSlices(slices, self._fusion)


def _seen_through_time(plan: Propagation, source: EngineSlices | FusedSlices, count: int) -> list[_Seen]:
    """Return the boxes of an object and of what it excludes at all times."""
    seen = [_Seen() for _ in range(count)]
    for time, box in _followed(plan, source):
        seen[time].box = box
    for excluded in plan.excluded:
        for time, box in _followed(excluded, source.of_object(excluded.plan.boxes, EXCLUDED_MARGINS)):
            seen[time].excluded.append(box)
    return seen


def _followed(plan: Propagation, source: EngineSlices | FusedSlices) -> Iterator[tuple[int, Box]]:
    for event in plan.run(source):
        if isinstance(event, SliceResult) and event.mask.voxels:
            yield event.index, box_around(event.mask.to_array(plan.image_size))


def _slices_through_time(
    volumes: VolumesInTime, start: int, axis: int, prompted: Sequence[int]
) -> dict[int, list[list[NDArray[np.generic]]]]:
    """Return, of each slice with a box, what each phase shows there at all times."""
    count = 1 + len(volumes.phases(start).also)
    slices: dict[int, list[list[NDArray[np.generic]]]] = {index: [[] for _ in range(count)] for index in prompted}
    shape = volumes.volume(start).shape
    for time in range(volumes.count):
        now = volumes.volume(time)
        if now.shape != shape:
            message = f"Time {time} has {now.shape} voxels (K, J, I), but time {start} has {shape}."
            raise MedSAMSegError(ErrorKind.INVALID_INPUT, "times_differ", message, "Segment them one by one: --time N.")
        for number, volume in enumerate((now, *volumes.phases(time).also)):
            for index in prompted:
                slices[index][number].append(volume.slice(axis, index))
    return slices
