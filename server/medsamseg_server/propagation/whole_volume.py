"""From boxes on some slices to the mask of a whole volume, in one call: what the command line does."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from medsamseg_server.engine.engine import Engine
from medsamseg_server.engine.masks import SliceMask
from medsamseg_server.engine.probabilities import DEFAULT_THRESHOLD
from medsamseg_server.engine.prompts import check_prompts
from medsamseg_server.propagation import (
    DirectionEnded,
    EngineSlices,
    Event,
    Propagation,
    SliceResult,
    SliceSeen,
    SliceSource,
)
from medsamseg_server.propagation.fusing import NO_PHASES, FusedSlices, Phases, make_slices
from medsamseg_server.propagation.insides import similarity_of_inside
from medsamseg_server.propagation.meant import meant_masks
from medsamseg_server.propagation.several_objects import FollowedObject, follow
from medsamseg_server.propagation.task import Task
from medsamseg_server.propagation.trust import confidence_of_answer, doubt
from medsamseg_server.volumes.volume import Volume
from medsamseg_server.volumes.windows import IntensityRange

__all__ = ["Task", "WholeMask", "WholeObjects", "WholeVolume"]


@dataclass(frozen=True)
class WholeMask:
    """The object in the volume, and how it came about.

    Attributes:
        mask: (K, J, I), 1 on the object and 0 elsewhere.
        results: every slice that was reported, ascending; also prompted ones on which nothing was found.
        ended: why the propagation ended, each way.
        seconds_encoding: time spent on the slices.
        seconds_decoding: time spent on the boxes.
        encoder_calls: number of slices and close-ups that were encoded, or taken from the cache.
        decoder_calls: number of batches of boxes that were decoded.
        window: the intensities that the network saw.
        notes: sentences on what was done otherwise than asked for.
    """

    mask: NDArray[np.uint8]
    results: tuple[SliceResult, ...]
    ended: tuple[DirectionEnded, ...]
    seconds_encoding: float
    seconds_decoding: float
    encoder_calls: int
    decoder_calls: int
    window: IntensityRange
    notes: tuple[str, ...] = ()

    @property
    def slices(self) -> tuple[int, ...]:
        """The slices with voxels of the object, ascending."""
        return tuple(result.index for result in self.results if result.mask.voxels)

    @property
    def variants(self) -> dict[int, NDArray[np.bool_] | None]:
        """By slice with voxels, the object's mask and those that voted for it, (N, h, w); None where none did."""
        known = {result.index: result.mask.variants for result in self.results if result.mask.voxels}
        return {index: None if each is None else each.masks for index, each in known.items()}

    @property
    def voxel_range(self) -> tuple[int, int] | None:
        """Voxels of the smallest and of the largest masks that voted, added up; None where none did on some slice."""
        known = [result.mask.variants for result in self.results if result.mask.voxels]
        sizes = [each.pixels for each in known if each is not None]
        if not sizes or len(sizes) < len(known):
            return None
        return sum(low for low, _ in sizes), sum(high for _, high in sizes)

    def probability(self, axis: int) -> NDArray[np.float32]:
        """Return how likely each voxel is the object's, float32 (K, J, I), of slices across ``axis``.

        0 on slices that were not reported; 1 on the object of one whose mask was drawn or interpolated.
        """
        volume = np.zeros(self.mask.shape, np.float32)
        for result in self.results:
            place = volume[(slice(None),) * axis + (result.index,)]
            if result.mask.probability is None:
                result.mask.paint(place, 1)
            else:
                place[:] = result.mask.probability.to_array((place.shape[0], place.shape[1]))
        return volume

    @property
    def empty_prompts(self) -> tuple[int, ...]:
        """The prompted slices on which nothing was found, ascending."""
        return tuple(result.index for result in self.results if result.direction == "prompt" and not result.mask.voxels)

    @property
    def doubts(self) -> tuple[str, ...]:
        """Sentences on the masks in boxes of the user that are likely to be wrong, ascending; see ``trust.doubt``."""
        return tuple(sentence for sentence in map(doubt, self.results) if sentence is not None)


class WholeVolume:
    """Checks a task on construction, before any network is loaded; ``run`` carries it out.

    Raises:
        MedSAMSegError: as ``WholeObjects``.
    """

    def __init__(self, volume: Volume, task: Task, phases: Phases = NO_PHASES) -> None:
        self._objects = WholeObjects(volume, {"": task}, phases=phases)

    @property
    def slices_total(self) -> int:
        """The largest number of slices that ``run`` reports."""
        return self._objects.slices_total

    def run(
        self, engine: Engine, on_slice: Callable[[SliceResult | SliceSeen], None] = lambda result: None
    ) -> WholeMask:
        """Segment, calling ``on_slice`` after each slice; see ``WholeObjects.run``."""
        return self._objects.run(engine, on_slice)[""]


