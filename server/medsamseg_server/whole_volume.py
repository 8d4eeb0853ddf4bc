"""From boxes on some slices to the mask of a whole volume, in one call: what the command line does."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from medsamseg_server.engine import Engine
from medsamseg_server.prompts import Box, check_box
from medsamseg_server.propagation import DEFAULT_METHOD, DirectionEnded, EngineSlices, Event, Propagation, SliceResult
from medsamseg_server.volumes import Volume


@dataclass(frozen=True)
class Task:
    """What to segment.

    Attributes:
        axis: 0, 1 or 2; the slices lie across it.
        boxes: box per prompted slice.
        first: first slice of the range, inclusive; None for no limit.
        last: last slice of the range, inclusive; None for no limit.
        propagates: go on from the prompted slices to the others; otherwise only they are segmented.
        window: which intensities the network sees; see ``windows.resolve_window``.
        model: name of the network.
        spacing: of the voxels along K, J and I, in millimeters.
        method: how to go on; one of ``propagation.METHODS``.
    """

    axis: int
    boxes: Mapping[int, Box]
    first: int | None = None
    last: int | None = None
    propagates: bool = True
    window: str = "auto"
    model: str | None = None
    spacing: tuple[float, float, float] = (1.0, 1.0, 1.0)
    method: str = DEFAULT_METHOD


@dataclass(frozen=True)
class WholeMask:
    """The object in the volume, and how it came about.

    Attributes:
        mask: (K, J, I), 1 on the object and 0 elsewhere.
        results: every slice that was reported, ascending; also prompted ones on which nothing was found.
        ended: why the propagation ended, each way.
        seconds_encoding: time spent on the slices.
        seconds_decoding: time spent on the boxes.
        encoder_calls: number of slices that were encoded, or taken from the cache.
        decoder_calls: number of batches of boxes that were decoded.
    """

    mask: NDArray[np.uint8]
    results: tuple[SliceResult, ...]
    ended: tuple[DirectionEnded, ...]
    seconds_encoding: float
    seconds_decoding: float
    encoder_calls: int
    decoder_calls: int

    @property
    def slices(self) -> tuple[int, ...]:
        """The slices with voxels of the object, ascending."""
        return tuple(result.index for result in self.results if result.mask.voxels)

    @property
    def empty_prompts(self) -> tuple[int, ...]:
        """The prompted slices on which nothing was found, ascending."""
        return tuple(result.index for result in self.results if not result.mask.voxels)


class WholeVolume:
    """Checks a task on construction, before any network is loaded; ``run`` carries it out.

    Raises:
        MedSAMSegError: what is wrong with the boxes, the range or the window; see ``prompts.check_box``,
            ``propagation.Propagation`` and ``windows.resolve_window``.
    """

    def __init__(self, volume: Volume, task: Task) -> None:
        self._propagation = Propagation(
            volume.shape,
            task.axis,
            task.boxes,
            task.first,
            task.last,
            spacing=task.spacing,
            method=task.method,
        )
        for index, box in task.boxes.items():
            height, width = volume.slice(task.axis, index).shape
            check_box(box, (height, width))
        self.window = volume.window(task.window)
        self._volume = volume
        self._task = task

    @property
    def slices_total(self) -> int:
        """The largest number of slices that ``run`` reports."""
        return self._propagation.slices_total if self._task.propagates else len(self._task.boxes)

    def run(self, engine: Engine, on_slice: Callable[[SliceResult], None] = lambda result: None) -> WholeMask:
        """Segment, calling ``on_slice`` after each slice."""
        task = self._task
        slices = EngineSlices(engine, self._volume, task.axis, task.window, task.model)
        mask = np.zeros(self._volume.shape, np.uint8)
        results: list[SliceResult] = []
        ended: list[DirectionEnded] = []
        for event in self._events(slices):
            if isinstance(event, DirectionEnded):
                ended.append(event)
                continue
            event.mask.paint(mask[(slice(None),) * task.axis + (event.index,)], 1)
            results.append(event)
            on_slice(event)
        return WholeMask(
            mask,
            tuple(sorted(results, key=lambda result: result.index)),
            tuple(ended),
            slices.encode_seconds,
            slices.decode_seconds,
            slices.encoder_calls,
            slices.decoder_calls,
        )

    def _events(self, slices: EngineSlices) -> Iterator[Event]:
        if self._task.propagates:
            yield from self._propagation.run(slices)
            return
        for index, box in sorted(self._task.boxes.items()):
            yield SliceResult(index, "prompt", box, slices.masks(index, [box])[0], "box")
