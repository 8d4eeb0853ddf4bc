"""What is to be followed through which slices: the request of a propagation, checked."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Literal

from medsamseg_server.engine.prompts import Box, Prompt
from medsamseg_server.errors import ErrorKind, MedSAMSegError
from medsamseg_server.volumes.volume import check_axis

Direction = Literal["both", "forward", "backward"]


@dataclass(frozen=True)
class Plan:
    """One object's way through a volume.

    Attributes:
        slices: number of slices along the axis.
        image_size: (H, W) of a slice.
        spacing: distance of neighboring slices, of rows, and of columns, in millimeters.
        prompts: by slice, ascending; at least one. Each has a box; where it has a mask, that is the object.
        first: first slice of the range, inclusive; None for no limit of the user.
        last: last slice of the range, inclusive; None likewise.
        direction: which way to go from the prompts: towards higher indices (``forward``), lower ones, or both.
        locked: slices that are not computed and that no propagation pass crosses.
        reach: slices from the outermost prompts that the object can be. Unlike at the range's limits, which say where
            the object ends, a pass may end before. None for no such limit.
    """

    slices: int
    image_size: tuple[int, int]
    spacing: tuple[float, float, float]
    prompts: Mapping[int, Prompt]
    first: int | None = None
    last: int | None = None
    direction: Direction = "both"
    locked: frozenset[int] = frozenset()
    reach: int | None = None

    @cached_property
    def boxes(self) -> dict[int, Box]:
        """Box by prompted slice, ascending."""
        return {index: prompt.box for index, prompt in self.prompts.items() if prompt.box is not None}

    def is_drawn(self, index: int) -> bool:
        """Return whether a person drew the object on a slice."""
        return index in self.prompts and self.prompts[index].mask is not None

    @property
    def lowest(self) -> int:
        """The lowest slice that can become part of the result."""
        return self.end(-1)[0]

    @property
    def highest(self) -> int:
        """The highest slice that can become part of the result."""
        return self.end(+1)[0]

    def end(self, step: Literal[-1, 1]) -> tuple[int, Literal["range", "reach", "volume"]]:
        """Return the last slice that a pass from the outermost prompt can come to, and what ends it there.

        Args:
            step: which way it goes.
        """
        limit = self.last if step > 0 else self.first
        if limit is not None:
            return limit, "range"
        border = self.slices - 1 if step > 0 else 0
        if self.reach is None:
            return border, "volume"
        far = max(self.prompts) + self.reach if step > 0 else min(self.prompts) - self.reach
        return (far, "reach") if 0 <= far < self.slices and far != border else (border, "volume")

    @property
    def slices_total(self) -> int:
        """The largest number of slices that the result can have."""
        prompted = list(self.prompts)
        low = prompted[0] if self.direction == "forward" else self.lowest
        high = prompted[-1] if self.direction == "backward" else self.highest
        return high - low + 1 - sum(low <= index <= high for index in self.locked)


def make_plan(
    shape: tuple[int, int, int],
    axis: int,
    prompts: Mapping[int, Box | Prompt],
    first: int | None = None,
    last: int | None = None,
    direction: Direction = "both",
    spacing: tuple[float, float, float] = (1.0, 1.0, 1.0),
    locked: Collection[int] = (),
    reach: int | None = None,
) -> Plan:
    """Check a request and return it as a plan.

    Args:
        shape: of the volume, (K, J, I).
        axis: 0, 1 or 2; the slices run along it.
        prompts: by slice; at least one. A box alone stands for a prompt of that box.
        first: first slice of the range, inclusive; None for no limit of the user.
        last: last slice of the range, inclusive; None likewise.
        direction: which way to go from the prompts.
        spacing: of the voxels along K, J and I, in millimeters.
        locked: slices that must not be written.
        reach: slices from the outermost prompts that the object can be, and may end before; None for no such limit.

    Raises:
        MedSAMSegError: ``axis_invalid``, ``prompt_missing``, ``prompt_without_box``, ``prompt_locked``,
            ``range_reversed``, ``range_outside_volume``, ``prompt_outside_range`` or ``spacing_invalid``.
    """
    check_axis(axis)
    _check_range(shape[axis], axis, first, last)
    asked = {index: _as_prompt(each) for index, each in sorted(prompts.items())}
    _check_prompts(asked, shape[axis], axis, first, last)
    for index in sorted(prompts):
        if index in locked:
            message = f"The box is on slice {index}, which is locked."
            raise MedSAMSegError(ErrorKind.INVALID_INPUT, "prompt_locked", message, "Unlock it, or leave the box out.")
    if not all(0 < distance < float("inf") for distance in spacing):
        message = f"The spacing {spacing} is not three positive distances in millimeters."
        raise MedSAMSegError(ErrorKind.INVALID_INPUT, "spacing_invalid", message)
    row, column = (number for number in range(3) if number != axis)
    return Plan(
        shape[axis],
        (shape[row], shape[column]),
        (spacing[axis], spacing[row], spacing[column]),
        asked,
        first,
        last,
        direction,
        frozenset(locked),
        reach,
    )


def _as_prompt(given: Box | Prompt) -> Prompt:
    prompt = given if isinstance(given, Prompt) else Prompt(given)
    # A mask of nothing says nothing.
    return replace(prompt, mask=None) if prompt.mask is not None and not prompt.mask.voxels else prompt


def _check_range(count: int, axis: int, first: int | None, last: int | None) -> None:
    for name, value in (("first", first), ("last", last)):
        if value is not None and not 0 <= value < count:
            message = (
                f"The {name} slice of the range, {value}, is outside the volume (0 to {count - 1} along axis {axis})."
            )
            raise MedSAMSegError(ErrorKind.INVALID_INPUT, "range_outside_volume", message)
    if first is not None and last is not None and first > last:
        message = f"The range ends (slice {last}) before it starts (slice {first})."
        raise MedSAMSegError(ErrorKind.INVALID_INPUT, "range_reversed", message, "Exchange the two numbers.")


def _check_prompts(prompts: Mapping[int, Prompt], count: int, axis: int, first: int | None, last: int | None) -> None:
    if not prompts:
        raise MedSAMSegError(ErrorKind.INVALID_INPUT, "prompt_missing", "There is no box to start from.")
    for index, prompt in prompts.items():
        if prompt.box is None:
            message = f"The prompt on slice {index} has no box, from which a propagation starts."
            raise MedSAMSegError(ErrorKind.INVALID_INPUT, "prompt_without_box", message, "Draw a box on that slice.")
        if not 0 <= index < count:
            message = f"Slice {index} is outside the volume: along axis {axis} it has slices 0 to {count - 1}."
            raise MedSAMSegError(ErrorKind.INVALID_INPUT, "slice_out_of_range", message)
        if index < (first or 0) or (last is not None and index > last):
            span = f"{0 if first is None else first} to {count - 1 if last is None else last}"
            raise MedSAMSegError(
                ErrorKind.INVALID_INPUT,
                "prompt_outside_range",
                f"The box on slice {index} is outside the range ({span}).",
                "Widen the range, or leave that box out.",
            )