class WholeObjects:
    """Several objects by name, followed together: each slice is encoded once.

    Args:
        volume: the volume.
        tasks: at least one; all along the same axis, with the same window and model.
        may_overlap: otherwise a voxel belongs to one object; see ``overlap.OverlapResolution``.
        phases: further volumes of the same voxels, which are asked as well.

    Raises:
        MedSAMSegError: what is wrong with the boxes, the range or the window; see ``prompts.check_prompts``,
            ``propagation.Propagation`` and ``windows.resolve_window``; or ``phases_differ``.
    """

    def __init__(
        self,
        volume: Volume,
        tasks: Mapping[str, Task],
        may_overlap: bool = False,
        phases: Phases = NO_PHASES,
    ) -> None:
        phases.check(volume)
        self._propagations = {name: _propagation(volume, task) for name, task in tasks.items()}
        self._tasks = tasks
        self._task = next(iter(tasks.values()))
        for task in tasks.values():
            for index, prompt in task.prompts.items():
                check_prompts([prompt], volume.slice_size(task.axis, index))
        volume.window(self._task.window)
        self._volume = volume
        self._may_overlap = may_overlap
        self._phases = phases

    @property
    def slices_total(self) -> int:
        """The largest number of slices that ``run`` reports, those of all objects together."""
        return sum(each.slices_total for each in self._propagations.values())

    def run(
        self,
        engine: Engine,
        on_slice: Callable[[SliceResult | SliceSeen], None] = lambda result: None,
        with_probabilities: bool = False,
    ) -> dict[str, WholeMask]:
        """Segment, calling ``on_slice`` after each slice of each object; times and calls are those of all objects.

        Slices of the first plane are told once, those of others as they are looked at.
        """
        task = self._task
        thresholds = {name: each.threshold for name, each in self._tasks.items()}
        is_asked = with_probabilities or any(each != DEFAULT_THRESHOLD for each in thresholds.values())
        source = make_slices(engine, self._volume, task.axis, task.window, task.model, is_asked, self._phases)
        sources = {name: source.of_object(each.plan.boxes) for name, each in self._propagations.items()}
        for name, propagation in self._propagations.items():
            propagation.start_from(meant_masks(self._tasks[name], sources[name]))
        followed = [
            FollowedObject.of(name, each, source, thresholds[name]) for name, each in self._propagations.items()
        ]
        results: dict[str, dict[int, SliceResult]] = {each.name: {} for each in followed}
        ended: dict[str, list[DirectionEnded]] = {each.name: [] for each in followed}
        for name, event in follow(followed, self._may_overlap):
            if isinstance(event, DirectionEnded):
                ended[name].append(event)
                continue
            if isinstance(event, SliceSeen):
                on_slice(event)
                continue
            is_new = event.index not in results[name]
            results[name][event.index] = event
            if is_new:
                on_slice(event)
        return {
            name: self._whole_mask(results[name], ended[name], sources[name], each.notes)
            for name, each in self._propagations.items()
        }

    def _whole_mask(
        self,
        results: Mapping[int, SliceResult],
        ended: Sequence[DirectionEnded],
        source: EngineSlices | FusedSlices,
        notes: tuple[str, ...],
    ) -> WholeMask:
        mask = np.zeros(self._volume.shape, np.uint8)
        for index, result in results.items():
            result.mask.paint(mask[(slice(None),) * self._task.axis + (index,)], 1)
        return WholeMask(
            mask,
            tuple(results[index] for index in sorted(results)),
            tuple(ended),
            source.encode_seconds,
            source.decode_seconds,
            source.encoder_calls,
            source.decoder_calls,
            self._volume.window(source.window),
            notes,
        )


def _propagation(volume: Volume, task: Task) -> Propagation:
    make = Propagation if task.propagates else _OnlyPrompts
    return make(
        volume.shape,
        task.axis,
        task.prompts,
        task.first,
        task.last,
        spacing=task.spacing,
        locked=task.locked,
        reach=task.reach,
        method=task.method,
        planes=task.planes,
        exclude_masks=_by_slice(task),
    )


def _by_slice(task: Task) -> dict[int, SliceMask]:
    """Return the voxels that are not the object's, on each slice that has some."""
    if task.exclude_mask is None:
        return {}
    slices = np.moveaxis(task.exclude_mask, task.axis, 0)
    return {index: SliceMask.from_mask(each, 1.0) for index, each in enumerate(slices) if each.any()}


class _OnlyPrompts(Propagation):
    """Stays on the prompted slices."""

    @property
    def slices_total(self) -> int:
        return len(self.plan.prompts)

    def run(self, source: SliceSource) -> Iterator[Event]:
        for index, box in self.plan.boxes.items():
            known = self.plan.prompts[index].mask
            if known is not None:
                yield SliceResult(index, "prompt", box, known, "box")
                continue
            mask, agreement = source.in_box(index, box)
            inside = similarity_of_inside(source.gray(index), mask.to_array(self.image_size))
            yield SliceResult(index, "prompt", box, mask, "box", confidence_of_answer(mask, box, agreement, inside))
