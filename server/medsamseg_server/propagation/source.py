"""What a propagation asks of the slices: masks for boxes, and the gray levels that the network sees."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Protocol

import cv2
import numpy as np
from numpy.typing import NDArray

from medsamseg_server.engine.engine import Engine
from medsamseg_server.engine.masks import SliceMask
from medsamseg_server.engine.prompts import Box, Prompt

if TYPE_CHECKING:
    from medsamseg_server.volumes.volume import Volume


class SliceSource(Protocol):
    """The slices of one volume along one axis."""

    def masks(self, index: int, boxes: Sequence[Box]) -> list[SliceMask]:
        """Return the object in each of the boxes on slice ``index``, decoded in one batch."""

    def gray(self, index: int) -> NDArray[np.uint8]:
        """Return slice ``index`` (H, W) as the network sees it."""

    def pixels(self, index: int) -> NDArray[np.uint8]:
        """Return slice ``index``, (H, W) or in color (H, W, 3), as the network sees it."""


class EngineSlices:
    """The slices of a volume, segmented by an engine; counts and times what it does.

    Attributes:
        encode_seconds: total time for embeddings.
        decode_seconds: total time for masks.
        encoder_calls: slices that were asked for, cached or not; each once.
        decoder_calls: batches of boxes that were decoded.
    """

    def __init__(self, engine: Engine, volume: Volume, axis: int, window: str, model: str | None) -> None:
        self._engine = engine
        self._volume = volume
        self._axis = axis
        self._window = window
        self._model = model
        self._asked: set[int] = set()
        self.encode_seconds = 0.0
        self.decode_seconds = 0.0
        self.decoder_calls = 0

    @property
    def encoder_calls(self) -> int:
        """Number of different slices that were asked for; each is encoded once, if it is not in the cache."""
        return len(self._asked)

    def masks(self, index: int, boxes: Sequence[Box]) -> list[SliceMask]:
        """Return the object in each box on slice ``index``; errors as ``Engine.segment``."""
        prompts = [Prompt(box) for box in boxes]
        result = self._engine.segment(self._volume, self._axis, index, prompts, self._window, self._model)
        self.encode_seconds += result.encode_seconds
        self.decode_seconds += result.decode_seconds
        self._asked.add(index)
        self.decoder_calls += 1
        return result.masks

    def gray(self, index: int) -> NDArray[np.uint8]:
        """Return slice ``index`` (H, W) as the network sees it; of colors, how bright they are."""
        seen = self.pixels(index)
        return np.asarray(cv2.cvtColor(seen, cv2.COLOR_RGB2GRAY), np.uint8) if self._volume.is_color else seen

    def pixels(self, index: int) -> NDArray[np.uint8]:
        """Return slice ``index``, (H, W) or in color (H, W, 3), as the network sees it."""
        return self._volume.window(self._window).apply(self._volume.slice(self._axis, index))
