"""What a network sees of a slice while it learns: the whole of it, or a close-up of the object, as later in use."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from medsamseg_server.engine.close_ups import View, choose_view
from medsamseg_server.engine.masks import SliceMask
from medsamseg_server.engine.prompts import Box, Prompt
from medsamseg_server.models.specification import ModelSpecification
from medsamseg_server.training.boxes import tight_box

#: With embeddings that are computed once: so many close-ups of each object, which cost three quarters of a whole slice.
KEPT_VIEWS = 3
#: How much more or less round an object is seen than in use, as a power of two: 2.1 to 4.2 sides of its box.
ZOOMS = (-0.5, 0.5)
# How far the object is from the middle at most, in sides of its box: in a propagation, nobody knows where it will be.
_FARTHEST = 0.25
# Beginning of the seed, so that views do not go with boxes.
_VIEWS = 7_000_003


class Views:
    """Which part of its slice is seen of an object: that of the model's rule, in training changed at random.

    Args:
        specification: the model. Without close-ups, every view is the whole slice.
        seed: of all that is random.
        kept: see each object in so many views, again and again; None for another one in every epoch.
        zooms: how much more or less round an object is seen than in use, as a power of two.
    """

    def __init__(
        self,
        specification: ModelSpecification,
        seed: int,
        kept: int | None = None,
        zooms: tuple[float, float] = ZOOMS,
    ) -> None:
        self._specification = specification
        self._seed = seed
        self._kept = kept
        self._zooms = zooms

    def used(self, mask: SliceMask, image_size: tuple[int, int]) -> View:
        """Return what is seen of an object on a slice of ``image_size`` (H, W) in use."""
        return choose_view(self._specification, Prompt(_as_box(tight_box(mask))), image_size)

    def learned(self, mask: SliceMask, image_size: tuple[int, int], number: int, epoch: int) -> View:
        """Return what is seen of the object with this number in an epoch."""
        if self._kept is None:
            return self._changed(mask, image_size, (number, epoch))
        turn = int(np.random.default_rng((self._seed, _VIEWS, number, epoch, 1)).integers(self._kept))
        return self._changed(mask, image_size, (number, turn))

    def every(self, mask: SliceMask, image_size: tuple[int, int], number: int) -> list[View]:
        """Return all that is seen of the object with this number, where views are kept."""
        assert self._kept is not None, "there is no end of views"
        return [self._changed(mask, image_size, (number, turn)) for turn in range(self._kept)]

    def _changed(self, mask: SliceMask, image_size: tuple[int, int], key: tuple[int, int]) -> View:
        random = np.random.default_rng((self._seed, _VIEWS, *key))
        zoom = 2 ** float(random.uniform(*self._zooms))
        x0, y0, x1, y1 = tight_box(mask)
        reach = _FARTHEST * (max(x1 - x0, y1 - y0) + 1)
        right, down = random.uniform(-reach, reach, 2)
        moved = np.clip(
            np.array([x0 + right, y0 + down, x1 + right, y1 + down]), -0.5, np.tile(image_size[::-1], 2) - 0.5
        )
        view = choose_view(self._specification, Prompt(_as_box(moved)), image_size, zoom)
        return view if view.holds(_as_box(tight_box(mask))) else self.used(mask, image_size)


def _as_box(values: NDArray[np.float64]) -> Box:
    x0, y0, x1, y1 = values.tolist()
    return x0, y0, x1, y1
