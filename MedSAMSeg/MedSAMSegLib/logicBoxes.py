"""The part of the scripting API that is about boxes in the scene: list, move, refine, threshold, delete, preview."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import TYPE_CHECKING

import slicer

from MedSAMSegLib.boxes.boxesAgain import BoxesAgain
from MedSAMSegLib.boxes.boxVolumes import volumeOfBoxes
from MedSAMSegLib.boxes.storedBox import storedPrompt
from MedSAMSegLib.errors import UserError
from MedSAMSegLib.volumes.slicePrompt import SlicePrompt

if TYPE_CHECKING:
    from MedSAMSegLib.boxes.boxRun import BoxDeletion, BoxResult, BoxRun
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
    :param volume: the volume whose slices `prompt` counts, or the stack of turned planes.
    """

    node: slicer.vtkMRMLMarkupsROINode
    prompt: SlicePrompt | None
    segmentID: str
    isMoved: bool = False
    problem: str = ""
    volume: slicer.vtkMRMLScalarVolumeNode | None = None


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

    def realignBoxes(self) -> None:
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
        return self._boxes.store.nodes(segmentation, segment, volume, withStacks=True)

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
            return storedPrompt(node).axis
        return None

    def boxVolume(
        self, segmentation: slicer.vtkMRMLSegmentationNode, volume: slicer.vtkMRMLScalarVolumeNode, segment: str
    ) -> slicer.vtkMRMLScalarVolumeNode:
        """Return what :meth:`boxAxis` is an axis of: the volume, or a stack of planes that are turned against it.

        A box in a rotated view is on such a stack, a hidden volume node. Wherever a volume is asked for, the stack can
        be given to mean its planes.

        :param segmentation: the segmentation node.
        :param volume: the volume node.
        :param segment: ID of the segment.
        """
        return volumeOfBoxes(self._boxes.store, segmentation, segment, volume)

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
        that comes after the box was removed or undone; the run's result is None then.

        :param node: the box's ROI markup.
        :param window: intensity window.
        :param model: name of the model; None for the server's default.
        :param continues: the run before in the same drag of a handle; both make one undo step.
        :param isLast: False while the handle is still held: the markup is left in the user's hand, and 3D surfaces are
            renewed later.
        :return: :class:`BoxRun`; its result is a :class:`BoxResult`.
        """
        return self._boxWork.changes.update(node, window, model, continues, isLast)

    def startBoxUpdates(
        self, nodes: Sequence[slicer.vtkMRMLMarkupsROINode], window: str = "auto", model: str | None = None
    ) -> BoxesAgain:
        """Start to segment boxes again, one after the other, such as with other :meth:`phases`; one undo step.

        :param nodes: ROI markups of one segmentation, at least one.
        :param window: intensity window.
        :param model: name of the model; None for the server's default.
        :return: :class:`BoxesAgain`; its result is the list of the :class:`BoxResult`.
        """
        return BoxesAgain(nodes, lambda node, joined: self.startBoxUpdate(node, window, model, joined))

    def deleteBox(self, node: slicer.vtkMRMLMarkupsROINode, removeMask: bool = True) -> BoxDeletion | None:
        """Delete a box, and remove what it had added; one undo step.

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
        return self._boxWork.changes.delete(node, removeMask)

    def startPreview(
        self,
        volume: slicer.vtkMRMLScalarVolumeNode,
        boxRAS: tuple[Sequence[float], Sequence[float]],
        view: str,
        window: str = "auto",
        model: str | None = None,
        nearestSlice: bool = False,
    ) -> BoxRun:
        """Ask what a box would find, and change nothing; slices that are not encoded yet give nothing.

        The plane of a view that is turned against the volume is encoded for it.

        :param volume: the scalar volume node.
        :param boxRAS: two opposite corners in RAS (mm, world coordinates).
        :param view: name of the slice view that the corners were picked on.
        :param window: intensity window.
        :param model: name of the model; None for the server's default.
        :param nearestSlice: as for :meth:`MedSAMSegLogic.segmentBox`.
        :return: :class:`BoxRun`; its result is a :class:`BoxPreview`, or None when the slice is not encoded.
        """
        where = {"boxRAS": boxRAS, "view": view, "nearestSlice": nearestSlice}
        return self._boxWork.preview(volume, window, model, where)

    def startClick(
        self,
        volume: slicer.vtkMRMLScalarVolumeNode,
        place: Sequence[float],
        view: str,
        window: str = "auto",
        model: str | None = None,
        nearestSlice: bool = False,
    ) -> BoxRun:
        """Ask which box is round the object at a point, and change nothing; :meth:`MedSAMSegLogic.startBox` takes it.

        In a view that is turned against the volume, it is a box on the plane that is seen.

        :param volume: the scalar volume node.
        :param place: (R, A, S) of the point, in world coordinates.
        :param view: name of the slice view that it was picked on.
        :param window: intensity window.
        :param model: name of a model that has learned what a click means; None for the server's default.
        :param nearestSlice: as for :meth:`MedSAMSegLogic.segmentBox`.
        :return: :class:`BoxRun`; its result is a :class:`BoxOfClick`: the box, and the volume or stack that it is on.
        :raises UserError: when there is no such view; the run, when the point is outside of the volume, the model has
            not learned clicks, or the server cannot answer.
        """
        return self._boxWork.click(volume, place, view, window, model, nearestSlice)

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
        store = self._boxes.store
        segmentID, volume = store.segmentID(node), store.volume(node)
        try:
            prompt = store.read(node)
        except UserError as error:
            return BoxEntry(node, None, segmentID, isMoved=True, problem=str(error), volume=volume)
        return BoxEntry(node, prompt, segmentID, isMoved=prompt != storedPrompt(node), volume=volume)
