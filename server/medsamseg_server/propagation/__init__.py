"""From boxes on some slices of an object to masks on all of them: plans, methods, and what they tell on the way."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import replace
from typing import Protocol

from medsamseg_server.engine.masks import SliceMask
from medsamseg_server.engine.prompts import Box, Prompt
from medsamseg_server.errors import ErrorKind, MedSAMSegError
from medsamseg_server.propagation.events import Confidence, DirectionEnded, Event, SliceResult, SliceSeen
from medsamseg_server.propagation.exclusion import excluded_prompts, whole_of
from medsamseg_server.propagation.film import FilmStrategy
from medsamseg_server.propagation.plan import Direction, Plan, make_plan
from medsamseg_server.propagation.planes import OtherPlanes, why_one_plane
from medsamseg_server.propagation.reference import ReferenceStrategy
from medsamseg_server.propagation.source import EngineSlices, SliceSource
from medsamseg_server.propagation.tracking import TrackingStrategy

__all__ = [
    "DEFAULT_METHOD",
    "METHODS",
    "Confidence",
    "Direction",
    "DirectionEnded",
    "EngineSlices",
    "Event",
    "Plan",
    "Propagation",
    "SliceResult",
    "SliceSeen",
    "SliceSource",
    "Strategy",
]


class Strategy(Protocol):
    """A method of following an object from slice to slice."""

    def run(self, plan: Plan, source: SliceSource) -> Iterator[Event]:
        """Segment the prompted slices, then go on to the others; nothing is computed before it is asked for."""


#: The methods by name.
METHODS: dict[str, Callable[[], Strategy]] = {
    "tracking": TrackingStrategy,
    "film": FilmStrategy,
    "reference": ReferenceStrategy,
}
DEFAULT_METHOD = "tracking"
#: The plane in which an object is followed, and the two others.
ALL_PLANES = 3


class Propagation:
    """One object's propagation through a volume: checked on construction, computed by ``run``.

    Args:
        shape: of the volume, (K, J, I).
        axis: 0, 1 or 2; the slices run along it.
        prompts: by slice; at least one. A box alone stands for a prompt of that box.
        first: first slice of the range, inclusive; None for no limit of the user.
        last: last slice of the range, inclusive; None likewise.
        direction: which way to go from the prompts: towards higher indices (``forward``), lower ones, or both.
        spacing: of the voxels along K, J and I, in millimeters.
        locked: slices that are not computed and that no propagation pass crosses.
        reach: slices from the outermost prompts that the object can be, and may end before; None for no such limit.
        method: one of ``METHODS``.
        exclude_masks: pixels that are not the object's, by slice.
        planes: 3 to look at the object across the two other axes as well, or 1; see ``planes.OtherPlanes``.

    Attributes:
        plan: what was asked for, as if nothing were excluded.
        excluded: the propagation of each thing that the prompts exclude, in one plane.
        exclude_masks: as the argument.
        drawn: the object as a person drew it, by slice.
        notes: sentences on what is done otherwise than asked for.

    Raises:
        MedSAMSegError: as ``plan.make_plan``, ``method_unknown``, or ``planes_invalid``.
    """

    def __init__(
        self,
        shape: tuple[int, int, int],
        axis: int,
        prompts: Mapping[int, Box | Prompt],
        first: int | None = None,
        last: int | None = None,
        direction: Direction = "both",
        spacing: tuple[float, float, float] = (1.0, 1.0, 1.0),
        locked: Collection[int] = (),
        reach: int | None = None,
        method: str = DEFAULT_METHOD,
        exclude_masks: Mapping[int, SliceMask] | None = None,
        planes: int = 1,
    ) -> None:
        way = first, last, direction, spacing, locked, reach
        self.exclude_masks = exclude_masks or {}
        whole = {
            index: whole_of(each, self.exclude_masks.get(index)) if isinstance(each, Prompt) else each
            for index, each in prompts.items()
        }
        self.plan = make_plan(shape, axis, whole, *way)
        self.excluded = [type(self)(shape, axis, each, *way, method) for each in excluded_prompts(prompts)]
        self.drawn = {index: each.mask for index, each in prompts.items() if isinstance(each, Prompt) and each.mask}
        self._axis = axis
        self._strategy = make_strategy(method)
        reason = why_one_plane(spacing) if check_planes(planes) == ALL_PLANES else None
        self._planes = planes if reason is None else 1
        self.notes = () if reason is None else (reason,)

    def start_from(self, masks: Mapping[int, SliceMask]) -> None:
        """Take masks, by prompted slice, for the object there; where one is empty, its box says more.

        Args:
            masks: as the network gave them, or a person.
        """
        known = {index: mask for index, mask in masks.items() if mask.voxels}
        prompts = {
            index: replace(prompt, mask=known.get(index, prompt.mask)) for index, prompt in self.plan.prompts.items()
        }
        self.plan = replace(self.plan, prompts=prompts)

    @property
    def image_size(self) -> tuple[int, int]:
        """(H, W) of a slice."""
        return self.plan.image_size

    @property
    def slices_total(self) -> int:
        """The largest number of slices that ``run`` can give."""
        return self.plan.slices_total

    def run(self, source: SliceSource) -> Iterator[Event]:
        """Segment slice by slice, as if nothing were excluded; see ``Strategy``."""
        followed = self._strategy.run(self.plan, source)
        return followed if self._planes == 1 else OtherPlanes(self.plan, self._axis, source).events(followed)


def check_planes(planes: int) -> int:
    """Return a number of planes that an object can be seen in; raise ``planes_invalid`` for another one."""
    if planes not in (1, ALL_PLANES):
        message = f"An object cannot be seen in {planes} planes."
        raise MedSAMSegError(ErrorKind.INVALID_INPUT, "planes_invalid", message, f"Choose 1 or {ALL_PLANES}.")
    return planes


def make_strategy(method: str) -> Strategy:
    """Return the method of this name; raise ``method_unknown`` if there is none."""
    if method not in METHODS:
        known = ", ".join(METHODS)
        message = f"There is no method of propagation '{method[:40]}'."
        raise MedSAMSegError(ErrorKind.INVALID_INPUT, "method_unknown", message, f"Choose one of: {known}.")
    return METHODS[method]()
