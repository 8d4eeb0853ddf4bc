"""What one user of the protocol works on: an image, what was prompted on it, and the object that was found."""

from __future__ import annotations

import asyncio
import queue
import secrets
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from medsamseg_server.engine.masks import Extent, SliceMask
from medsamseg_server.engine.prompts import Box
from medsamseg_server.serving import contract
from medsamseg_server.serving.mask_contract import Mask
from medsamseg_server.serving.nninteractive.changes import Change, difference
from medsamseg_server.serving.nninteractive.prompts import OnSlice
from medsamseg_server.serving.prompt_contract import DrawnMask, PropagationPrompt
from medsamseg_server.serving.propagation_contract import PropagateRequest, PropagationEvent, SliceEvent
from medsamseg_server.serving.service import Service
from medsamseg_server.volumes.volume import Volume

#: The client gives up after 60 s without an answer; what is done by then is told, and the next request goes on.
ANSWER_SECONDS = 45.0
_MOST_UNDONE = 20


@dataclass(frozen=True)
class _Prompted:
    """All that was prompted: boxes and masks by slice, along one axis."""

    axis: int = 0
    boxes: dict[int, Box] = field(default_factory=dict)
    masks: dict[int, NDArray[np.bool_]] = field(default_factory=dict)

    @property
    def is_empty(self) -> bool:
        return not self.boxes


