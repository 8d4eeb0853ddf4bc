"""The part of the scripting API that refines boxes: by points, a meaning, a threshold."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import slicer

from MedSAMSegLib.boxes.storedBox import storedPrompt
from MedSAMSegLib.client.sliceProbability import checkThreshold
from MedSAMSegLib.errors import UserError
from MedSAMSegLib.logicBoxes import BoxAdjustment
from MedSAMSegLib.volumes.slicePrompt import MEANINGS

if TYPE_CHECKING:
    from MedSAMSegLib.boxes.boxRun import BoxResult, BoxRun, BoxThreshold


class BoxRefinement(BoxAdjustment):
    """What :class:`MedSAMSegLogic` does to make a box's mask better; parameters as for :class:`BoxAdjustment`."""

    def hasPoints(self, node: slicer.vtkMRMLMarkupsROINode) -> bool:
        """Return whether points refine a box.

        :param node: the box's ROI markup.
        """
        return self._boxes.points.isOn(node)

    def addPoint(
        self,
        node: slicer.vtkMRMLMarkupsROINode,
        place: Sequence[float],
        isInObject: bool,
        window: str = "auto",
        model: str | None = None,
    ) -> BoxResult | None:
        """Refine a box by a point that is in the object or beside it. Experimental: MedSAM was trained without points.

        It is one undo step. Propagation starts from the box alone.

        :param node: the box's ROI markup.
        :param place: (R, A, S) of the point, in world coordinates, on the slice of the box.
        :param isInObject: whether the point belongs to the object.
        :param window: intensity window.
        :param model: name of the model; None for the server's default.
        :return: :class:`BoxResult`.
        :raises UserError: when the point is elsewhere, the segment cannot be written, or the server cannot answer.
        """
        return self.startPoint(node, place, isInObject, window, model).finish()

    def startPoint(
        self,
        node: slicer.vtkMRMLMarkupsROINode,
        place: Sequence[float],
        isInObject: bool,
        window: str = "auto",
        model: str | None = None,
    ) -> BoxRun:
        """Start what :meth:`addPoint` does and return at once, with a run that has to be advanced to its end.

        :return: :class:`BoxRun`; its result is a :class:`BoxResult`.
        """
        self._boxes.addPoint(self._boxes.records.of(node), place, isInObject)
        return self.startBoxUpdate(node, window, model)

    def startClearingPoints(
        self, node: slicer.vtkMRMLMarkupsROINode, window: str = "auto", model: str | None = None
    ) -> BoxRun:
        """Remove all points of a box and segment it without them; one undo step.

        :param node: the box's ROI markup.
        :param window: intensity window.
        :param model: name of the model; None for the server's default.
        :return: :class:`BoxRun`; its result is a :class:`BoxResult`.
        """
        self._boxes.points.remove(node)
        return self.startBoxUpdate(node, window, model)

    def meaning(self, node: slicer.vtkMRMLMarkupsROINode) -> str | None:
        """Return what a box means: "part", "object" or "whole"; None for the one mask that all models have.

        :param node: the box's ROI markup.
        """
        return self._boxes.records.of(node).state.prompt.meaning

    def setMeaning(
        self,
        node: slicer.vtkMRMLMarkupsROINode,
        meaning: str | None,
        window: str = "auto",
        model: str | None = None,
    ) -> BoxResult:
        """Let a box, with its points, have another one of the network's answers; one undo step.

        In a box round a cell, that may be its nucleus, the cell, or several cells. The models mobilesam and sam have
        three such answers, and the one that they give by themselves. The choice is saved with the scene and stays with
        the box when it is moved, as long as the model is the same. Propagation starts from what the slice then holds.

        :param node: the box's ROI markup.
        :param meaning: "part", "object" or "whole"; None for the one answer.
        :param window: intensity window, as for :meth:`MedSAMSegLogic.segmentBox`.
        :param model: name of the model; None for the server's default.
        :return: :class:`BoxResult`.
        :raises UserError: when the model has one mask alone, the segment cannot be written, or the server cannot
            answer.
        """
        return self.startMeaning(node, meaning, window, model).finish()

    def startMeaning(
        self,
        node: slicer.vtkMRMLMarkupsROINode,
        meaning: str | None,
        window: str = "auto",
        model: str | None = None,
    ) -> BoxRun:
        """Start what :meth:`setMeaning` does and return at once, with a run that has to be advanced to its end.

        :return: :class:`BoxRun`; its result is a :class:`BoxResult`.
        """
        if meaning not in (None, *MEANINGS):
            known = ", ".join(MEANINGS)
            raise UserError(
                f"{meaning!r} is nothing that a box may mean.", f"It may be {known}, or None.", "meaning_unknown"
            )
        return self._boxWork.changes.update(node, window, model, meaning=meaning)

    def startNextMeaning(
        self, node: slicer.vtkMRMLMarkupsROINode, window: str = "auto", model: str | None = None
    ) -> BoxRun:
        """Start what :meth:`setMeaning` does with the next meaning: the one mask, part, object, whole, the one mask.

        :param node: the box's ROI markup.
        :param window: intensity window.
        :param model: name of the model. Another one than the box was asked with begins with "part".
        :return: :class:`BoxRun`; its result is a :class:`BoxResult`.
        """
        state = self._boxes.records.of(node).state
        order = (None, *MEANINGS)
        now = state.prompt.meaning if state.model == model else None
        return self.startMeaning(node, order[(order.index(now) + 1) % len(order)], window, model)

    def pointsOf(self, node: slicer.vtkMRMLMarkupsROINode) -> tuple[tuple[float, float, bool], ...]:
        """Return the points of a box as (x, y, whether it belongs to the object), in voxels of its slice.

        :param node: the box's ROI markup.
        """
        prompt = storedPrompt(node)
        return self._boxes.points.read(node, self._boxes.store.volume(node), prompt).points

    def threshold(self, node: slicer.vtkMRMLMarkupsROINode) -> float:
        """Return the probability above which a voxel belongs to the object of a box; 0.5 unless it was set.

        :param node: the box's ROI markup.
        """
        return self._boxes.records.of(node).state.threshold

    def setThreshold(self, node: slicer.vtkMRMLMarkupsROINode, threshold: float) -> BoxThreshold | None:
        """Let a box have the voxels that are likelier than a threshold; what it finds then replaces what it had added.

        The probability of each box is remembered: the server is asked only for a box from a saved scene, once, and
        where the volume was changed since. It is one undo step. The threshold stays with the box when it is moved, and
        is saved with the scene. Propagation starts from what the slice then holds.

        :param node: the box's ROI markup.
        :param threshold: above 0 and below 1, to the nearest 1/256; 0.5 is usual, less gives larger masks.
        :return: :class:`BoxThreshold`.
        :raises UserError: when it is no threshold, the segment cannot be written, or the server cannot answer.
        """
        return self.startThreshold(node, threshold).finish()

    def startThreshold(
        self, node: slicer.vtkMRMLMarkupsROINode, threshold: float, continues: BoxRun | None = None, isLast: bool = True
    ) -> BoxRun:
        """Start what :meth:`setThreshold` does and return at once, with a run that has to be advanced to its end.

        :param node: the box's ROI markup.
        :param threshold: above 0 and below 1.
        :param continues: the run before, with which this one makes one undo step, such as in the drag of a slider. If
            the last one of them brings the threshold back to where it was, there is none.
        :param isLast: False while the slider is still held: 3D surfaces are renewed later.
        :return: :class:`BoxRun`; its result is a :class:`BoxThreshold`, or None when the box was changed meanwhile.
        """
        return self._boxWork.changes.threshold(node, checkThreshold(threshold), continues, isLast)
