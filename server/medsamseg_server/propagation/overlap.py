"""Which of several objects a voxel belongs to when their masks on a slice overlap."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import permutations

import numpy as np
from numpy.typing import NDArray

from medsamseg_server.engine.masks import overlap
from medsamseg_server.propagation import Plan, SliceResult

_Slice = dict[str, SliceResult]


class OverlapResolution:
    """Resolves overlaps slice by slice as their masks arrive, in any order.

    Of several masks that have a voxel, it goes to that which lies inside of the others there (a tumor in a liver stays
    whole), or else to that which a person drew, or else to that whose own box is on the nearest slice, or else to the
    smaller one of two that cover each other, or else to that whose object has the voxel on a neighboring slice as well,
    or else to the surest, or else to the first in order.

    Args:
        plans: name of each object, in order, and what it is followed from.
    """

    def __init__(self, plans: Mapping[str, Plan]) -> None:
        self._plans = plans
        self._image_size = next(iter(plans.values())).image_size
        self._found: dict[int, _Slice] = {}
        self._resolved: dict[int, _Slice] = {}

    def add(self, name: str, result: SliceResult) -> list[tuple[str, SliceResult]]:
        """Add what was found of an object on a slice.

        Returns:
            The objects on that slice that changed because of it, those that lose most first; then the new one, without
            what belongs to others. A mask of which nothing is left is empty.
        """
        before = self._resolved.get(result.index, {})
        self._found.setdefault(result.index, {})[name] = result
        resolved = self._resolved[result.index] = self._resolve(result.index)
        changed = [other for other in before if other != name and resolved[other].mask != before[other].mask]
        changed.sort(key=lambda other: resolved[other].mask.voxels - before[other].mask.voxels)
        return [(other, resolved[other]) for other in (*changed, name)]

    def resolve(self, index: int, results: Mapping[str, SliceResult]) -> Mapping[str, SliceResult]:
        """Return what is left of each object of a slice, all of which are known at once."""
        self._found[index] = dict(results)
        self._resolved[index] = self._resolve(index)
        return self._resolved[index]

    def _resolve(self, index: int) -> _Slice:
        found = self._found[index]
        overlapping = {a for a, b in permutations(found, 2) if overlap(found[a].mask, found[b].mask) > 0}
        # In order, because the first of equals wins.
        involved = [name for name in self._plans if name in overlapping]
        if not involved:
            return dict(found)
        masks = np.array([found[name].mask.to_array(self._image_size) for name in involved])
        shared = np.einsum("ahw,bhw->ab", masks, masks, dtype=np.int64)
        ranks = self._ranks(index, involved, shared)
        precedences = np.array(
            [self._precedence(found[name], name, rank) for name, rank in zip(involved, ranks, strict=True)]
        )
        owners = np.where(masks, precedences, -1.0).argmax(axis=0)
        left = {
            name: replace(found[name], mask=found[name].mask.limited_to(masks[i] & (owners == i)))
            for i, name in enumerate(involved)
        }
        return {**found, **left}

    def _ranks(self, index: int, involved: Sequence[str], shared: NDArray[np.int64]) -> list[int]:
        """Return the precedence of each object on the whole slice; ``shared`` counts the voxels of each pair."""
        sizes = shared.diagonal()
        lies_in = 2 * shared > sizes[:, None]
        inside = (lies_in & ~lies_in.T).sum(axis=1)
        smaller = (lies_in & lies_in.T & (sizes[:, None] < sizes)).sum(axis=1)
        signs = [
            (
                int(inside[i]),
                self._plans[name].is_drawn(index),
                -min(abs(index - prompt) for prompt in self._plans[name].prompts),
                int(smaller[i]),
            )
            for i, name in enumerate(involved)
        ]
        order = sorted(set(signs))
        return [order.index(sign) for sign in signs]

    def _precedence(self, result: SliceResult, name: str, rank: int) -> NDArray[np.float64]:
        """Return the precedence of an object at each voxel, (H, W)."""
        confidence = result.confidence.value if result.confidence else 0.0
        # Each sign weighs more than all that follow.
        precedence = np.full(self._image_size, 4.0 * rank + confidence)
        precedence += 2.0 * self._beside(result.index, name)
        return precedence

    def _beside(self, index: int, name: str) -> NDArray[np.bool_]:
        """Return (H, W) where an object is on the slice before or after."""
        beside = np.zeros(self._image_size, bool)
        for neighbor in (index - 1, index + 1):
            result = self._resolved.get(neighbor, {}).get(name)
            if result is not None:
                result.mask.paint(beside, True)
        return beside
