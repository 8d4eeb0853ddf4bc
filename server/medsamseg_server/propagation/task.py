"""What to segment in a volume: the boxes and points that show one object, and how to go on from them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from medsamseg_server.engine.masks import SliceMask
from medsamseg_server.engine.probabilities import DEFAULT_THRESHOLD
from medsamseg_server.engine.prompts import Box, Meaning, Points, Prompt
from medsamseg_server.propagation import DEFAULT_METHOD


@dataclass(frozen=True)
class Task:
    """What to segment.

    Attributes:
        axis: 0, 1 or 2; the slices lie across it.
        boxes: box per prompted slice.
        first: first slice of the range, inclusive; None for no limit.
        last: last slice of the range, inclusive; None for no limit.
        propagates: go on from the prompted slices to the others; otherwise only they are segmented.
        window: which intensities the network sees; see ``windows.resolve_window``.
        model: name of the network.
        spacing: of the voxels along K, J and I, in millimeters.
        method: how to go on; one of ``propagation.METHODS``.
        reach: slices from the outermost boxes that the object can be, and may end before; None for no such limit.
        threshold: of the probability above which a voxel is the object's.
        exclude: boxes of what is not the object, per prompted slice; the n-th ones of all slices are round one thing.
        exclude_mask: voxels that are not the object's, (K, J, I).
        planes: 3 to look at the object across the two other axes as well, or 1.
        meaning: which of the network's three answers to each box is wanted; None for its one answer.
        points: on the object and beside it, per prompted slice; one with points alone gets its box by ``meant.boxed``.
        found: what is on prompted slices, by slice, where that is known already: what points alone showed, or what a
            person drew; their boxes are round it.
        locked: slices that are not computed and that no propagation pass crosses.
    """

    axis: int
    boxes: Mapping[int, Box]
    first: int | None = None
    last: int | None = None
    propagates: bool = True
    window: str = "auto"
    model: str | None = None
    spacing: tuple[float, float, float] = (1.0, 1.0, 1.0)
    method: str = DEFAULT_METHOD
    reach: int | None = None
    threshold: float = DEFAULT_THRESHOLD
    exclude: Mapping[int, tuple[Box, ...]] = field(default_factory=dict)
    exclude_mask: NDArray[np.bool_] | None = field(default=None, compare=False)
    planes: int = 1
    meaning: Meaning | None = None
    points: Mapping[int, Points] = field(default_factory=dict)
    found: Mapping[int, SliceMask] = field(default_factory=dict, compare=False)
    locked: frozenset[int] = frozenset()

    @property
    def prompts(self) -> dict[int, Prompt]:
        """What shows the object, by slice with a box."""
        return {
            index: Prompt(box, self.points.get(index, ()), exclude=self.exclude.get(index, ()))
            for index, box in self.boxes.items()
        }

    @property
    def drawn_boxes(self) -> dict[int, Box]:
        """The boxes that were not made round what is known already, by slice."""
        return {index: box for index, box in self.boxes.items() if index not in self.found}

    @property
    def pointed(self) -> tuple[int, ...]:
        """The slices with points alone, ascending."""
        return tuple(sorted(self.points.keys() - self.boxes.keys()))