class Session:
    """One user's work; calls are made one after the other.

    Args:
        service: computes.
        answer_seconds: after so long, what is done is answered.
        now: seconds on a clock that never goes back.
    """

    def __init__(
        self,
        service: Service,
        answer_seconds: float = ANSWER_SECONDS,
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        #: Held while a request is answered; those that wait for it take up no thread.
        self.lock = asyncio.Lock()
        self.dtype = np.dtype(np.uint8)
        #: What computes.
        self.service = service
        self._answer_seconds = answer_seconds
        self._now = now
        # No client can ask for it: keys of volumes that are uploaded have another form.
        self._key = f"image-{secrets.token_hex(8)}"
        self._is_closed = False
        self._volume: Volume | None = None
        self._spacing = (1.0, 1.0, 1.0)
        self._prompted = _Prompted()
        self._object = np.zeros((0, 0, 0), bool)
        self._undo: list[tuple[_Prompted, NDArray[np.bool_]]] = []
        self._events: queue.SimpleQueue[PropagationEvent | None] | None = None
        self._cancel: Callable[[], None] | None = None

    @property
    def volume(self) -> Volume:
        """The image.

        Raises:
            ValueError: when none was sent.
        """
        if self._volume is None:
            raise ValueError("There is no image yet: load one first.")
        return self._volume

    def set_image(self, image: NDArray[Any], spacing: Sequence[float] | None) -> None:
        """Take an image, and forget all that was prompted on an earlier one.

        Args:
            image: (1, K, J, I), or with three channels of colors.
            spacing: of the voxels along K, J and I in millimeters.

        Raises:
            ValueError: when it is not such an image.
            MedSAMSegError: as ``Volume.from_array`` and ``VolumeStore.put``.
        """
        if image.ndim != 4 or image.shape[0] != 1:
            raise ValueError(f"An image has one channel and three axes, but {image.shape} was sent.")
        volume = Volume.from_array(image[0])
        self._drop_image()
        self.service.volumes.put(self._key, volume)
        self.service.volumes.hold(volume)
        self._volume = volume
        if self._is_closed:
            self._drop_image()
            raise ValueError("The session has ended: connect again.")
        if spacing is not None and len(spacing) == 3 and all(0 < each < float("inf") for each in spacing):
            self._spacing = (float(spacing[0]), float(spacing[1]), float(spacing[2]))
        self.reset()

    def reset(self) -> None:
        """Forget all prompts and the object."""
        self._stop()
        self._prompted = _Prompted()
        self._object = np.zeros(self.volume.shape if self._volume else (0, 0, 0), bool)
        self._undo.clear()

    def add_box(self, place: OnSlice) -> None:
        """Start from a box, in place of one on the same slice.

        Raises:
            ValueError: when earlier prompts are on slices along another axis.
        """
        prompted = self._along(place)
        masks = {index: mask for index, mask in prompted.masks.items() if index != place.index}
        self._set(replace(prompted, boxes={**prompted.boxes, place.index: place.box}, masks=masks))

    def add_mask(self, place: OnSlice, mask: NDArray[np.bool_]) -> None:
        """Start from a mask on a slice, (H, W), in place of what was prompted there.

        Raises:
            ValueError: as ``add_box``, or when it is empty.
        """
        prompted = self._along(place)
        boxes = {**prompted.boxes, place.index: _tight(mask)}
        self._set(replace(prompted, boxes=boxes, masks={**prompted.masks, place.index: mask}))

    def remove(self, place: OnSlice, drawn: NDArray[np.bool_] | None = None) -> None:
        """Take what is in a rectangle, or in what was drawn in it, out of the object, and start from what is left.

        Raises:
            ValueError: when there is nothing to take, or nothing would be left on the slice.
        """
        self._along(place)
        left = self._object.take(place.index, axis=place.axis).copy()
        inside = left[place.pixels]
        taken = inside if drawn is None else inside & drawn
        if not taken.any():
            raise ValueError("There is nothing of the object to take away there.")
        left[place.pixels] = inside & ~taken
        if not left.any():
            raise ValueError("Nothing of the object would be left on this slice: undo, or draw a new box.")
        self.add_mask(place, left)

    def set_object(self, voxels: NDArray[np.bool_]) -> None:
        """Start from an object that was drawn before.

        Args:
            voxels: (K, J, I), True on the object.

        Raises:
            ValueError: when it has another shape than the image.
        """
        if voxels.shape != self.volume.shape:
            raise ValueError(f"The segmentation has {voxels.shape} voxels, the image {self.volume.shape}.")
        slices = np.flatnonzero(voxels.any(axis=(1, 2)))
        masks = {int(index): voxels[index] for index in slices}
        self._set(_Prompted(0, {index: _tight(mask) for index, mask in masks.items()}, masks))
        self._object = voxels

    def predict(self) -> Change:
        """Follow the object from all prompts, or go on where the last answer stopped.

        Raises:
            MedSAMSegError: as ``Service.propagate``.
        """
        if self._prompted.is_empty:
            return Change()
        before = self._object
        if self._events is None:
            self._start()
            self._object = np.zeros(self.volume.shape, bool)
        else:
            self._object = before.copy()
        self._collect()
        return difference(before, self._object)

    def undo(self) -> Change | None:
        """Go back to before the last prompt; None when there is none."""
        self._stop()
        if not self._undo:
            return None
        before = self._object
        self._prompted, self._object = self._undo.pop()
        return difference(before, self._object)

    def close(self) -> None:
        """Stop computing and forget the image; the session is not used any more."""
        self._is_closed = True
        self._stop()
        self._drop_image()

    @property
    def is_at_work(self) -> bool:
        """Whether a request is being answered."""
        return self.lock.locked()

    @property
    def has_ended(self) -> bool:
        """Whether what computes for it has ended."""
        return self.service.jobs.has_ended

    def _drop_image(self) -> None:
        if self._volume is not None:
            self.service.volumes.release(self._volume)
            self.service.volumes.discard(self._key)
            self._volume = None

    def _along(self, place: OnSlice) -> _Prompted:
        """Return what was prompted along the axis of a place."""
        if self._prompted.is_empty or self._prompted.axis == place.axis:
            return replace(self._prompted, axis=place.axis)
        raise ValueError("Earlier prompts are in another view: go on there, or reset the interactions.")

    def _set(self, prompted: _Prompted) -> None:
        self._stop()
        self._undo = [*self._undo[1 - _MOST_UNDONE :], (self._prompted, self._object)]
        self._prompted = prompted

    def _start(self) -> None:
        prompted = self._prompted
        events: queue.SimpleQueue[PropagationEvent | None] = queue.SimpleQueue()
        prompts = [
            PropagationPrompt(slice=index, box=box, mask=_drawn(prompted.masks.get(index)))
            for index, box in sorted(prompted.boxes.items())
        ]
        request = PropagateRequest(axis=prompted.axis, prompts=prompts, spacing=self._spacing)
        self._cancel = self.service.propagate(self.volume, request, events.put)
        self._events = events

    def _collect(self) -> None:
        """Take events until the last one, or until it is time to answer."""
        end = self._now() + self._answer_seconds
        while self._events is not None and (left := end - self._now()) > 0:
            try:
                event = self._events.get(timeout=left)
            except queue.Empty:
                return
            if event is None:
                # Until something else is prompted, there is nothing more to answer.
                self._events = _ended()
                return
            if isinstance(event, contract.ErrorEvent):
                self._stop()
                raise ValueError(event.error.message)
            if isinstance(event, SliceEvent):
                self._paint(event)

    def _paint(self, event: SliceEvent) -> None:
        axis = self._prompted.axis
        pixels = np.moveaxis(self._object, axis, 0)[event.slice]
        pixels[:] = False
        if event.mask.extent is not None:
            drawn = DrawnMask(extent=event.mask.extent, bits=event.mask.bits)
            drawn.to_slice_mask(pixels.shape).paint(pixels, True)

    def _stop(self) -> None:
        if self._cancel is not None:
            self._cancel()
        self._cancel = self._events = None


def _ended() -> queue.SimpleQueue[PropagationEvent | None]:
    events: queue.SimpleQueue[PropagationEvent | None] = queue.SimpleQueue()
    events.put(None)
    return events


def _drawn(mask: NDArray[np.bool_] | None) -> DrawnMask | None:
    if mask is None:
        return None
    packed = Mask.of(SliceMask.from_mask(mask, 1.0))
    return DrawnMask(extent=_tight(mask), bits=packed.bits)


def _tight(mask: NDArray[np.bool_]) -> Extent:
    extent = SliceMask.from_mask(mask, 1.0).extent
    if extent is None:
        raise ValueError("Nothing was found or drawn there.")
    return extent
