"""From one click to the box round the object, by a head that was trained for the model; see ``models.click_head``."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from medsamseg_server.engine.prompts import Box, Prompt
from medsamseg_server.engine.slice_embeddings import Embedded
from medsamseg_server.models.click_frames import box_round, to_cells

if TYPE_CHECKING:
    from medsamseg_server.models.click_head import ClickHead

#: A box is no smaller, in pixels of the slice.
_LEAST_SIDE = 1.0


@dataclass(frozen=True)
class ClickedBox:
    """What a click means.

    Attributes:
        box: x0, y0, x1, y1 round the object, tight, inside of the slice; to a tenth of a pixel.
        seconds: time for what was encoded.
        was_cached: nothing had to be encoded.
    """

    box: Box
    seconds: float
    was_cached: bool


def box_round_click(
    head: ClickHead,
    point: tuple[float, float],
    image_size: tuple[int, int],
    embed: Callable[[Prompt], Embedded],
) -> ClickedBox:
    """Return the box that a head sees round a click: on the whole slice, and then in the close-up that this suggests.

    Args:
        head: of the model.
        point: x, y on the slice.
        image_size: (H, W) of the slice.
        embed: returns the embedding that a prompt is seen on; that of the whole slice for a point alone.
    """
    first = embed(Prompt(points=((*point, 1),)))
    box = _look(head, first, point, image_size)
    second = embed(Prompt(box))
    looks = [first]
    if second.framing.view != first.framing.view:
        looks.append(second)
        box = _look(head, second, point, image_size)
    return ClickedBox(box, sum(each.seconds for each in looks), all(each.was_cached for each in looks))


def _look(head: ClickHead, embedded: Embedded, point: tuple[float, float], image_size: tuple[int, int]) -> Box:
    # Whoever never clicks does not wait for it.
    import torch

    from medsamseg_server.models.click_head import reach

    specification, view = embedded.predictor.specification, embedded.framing.view
    inside = np.array(point) - (view.x0, view.y0)
    click = torch.from_numpy(to_cells(specification, inside, view.shape))[None]
    with torch.inference_mode():
        found = reach(head(torch.from_numpy(embedded.embedding.astype(np.float32))[None], click))[0].numpy()
    box = box_round(specification, inside, found, view.shape) + np.tile((view.x0, view.y0), 2)
    return _on_slice(box, point, image_size)


def _on_slice(box: NDArray[np.float64], point: tuple[float, float], image_size: tuple[int, int]) -> Box:
    """Return a box round the point that is inside of the slice, and no line."""
    least = np.array([*point, *point]) + np.array([-1, -1, 1, 1]) * _LEAST_SIDE / 2
    x0, y0 = np.clip(np.minimum(box[:2], least[:2]), -0.5, None).round(1).tolist()
    x1, y1 = np.minimum(np.maximum(box[2:], least[2:]), np.array(image_size[::-1]) - 0.5).round(1).tolist()
    return x0, y0, x1, y1
