"""Encoding a volume's slices in the background, from the one that the user looks at outward."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable, Iterator

from medsamseg_server.engine.engine import Engine
from medsamseg_server.engine.slice_request import SliceRequest
from medsamseg_server.serving import contract
from medsamseg_server.serving.encoding_contract import EncodingsRequest, EncodingsState, EncodingsStatus
from medsamseg_server.serving.propagation_job import error_reply
from medsamseg_server.serving.scheduler import Outcome
from medsamseg_server.volumes.volume import Volume

# The time left follows the last encodings, since the computer's other work comes and goes.
_TIMED_ENCODINGS = 8


class EncodingJob:
    """Fills the embedding cache with a volume's slices along an axis, as many as the cache has room for.

    The slices nearest to the center come first; ``center_on`` moves it, also while the job runs. Slices that are in the
    cache already, from this or an earlier run of the program, are counted and not encoded again.

    Raises:
        MedSAMSegError: as ``Volume.slice``, ``Volume.window`` and ``Engine.check_model``.
    """

    def __init__(self, name: str, engine: Engine, volume: Volume, request: EncodingsRequest) -> None:
        volume.slice(request.axis, request.slice)
        self.name = name
        self._engine = engine
        self._axis = request.axis
        self._window = request.window
        self._model = engine.check_model(request.model)
        self._window_name = volume.window(request.window).name
        self._slices = volume.slice_count(request.axis)
        # All slices along an axis are of one size.
        self._slice_bytes = engine.precomputed_bytes(
            SliceRequest(volume, request.axis, request.slice, request.window, request.model)
        )
        self._lock = threading.Lock()
        self._center = request.slice
        self._room = self._slices
        self._done: set[int] = set()
        self._seconds: deque[float] = deque(maxlen=_TIMED_ENCODINGS)
        self._state: EncodingsState = "running"
        self._error: contract.Error | None = None
        self._measure_room()

    @property
    def is_going_on(self) -> bool:
        """Whether it runs or is paused."""
        return self._state in ("running", "paused")

    @property
    def status(self) -> EncodingsStatus:
        """How far it is."""
        with self._lock:
            chosen = self._chosen()
            done = len(self._done.intersection(chosen))
            mean = sum(self._seconds) / len(self._seconds) if self._seconds else None
            return EncodingsStatus(
                state=self._state,
                done=done,
                total=len(chosen),
                left_out=self._slices - len(chosen),
                seconds_left=None if mean is None else round(mean * (len(chosen) - done), 1),
                job=self.name,
                axis=self._axis,
                slice=self._center,
                model=self._model,
                window=self._window_name,
                error=self._error,
            )

    def continues_as(self, volume: Volume, request: EncodingsRequest) -> bool:
        """Return whether a request for the same volume asks for the same embeddings, from another slice perhaps.

        Raises:
            MedSAMSegError: as the constructor.
        """
        volume.slice(request.axis, request.slice)
        asked = (request.axis, volume.window(request.window).name, self._engine.check_model(request.model))
        return self.is_going_on and asked == (self._axis, self._window_name, self._model)

    def center_on(self, index: int) -> None:
        """Go on with the slices nearest to ``index``."""
        self._measure_room()
        with self._lock:
            self._center = index

    def note_paused(self, paused: bool) -> None:
        """Show in the status whether the job is paused."""
        with self._lock:
            if self.is_going_on:
                self._state = "paused" if paused else "running"

    def steps(self, find_volume: Callable[[], Volume]) -> Iterator[None]:
        """Encode one slice per ``next``.

        Args:
            find_volume: gives the volume for each slice anew. Between slices nothing here holds it, so that a volume
                which had to make room for others does not stay in memory until all its slices are encoded.
        """
        while (index := self._next()) is not None:
            started = time.perf_counter()
            request = SliceRequest(find_volume(), self._axis, index, self._window, self._model)
            was_encoded = self._engine.precompute(request)
            # Nothing here holds the volume between slices.
            del request
            with self._lock:
                self._done.add(index)
                if was_encoded:
                    self._seconds.append(time.perf_counter() - started)
            yield

    def end(self, outcome: Outcome) -> None:
        """Record how the job ended."""
        with self._lock:
            self._state = outcome.kind
            self._error = error_reply(outcome.error) if outcome.error is not None else None

    def _next(self) -> int | None:
        with self._lock:
            return next((index for index in self._chosen() if index not in self._done), None)

    def _chosen(self) -> list[int]:
        return outward(self._center, self._slices)[: self._room]

    def _measure_room(self) -> None:
        room = max(self._engine.precompute_room // self._slice_bytes, 1)
        with self._lock:
            self._room = room


def outward(center: int, count: int) -> list[int]:
    """Return 0…count − 1 in the order of distance from ``center``."""
    return sorted(range(count), key=lambda index: abs(index - center))
