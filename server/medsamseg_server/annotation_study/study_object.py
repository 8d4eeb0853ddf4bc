"""An object that simulated readers segment, and what one of them did for it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from medsamseg_server.annotation_study.costs import Effort
from medsamseg_server.engine.engine import Engine
from medsamseg_server.engine.prompts import Box
from medsamseg_server.evaluation.cases import Case
from medsamseg_server.evaluation.metrics import dice
from medsamseg_server.evaluation.protocols import Jitter, tight_box
from medsamseg_server.measurements.diameters import Diameters, diameters
from medsamseg_server.measurements.line_prompt import LinePrompt, prompt_from_lines
from medsamseg_server.measurements.slice_plane import StraightGrid
from medsamseg_server.propagation.task import Task
from medsamseg_server.propagation.whole_volume import WholeMask, WholeVolume


@dataclass(frozen=True)
class StudyObject:
    """An object to segment.

    Attributes:
        case: its scan.
        name: of the object.
        wanted: the Dice to reach, in 3D.
        jitter: how far the reader's boxes are from tight.
        model: the network that helps.
    """

    case: Case
    name: str
    wanted: float
    jitter: Jitter
    model: str

    @property
    def reference(self) -> NDArray[np.bool_]:
        """The object, slices along the first axis."""
        return np.moveaxis(self.case.target(self.name), self.case.entry.axis, 0)

    @property
    def present(self) -> list[int]:
        """The slices with the object, ascending."""
        return slices_of(self.reference)

    @property
    def largest(self) -> int:
        """The slice on which the object has most pixels."""
        return int(np.count_nonzero(self.reference, axis=(1, 2)).argmax())

    def box(self, index: int) -> Box:
        """Return the box that the reader draws on a slice."""
        mask = self.reference[index]
        return self.jitter.apply(tight_box(mask), mask.shape, f"{self.case.entry.name}/{self.name}", index)

    def measured(self, mask: NDArray[np.bool_]) -> Diameters | None:
        """Return the diameters of a mask (K, J, I); None of an empty one."""
        return diameters(mask, StraightGrid(self.case.spacing), self.case.entry.axis)

    def lines(self) -> tuple[int, LinePrompt]:
        """Return the slice with the longest diameter, and what that and the diameter across it ask for."""
        axis = self.case.entry.axis
        found = self.measured(self.case.target(self.name))
        assert found is not None, "a manifest names objects that are there"
        columns, rows = (2 - each for each in reversed([each for each in range(3) if each != axis]))
        lines = [
            (first[columns], first[rows], second[columns], second[rows])
            for first, second in (found.longest.voxels, found.perpendicular.voxels)
        ]
        return found.slice, prompt_from_lines(lines, StraightGrid(self.case.spacing), axis, self.reference.shape[1:])

    def task(self, boxes: Mapping[int, Box], span: tuple[int, int] | None = None, reach: int | None = None) -> Task:
        """Return what is asked of the program: to follow the object from boxes through ``span``, or to its end.

        Args:
            boxes: by slice.
            span: the first and the last slice, where the reader says them.
            reach: slices from the boxes that the object can be; None for no limit.
        """
        first, last = span or (None, None)
        entry, spacing = self.case.entry, self.case.spacing
        return Task(entry.axis, boxes, first, last, True, entry.window, self.model, spacing, reach=reach)

    def on_slices(self, engine: Engine, boxes: Mapping[int, Box]) -> NDArray[np.bool_]:
        """Return what is in boxes, on their slices alone; slices along the first axis."""
        entry = self.case.entry
        task = Task(entry.axis, boxes, None, None, False, entry.window, self.model, self.case.spacing)
        return self.along_slices(WholeVolume(self.case.volume, task).run(engine))

    def along_slices(self, found: WholeMask) -> NDArray[np.bool_]:
        """Return a mask with slices along the first axis."""
        return np.moveaxis(found.mask, self.case.entry.axis, 0).astype(bool)

    def as_volume(self, mask: NDArray[np.bool_]) -> NDArray[np.bool_]:
        """Return a mask with slices along the first axis as one (K, J, I)."""
        return np.moveaxis(mask, 0, self.case.entry.axis)

    def dice(self, mask: NDArray[np.bool_]) -> float:
        """Return the Dice of a mask with slices along the first axis."""
        return dice(mask, self.reference)

    def is_good(self, mask: NDArray[np.bool_]) -> bool:
        """Return whether a mask with slices along the first axis has the wanted Dice."""
        return self.dice(mask) >= self.wanted

    def is_good_on(self, mask: NDArray[np.bool_], index: int) -> bool:
        """Return whether one slice of a mask has the wanted Dice; without the object, whether it is empty."""
        return looks_good(mask[index], self.reference[index], self.wanted)


@dataclass(frozen=True)
class Reading:
    """What a reader did for one object.

    Attributes:
        way: name of the way.
        effort: what was done.
        dice: reached in 3D.
        first_dice: before the first correction.
        overlooked: whether the reader's first looks showed nothing wrong although the wanted Dice was not reached.
    """

    way: str
    effort: Effort
    dice: float
    first_dice: float
    overlooked: bool = False


def slices_of(mask: NDArray[np.bool_]) -> list[int]:
    """Return the slices with voxels of a mask, which are along its first axis, ascending."""
    return [int(index) for index in np.flatnonzero(mask.any(axis=(1, 2)))]


def looks_good(mask: NDArray[np.bool_], reference: NDArray[np.bool_], wanted: float) -> bool:
    """Return whether a slice, or a cut, has the wanted Dice; where there is nothing, whether nothing was found."""
    return dice(mask, reference) >= wanted if mask.any() or reference.any() else True
