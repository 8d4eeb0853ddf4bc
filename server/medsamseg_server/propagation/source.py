"""What a propagation asks of the slices: masks for boxes, and the gray levels that the network sees."""

from __future__ import annotations

import copy
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

import cv2
import numpy as np
from numpy.typing import NDArray

from medsamseg_server.engine.answers import SliceSegmentation
from medsamseg_server.engine.box_vote import MARGINS
from medsamseg_server.engine.engine import Engine
from medsamseg_server.engine.masks import Candidates, SliceMask
from medsamseg_server.engine.prompts import Box, Prompt
from medsamseg_server.engine.slice_request import Framing, SliceRequest

if TYPE_CHECKING:
    from medsamseg_server.volumes.volume import Volume


class SliceSource(Protocol):
    """The slices of one volume along one axis."""

    def masks(self, index: int, boxes: Sequence[Box]) -> list[SliceMask]:
        """Return the object in each of the boxes on slice ``index``, of which the network sees all, in one batch."""

    def in_box(self, index: int, box: Box) -> tuple[SliceMask, float | None]:
        """Return the object in a box of the user on slice ``index``, as a click would, and how far masks agree on it.

        That is None where one box only was asked; see ``SliceSegmentation.agreements``.
        """

    def candidates(self, index: int, box: Box, more_boxes: Sequence[Box] = ()) -> Candidates:
        """Return masks of an object near a box on slice ``index``, for a vote: of the box with several margins.

        Args:
            index: slice index.
            box: x0, y0, x1, y1; also what the network gets to see goes by it.
            more_boxes: others of the same object, each with one margin.
        """

    @property
    def window(self) -> str:
        """Which intensities the network sees; see ``windows.resolve_window``."""

    def of_object(self, boxes: Mapping[int, Box], margins: Sequence[float] = MARGINS) -> SliceSource:
        """Return the same slices in the window that suits an object, whose box by slice index is given; checked.

        ``margins`` are those of the boxes that vote.
        """

    def gray(self, index: int) -> NDArray[np.uint8]:
        """Return slice ``index`` (H, W) as the network sees it."""

    def pixels(self, index: int) -> NDArray[np.uint8]:
        """Return slice ``index``, (H, W) or in color (H, W, 3), as the network sees it."""

    def across(self, axis: int) -> SliceSource:
        """Return the slices of the same volume, in the same window, along another axis."""


@dataclass
class _Use:
    """What was asked of an engine."""

    encode_seconds: float = 0.0
    decode_seconds: float = 0.0
    decoder_calls: int = 0
    asked: set[tuple[int, int, Framing]] = field(default_factory=set)


class EngineSlices:
    """The slices of a volume, segmented by an engine; counts and times what it does.

    Attributes:
        window: which intensities the network sees; see ``windows.resolve_window``.

    Args:
        engine: what segments.
        volume: the volume.
        axis: 0, 1 or 2.
        window: as the attribute.
        model: name of the network; None for the engine's default.
        with_probabilities: masks bring their probabilities along.
    """

    def __init__(
        self,
        engine: Engine,
        volume: Volume,
        axis: int,
        window: str,
        model: str | None,
        with_probabilities: bool = False,
    ) -> None:
        self._engine = engine
        self._volume = volume
        self._axis = axis
        self.window = window
        self._model = model
        self._with_probabilities = with_probabilities
        self._margins: tuple[float, ...] = MARGINS
        self._use = _Use()

    def of_object(self, boxes: Mapping[int, Box], margins: Sequence[float] = MARGINS) -> EngineSlices:
        """Return the same slices in the window that suits an object: that of its largest box, where it is seen best.

        Args:
            boxes: box by slice index, one at least; checked.
            margins: of the boxes that vote.
        """
        made = copy.copy(self)
        made._margins = tuple(margins)
        index, box = max(boxes.items(), key=lambda item: (item[1][2] - item[1][0]) * (item[1][3] - item[1][1]))
        made.window = self._engine.window_for(self._at(index), box)
        return made

    def across(self, axis: int) -> EngineSlices:
        """Return the slices along another axis, in the same window; what is asked of them counts here, too."""
        made = copy.copy(self)
        made._axis = axis
        return made

    @property
    def encode_seconds(self) -> float:
        """Total time for embeddings, of all objects."""
        return self._use.encode_seconds

    @property
    def decode_seconds(self) -> float:
        """Total time for masks, of all objects."""
        return self._use.decode_seconds

    @property
    def decoder_calls(self) -> int:
        """Number of batches of boxes that were decoded."""
        return self._use.decoder_calls

    @property
    def encoder_calls(self) -> int:
        """Number of slices and close-ups that were asked for; each is encoded once, if it is not in the cache."""
        return len(self._use.asked)

    def masks(self, index: int, boxes: Sequence[Box]) -> list[SliceMask]:
        """Return the object in each box on the whole slice ``index``; errors as ``Engine.segment``."""
        return self._segmented(index, self._engine.segment_whole(self._at(index), boxes))

    def in_box(self, index: int, box: Box) -> tuple[SliceMask, float | None]:
        """Return the object in a user's box on slice ``index``, see ``SliceSource``; errors as ``Engine.segment``."""
        found = self._engine.segment(self._at(index), [Prompt(box, margins=self._margins)])
        return self._segmented(index, found)[0], found.agreements[0]

    def in_prompt(self, index: int, prompt: Prompt) -> SliceMask:
        """Return the object that a prompt shows on slice ``index``; errors as ``Engine.segment``."""
        return self._segmented(index, self._engine.segment(self._at(index), [prompt]))[0]

    def image_size(self, index: int) -> tuple[int, int]:
        """Return (H, W) of slice ``index``."""
        return self._volume.slice_size(self._axis, index)

    def candidates(self, index: int, box: Box, more_boxes: Sequence[Box] = ()) -> Candidates:
        """Return masks for a vote, see ``Engine.candidates``; errors as ``Engine.segment``."""
        found = self._engine.candidates(self._at(index), box, more_boxes, self._margins)
        self._count(index, [found.framing], found.encode_seconds, found.decode_seconds)
        return found.masks

    def _segmented(self, index: int, result: SliceSegmentation) -> list[SliceMask]:
        self._count(index, result.framings, result.encode_seconds, result.decode_seconds)
        return result.masks

    def _count(self, index: int, framings: Sequence[Framing], encode_seconds: float, decode_seconds: float) -> None:
        self._use.encode_seconds += encode_seconds
        self._use.decode_seconds += decode_seconds
        self._use.asked.update((self._axis, index, framing) for framing in framings)
        self._use.decoder_calls += 1

    def gray(self, index: int) -> NDArray[np.uint8]:
        """Return slice ``index`` (H, W) as the network sees it; of colors, how bright they are."""
        seen = self.pixels(index)
        return np.asarray(cv2.cvtColor(seen, cv2.COLOR_RGB2GRAY), np.uint8) if self._volume.is_color else seen

    def pixels(self, index: int) -> NDArray[np.uint8]:
        """Return slice ``index``, (H, W) or in color (H, W, 3), as the network sees it."""
        return self._at(index).seen

    def _at(self, index: int) -> SliceRequest:
        return SliceRequest(self._volume, self._axis, index, self.window, self._model, self._with_probabilities)
