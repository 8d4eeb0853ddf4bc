"""A network that is loaded when it is first asked: that of whole slices, which most sessions never need."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from medsamseg_server.models.predictor import NetworkRunner


class DeferredRunner:
    """A ``NetworkRunner`` that loads another one on first use; one thread may encode while another one decodes.

    Args:
        precision: number format of the network's arithmetic.
        load: loads the network, on the processor; raises what is wrong with it.

    Attributes:
        device: ``cpu``.
        precision: as above.
    """

    device = "cpu"

    def __init__(self, precision: str, load: Callable[[], NetworkRunner]) -> None:
        self.precision = precision
        self._load = load
        self._lock = threading.Lock()
        self._loaded: NetworkRunner | None = None

    def encode(self, prepared: NDArray[np.float32]) -> NDArray[np.float32]:
        """As ``NetworkRunner.encode``."""
        return self._runner().encode(prepared)

    def decode(
        self,
        embedding: NDArray[np.floating[Any]],
        boxes: NDArray[np.float32] | None,
        points: tuple[NDArray[np.float32], NDArray[np.float32]] | None,
        answer: int = 0,
        coarse_surroundings: bool = False,
    ) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """As ``NetworkRunner.decode``."""
        return self._runner().decode(embedding, boxes, points, answer, coarse_surroundings)

    def decode_alternatives(
        self,
        embedding: NDArray[np.floating[Any]],
        points: tuple[NDArray[np.float32], NDArray[np.float32]],
        least_score: float,
    ) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """As ``NetworkRunner.decode_alternatives``."""
        return self._runner().decode_alternatives(embedding, points, least_score)

    def release(self) -> None:
        """As ``NetworkRunner.release``; loads nothing."""
        if self._loaded is not None:
            self._loaded.release()

    def _runner(self) -> NetworkRunner:
        with self._lock:
            if self._loaded is None:
                self._loaded = self._load()
            return self._loaded
