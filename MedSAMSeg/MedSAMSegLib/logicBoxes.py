"""The part of the scripting API that is about boxes in the scene: list, move, refine, threshold, delete, preview."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import slicer

from MedSAMSegLib.boxes.boxArguments import placeFromArguments
from MedSAMSegLib.client.sliceProbability import checkThreshold
from MedSAMSegLib.errors import UserError
from MedSAMSegLib.volumes.sliceGeometry import SliceGeometry
from MedSAMSegLib.volumes.slicePrompt import MEANINGS, SlicePrompt

if TYPE_CHECKING:
    from MedSAMSegLib.boxes.boxRun import BoxDeletion, BoxResult, BoxRun, BoxThreshold
    from MedSAMSegLib.boxes.boxWork import BoxWork
    from MedSAMSegLib.boxes.sceneBoxes import SceneBoxes


@dataclasses.dataclass(frozen=True)
class BoxEntry:
    """One box in the scene.

    :param node: the ROI markup.
    :param prompt: the box in voxel indices, where the markup is now; None if it cannot be read.
    :param segmentID: ID of the segment that it is for.
    :param isMoved: whether its markup is elsewhere than when it was segmented.
    :param problem: why it cannot be read; empty if it can.
    """

    node: slicer.vtkMRMLMarkupsROINode
    prompt: SlicePrompt | None
    segmentID: str
    isMoved: bool = False
    problem: str = ""


class BoxAdjustment:
    """What :class:`MedSAMSegLogic` does with the boxes of the scene.

    :param boxes: :class:`SceneBoxes`.
    :param boxWork: :class:`BoxWork`.
    """

    def __init__(self, boxes: SceneBoxes, boxWork: BoxWork) -> None:
        self._boxes = boxes
        self._boxWork = boxWork

    def boxes(
        self,
        segmentation: slicer.vtkMRMLSegmentationNode,
        volume: slicer.vtkMRMLScalarVolumeNode,
        segment: str | None = None,
    ) -> list[BoxEntry]:
        """Return the boxes of a segmentation on a volume as a list of :class:`BoxEntry`, oldest first.

        Boxes that were turned or moved out of the volume are left out; :meth:`unreadableBoxes` has them.

        :param segmentation: the segmentation node.
        :param volume: the volume node.
        :param segment: ID of a segment; None for all.
        """
        return [entry for entry in self.allBoxes(segmentation, volume, segment) if not entry.problem]

    def unreadableBoxes(
        self,
        segmentation: slicer.vtkMRMLSegmentationNode,
        volume: slicer.vtkMRMLScalarVolumeNode,
        segment: str | None = None,
    ) -> list[BoxEntry]:
        """Return what :meth:`boxes` leaves out, each with its problem.

        :param segmentation: the segmentation node.
        :param volume: the volume node.
        :param segment: ID of a segment; None for all.
        """
        return [entry for entry in self.allBoxes(segmentation, volume, segment) if entry.problem]

    def allBoxes(
        self,
        segmentation: slicer.vtkMRMLSegmentationNode | None,
        volume: slicer.vtkMRMLScalarVolumeNode | None,
        segment: str | None = None,
    ) -> list[BoxEntry]:
        """Return what :meth:`boxes` and :meth:`unreadableBoxes` return, in one list.

        :param segmentation: the segmentation node, or None.
        :param volume: the volume node, or None.
        :param segment: ID of a segment; None for all.
        """
        return [self.boxEntry(node) for node in self.boxNodes(segmentation, volume, segment)]

    def settleBoxes(self) -> None:
        """Show every box on its voxels again, such as after somebody has put a transform on a box alone."""
        self._boxes.following.followAll()

    def boxNodes(
        self,
        segmentation: slicer.vtkMRMLSegmentationNode | None,
        volume: slicer.vtkMRMLScalarVolumeNode | None,
        segment: str | None = None,
    ) -> Sequence[slicer.vtkMRMLMarkupsROINode]:
        """Return the ROI markups of :meth:`allBoxes`, without reading them.

        :param segmentation: the segmentation node, or None.
        :param volume: the volume node, or None.
        :param segment: ID of a segment; None for all.
        """
        if segmentation is None or volume is None:
            return []
        return self._boxes.store.nodes(segmentation, segment, volume)

    def boxAxis(
        self, segmentation: slicer.vtkMRMLSegmentationNode, volume: slicer.vtkMRMLScalarVolumeNode, segment: str
    ) -> int | None:
        """Return the array axis of a segment's boxes, as they were drawn; None where there is no box.

        :param segmentation: the segmentation node, or None.
        :param volume: the volume node, or None.
        :param segment: ID of the segment.
        """
        # As stored: asked for often, and reading where each markup is now takes its time.
        for node in self.boxNodes(segmentation, volume, segment):
            return self._boxes.store.stored(node).axis
        return None

    def hasPoints(self, node: slicer.vtkMRMLMarkupsROINode) -> bool:
        """Return whether points refine a box.

        :param node: the box's ROI markup.
        """
        return self._boxes.points.isOn(node)

    def updateBox(
        self, node: slicer.vtkMRMLMarkupsROINode, window: str = "auto", model: str | None = None
    ) -> BoxResult | None:
        """Segment a box again where its markup is now; what it finds replaces what it had added.

        Voxels that were in the segment before the box, that other boxes found too, or that were painted or erased by
        hand, stay as they are. It is one undo step, and undo moves the markup back.

        :param node: the box's ROI markup.
        :param window: intensity window, as for :meth:`MedSAMSegLogic.segmentBox`.
        :param model: name of the model; None for the server's default.
        :return: :class:`BoxResult`.
        :raises UserError: when the box left its volume, the segment cannot be written, or the server cannot answer.
        """
        return self.startBoxUpdate(node, window, model).finish()

    def startBoxUpdate(
        self,
        node: slicer.vtkMRMLMarkupsROINode,
        window: str = "auto",
        model: str | None = None,
        continues: BoxRun | None = None,
        isLast: bool = True,
    ) -> BoxRun:
        """Start what :meth:`updateBox` does and return at once, with a run that has to be advanced to its end.

        Of several updates of one box, an answer that comes after that to a later question is dropped, and so is one
        that comes after the box was removed or taken back; the run's result is None then.

        :param node: the box's ROI markup.
        :param window: intensity window.
        :param model: name of the model; None for the server's default.
        :param continues: the run before in the same drag of a handle; both make one undo step.
        :param isLast: False while the handle is still held: the markup is left in the user's hand, and 3D surfaces are
            renewed later.
        :return: :class:`BoxRun`; its result is a :class:`BoxResult`.
        """
        return self._boxWork.update(node, window, model, continues, isLast)

    def deleteBox(self, node: slicer.vtkMRMLMarkupsROINode, removeMask: bool = True) -> BoxDeletion | None:
        """Delete a box, and take back what it had added; one undo step.

        :param node: the box's ROI markup.
        :param removeMask: False to keep its voxels in the segment.
        :return: :class:`BoxDeletion`.
        :raises UserError: when the segment cannot be written; of a box from a saved scene, what it had added is asked
            from the server, which may fail too.
        """
        return self.startBoxDeletion(node, removeMask).finish()

    def startBoxDeletion(self, node: slicer.vtkMRMLMarkupsROINode, removeMask: bool = True) -> BoxRun:
        """Start what :meth:`deleteBox` does and return at once, with a run that has to be advanced to its end.

        :param node: the box's ROI markup.
        :param removeMask: False to keep its voxels in the segment.
        :return: :class:`BoxRun`; its result is a :class:`BoxDeletion`.
        """
        return self._boxWork.delete(node, removeMask)

    def startPreview(
        self,
        volume: slicer.vtkMRMLScalarVolumeNode,
        boxRAS: tuple[Sequence[float], Sequence[float]],
        view: str,
        window: str = "auto",
        model: str | None = None,
    ) -> BoxRun:
        """Ask what a box would find, and change nothing; slices that are not encoded yet give nothing.

        :param volume: the scalar volume node.
        :param boxRAS: two opposite corners in RAS (mm, world coordinates).
        :param view: name of the slice view that the corners were picked on.
        :param window: intensity window.
        :param model: name of the model; None for the server's default.
        :return: :class:`BoxRun`; its result is a :class:`BoxPreview`, or None when the slice is not encoded.
        """
        return self._boxWork.preview(volume, window, model, {"boxRAS": boxRAS, "view": view})

    def startClick(
        self,
        volume: slicer.vtkMRMLScalarVolumeNode,
        place: Sequence[float],
        view: str,
        window: str = "auto",
        model: str | None = None,
    ) -> BoxRun:
        """Ask which box is round the object at a point, and change nothing; :meth:`MedSAMSegLogic.startBox` takes it.

        :param volume: the scalar volume node.
        :param place: (R, A, S) of the point, in world coordinates.
        :param view: name of the slice view that it was picked on.
        :param window: intensity window.
        :param model: name of a model that has learned what a click means; None for the server's default.
        :return: :class:`BoxRun`; its result is the :class:`SlicePrompt` of the box.
        :raises UserError: when there is no such view; the run, when the point is outside of the volume, the model has
            not learned clicks, or the server cannot answer.
        """
        return self._boxWork.click(volume, place, view, window, model)

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
        return self._boxWork.update(node, window, model, meaning=meaning)

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
        prompt = self._boxes.store.stored(node)
        return self._boxes.points.read(node, self._boxes.store.volume(node), prompt).points

    def excludeBox(
        self, node: slicer.vtkMRMLMarkupsROINode, window: str = "auto", model: str | None = None, **where: Any
    ) -> BoxResult:
        """Say what in a box is not the object, by a box round it: what is found there is taken away.

        So two boxes show a ring, such as the heart's muscle round the blood. A propagation follows both. It is one undo
        step, and what is excluded is saved with the scene.

        :param node: the object's ROI markup.
        :param window: intensity window.
        :param model: name of the model; None for the server's default.
        :param where: the box round what is not the object, as for :meth:`MedSAMSegLogic.segmentBox`: boxRAS and view,
            or axis, slice and box.
        :return: :class:`BoxResult`.
        :raises UserError: when it is not in the box, the segment cannot be written, or the server cannot answer.
        """
        return self.startExclusion(node, window, model, **where).finish()

    def startExclusion(
        self, node: slicer.vtkMRMLMarkupsROINode, window: str = "auto", model: str | None = None, **where: Any
    ) -> BoxRun:
        """Start what :meth:`excludeBox` does and return at once, with a run that has to be advanced to its end.

        :return: :class:`BoxRun`; its result is a :class:`BoxResult`.
        """
        place, _notes = placeFromArguments(SliceGeometry(self._boxes.store.volume(node)), **where)
        self._boxes.exclude(self._boxes.records.of(node), place)
        return self.startBoxUpdate(node, window, model)

    def startExcludingNothing(
        self, node: slicer.vtkMRMLMarkupsROINode, window: str = "auto", model: str | None = None
    ) -> BoxRun:
        """Forget what is excluded from a box and segment it without; one undo step.

        :param node: the box's ROI markup.
        :param window: intensity window.
        :param model: name of the model; None for the server's default.
        :return: :class:`BoxRun`; its result is a :class:`BoxResult`.
        """
        self._boxes.excludeNothing(self._boxes.records.of(node))
        return self.startBoxUpdate(node, window, model)

    def excludedFrom(self, node: slicer.vtkMRMLMarkupsROINode) -> tuple:
        """Return the boxes (x0, y0, x1, y1) round what is not the object of a box, in voxels of its slice.

        :param node: the box's ROI markup.
        """
        return self._boxes.store.stored(node).exclude

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
        return self._boxWork.threshold(node, checkThreshold(threshold), continues, isLast)

    def setBoxEditable(self, node: slicer.vtkMRMLMarkupsROINode, isEditable: bool) -> None:
        """Show the handles of a box and let them be dragged, or keep the box where it is.

        :param node: the box's ROI markup.
        :param isEditable: whether it can be dragged.
        """
        self._boxes.store.setEditable(node, isEditable)

    def boxEntry(self, node: slicer.vtkMRMLMarkupsROINode) -> BoxEntry:
        """Return the :class:`BoxEntry` of one box; one that cannot be read has a problem.

        :param node: the box's ROI markup.
        """
        segmentID = self._boxes.store.segmentID(node)
        try:
            prompt = self._boxes.store.read(node)
        except UserError as error:
            return BoxEntry(node, None, segmentID, isMoved=True, problem=str(error))
        return BoxEntry(node, prompt, segmentID, isMoved=prompt != self._boxes.store.stored(node))
