"""Several boxes that are asked again one after the other, as one undo step."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from MedSAMSegLib.runs.run import Run

if TYPE_CHECKING:
    import slicer

    from MedSAMSegLib.boxes.boxRun import BoxResult, BoxRun


class BoxesAgain(Run):
    """Asks for the next box when the answer to the one before is written. An error ends it; what is written stays.

    :param nodes: the boxes' ROI markups, at least one.
    :param start: function of a markup and of the run that its undo step joins, or None; returns a :class:`BoxRun`.
    """

    def __init__(
        self,
        nodes: Sequence[slicer.vtkMRMLMarkupsROINode],
        start: Callable[[slicer.vtkMRMLMarkupsROINode, BoxRun | None], BoxRun],
    ) -> None:
        #: The BoxResults of the boxes; None until the last one is there.
        self.result: list[BoxResult] | None = None
        self._start = start
        self._waiting = list(nodes)
        self._answers: list[BoxResult] = []
        self._joined: BoxRun | None = None
        self._run = self._next()

    def advance(self, wait: bool = False) -> bool:
        """Write the answer if it has arrived; return True while one is still to come. Main thread only."""
        if self._run.advance(wait):
            return True
        if self._run.result is not None:
            self._answers.append(self._run.result)
            self._joined = self._run
        # The user may have deleted one meanwhile.
        self._waiting = [node for node in self._waiting if node.GetScene() is not None]
        if self._waiting:
            self._run = self._next()
            return True
        self.result = self._answers
        return False

    def close(self) -> None:
        """Write nothing any more. Main thread only."""
        self._waiting = []
        self._run.close()

    def _next(self):
        return self._start(self._waiting.pop(0), self._joined)
