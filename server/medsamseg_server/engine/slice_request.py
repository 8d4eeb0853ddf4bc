"""What is asked of one slice: where it is, in which window, of which model. What that means is worked out once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from medsamseg_server.engine.box_windows import window_for_box
from medsamseg_server.engine.close_ups import View, choose_view, crop_to_box, view_ahead, whole_slice
from medsamseg_server.engine.prompts import Prompt
from medsamseg_server.volumes.volume import Volume
from medsamseg_server.volumes.windows import AUTO, IntensityRange, is_automatic

if TYPE_CHECKING:
    from medsamseg_server.models.specification import ModelSpecification


@dataclass(frozen=True)
class Framing:
    """What the network sees of a slice: a part of it, in some intensities."""

    view: View
    window: IntensityRange


@dataclass(frozen=True, eq=False)
class SliceRequest:
    """A slice of a volume, and how it is to be seen.

    One request serves from a click to its answer, on whichever threads that is worked on, one after the other.

    Attributes:
        volume: the volume.
        axis: 0, 1 or 2.
        index: slice index.
        window: see ``windows.resolve_window``.
        model: name of the network; None for the engine's default.
        with_probabilities: masks bring their probabilities along.
    """

    volume: Volume
    axis: int
    index: int
    window: str = AUTO
    model: str | None = None
    with_probabilities: bool = False
    _framings: dict[tuple[ModelSpecification, Prompt], Framing] = field(default_factory=dict, init=False, repr=False)
    _inputs: dict[Framing, NDArray[np.float32]] = field(default_factory=dict, init=False, repr=False)

    @cached_property
    def pixels(self) -> NDArray[Any]:
        """The slice, (H, W) or in color (H, W, 3), in the volume's unit; raises as ``Volume.slice``."""
        return self.volume.slice(self.axis, self.index)

    @property
    def image_size(self) -> tuple[int, int]:
        """(H, W); raises as ``Volume.slice``."""
        height, width = self.pixels.shape[:2]
        return height, width

    @cached_property
    def intensities(self) -> IntensityRange:
        """What the window means for the volume as a whole; raises ``window_invalid``."""
        return self.volume.window(self.window)

    @cached_property
    def seen(self) -> NDArray[np.uint8]:
        """The whole slice, (H, W) or in color (H, W, 3), in this window's gray levels."""
        return self.intensities.apply(self.pixels)

    def whole(self, specification: ModelSpecification) -> Framing:
        """Return what a model sees of the whole slice."""
        return Framing(whole_slice(specification, self.image_size), self.intensities)

    def ahead(self, specification: ModelSpecification) -> Framing:
        """Return what a model sees of the slice before there is a prompt."""
        return Framing(view_ahead(specification, self.image_size), self.intensities)

    def framings(self, specification: ModelSpecification, prompts: Sequence[Prompt]) -> list[Framing]:
        """Return what a model is to see for each prompt, which has been checked."""
        return [self._framing(specification, prompt) for prompt in prompts]

    def input(self, framing: Framing) -> NDArray[np.uint8]:
        """Return the gray levels of a framing, (h, w) or in color (h, w, 3)."""
        return framing.window.apply(framing.view.cut(self.pixels))

    def keep(self, framing: Framing, prepared: NDArray[np.float32]) -> None:
        """Keep an encoder's input that was made to look for its embedding, until it is taken to be encoded."""
        self._inputs[framing] = prepared

    def take(self, framing: Framing) -> NDArray[np.float32] | None:
        """Return an encoder's input that was kept, and forget it."""
        return self._inputs.pop(framing, None)

    def _framing(self, specification: ModelSpecification, prompt: Prompt) -> Framing:
        key = specification, prompt
        if key not in self._framings:
            view = choose_view(specification, prompt, self.image_size)
            self._framings[key] = Framing(view, self._intensities_for(prompt, view))
        return self._framings[key]

    def _intensities_for(self, prompt: Prompt, view: View) -> IntensityRange:
        if prompt.box is None or self.volume.is_color or not is_automatic(self.window):
            return self.intensities
        name = window_for_box(self.intensities, crop_to_box(self.pixels, prompt.box), view.cut(self.pixels))
        return self.volume.window(name)
