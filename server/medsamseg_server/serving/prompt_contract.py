"""The HTTP contract's form of prompts: the one place where they are JSON."""

from __future__ import annotations

import base64
from collections.abc import Callable

import numpy as np
from pydantic import AfterValidator, Field

from medsamseg_server.engine.masks import SliceMask
from medsamseg_server.engine.prompts import MOST_EXCLUDED, Box, Meaning, Prompt
from medsamseg_server.errors import ErrorKind, MedSAMSegError
from medsamseg_server.models.point_slots import MOST_POINTS
from medsamseg_server.serving.contract_types import Index, Request, SmallInteger


class DrawnMask(Request):
    """An object that a person drew or corrected: ``extent`` and ``bits`` as in ``Mask``."""

    extent: tuple[SmallInteger, SmallInteger, SmallInteger, SmallInteger]
    bits: str = Field(max_length=2**24)

    def to_slice_mask(self, image_size: tuple[int, int]) -> SliceMask:
        """Return the mask on a slice of ``image_size`` (H, W); raise ``mask_invalid`` for one that does not fit."""
        x0, y0, x1, y1 = self.extent
        height, width = image_size
        if not (0 <= x0 <= x1 < width and 0 <= y0 <= y1 < height):
            message = f"The mask's extent {self.extent} is not inside the slice of {width} × {height} pixels."
            raise MedSAMSegError(ErrorKind.INVALID_INPUT, "mask_invalid", message)
        try:
            bits = base64.b64decode(self.bits, validate=True)
        except ValueError:
            bits = b""
        size = (x1 - x0 + 1) * (y1 - y0 + 1)
        if len(bits) != -(-size // 8):
            message = f"The mask has {len(bits)} bytes of bits; expected {-(-size // 8)} for {size} pixels."
            raise MedSAMSegError(ErrorKind.INVALID_INPUT, "mask_invalid", message)
        shape = (y1 - y0 + 1, x1 - x0 + 1)
        pixels = np.unpackbits(np.frombuffer(bits, np.uint8), count=size).reshape(shape).astype(bool)
        return SliceMask.from_mask(pixels, 1.0).moved(x0, y0)


class SlicePrompt(Request):
    """What shows one object on a slice, in any of several kinds at once; in-plane pixels.

    A new kind of prompt is a field here and one of the engine's ``Prompt``. Each request says which kinds it takes.

    Attributes:
        box: x0, y0, x1, y1.
        points: x, y and 1 (on the object) or 0 (not on it).
        mask: what a person drew. It is taken as it is: nothing is computed on its slice.
        meaning: which of the network's three answers is wanted, of the models mobilesam and sam; null for the one
            answer to a clear prompt.
        exclude: boxes round what lies in ``box`` and is not the object: found as objects of their own, and taken away.
        exclude_mask: pixels that are not the object's.
    """

    box: Box | None = None
    points: list[tuple[float, float, SmallInteger]] = Field(default=[], max_length=MOST_POINTS)
    mask: DrawnMask | None = None
    meaning: Meaning | None = None
    exclude: list[Box] = Field(default=[], max_length=MOST_EXCLUDED)
    exclude_mask: DrawnMask | None = None

    @property
    def kinds(self) -> set[str]:
        """Names of the kinds that are given."""
        return {name for name in SlicePrompt.model_fields if getattr(self, name) not in (None, [])}

    def to_prompt(self, image_size: Callable[[], tuple[int, int]]) -> Prompt:
        """Return the engine's form of a prompt.

        Args:
            image_size: gives (H, W) of the slice.

        Raises:
            MedSAMSegError: ``mask_invalid``, or as ``image_size``.
        """
        mask, excluded = (
            None if each is None else each.to_slice_mask(image_size()) for each in (self.mask, self.exclude_mask)
        )
        exclude = tuple(self.exclude)
        return Prompt(self.box, tuple(self.points), mask, self.meaning, exclude=exclude, exclude_mask=excluded)


class PropagationPrompt(SlicePrompt):
    """A prompt that a propagation starts from, with its slice."""

    slice: Index


def only_of_kinds(*kinds: str) -> AfterValidator:
    """Return what refuses, in a list of prompts, the kinds that a request cannot use.

    Args:
        kinds: fields of ``SlicePrompt`` that it can use.
    """

    def check(prompts: list[SlicePrompt]) -> list[SlicePrompt]:
        unused = sorted(set().union(*(prompt.kinds for prompt in prompts)).difference(kinds))
        if unused:
            raise ValueError(f"{' and '.join(unused)} cannot be used here; a prompt is of {' and '.join(kinds)}")
        return prompts

    return AfterValidator(check)
