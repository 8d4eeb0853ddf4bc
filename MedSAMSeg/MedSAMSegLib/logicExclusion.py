"""The part of the scripting API that excludes things from a box: what lies in smaller boxes, or another segment."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from MedSAMSegLib.boxes.boxArguments import placeFromArguments
from MedSAMSegLib.boxes.excludedSegment import checkExcludable, presentExcludedSegment
from MedSAMSegLib.boxes.storedBox import storedPrompt
from MedSAMSegLib.logicRefinement import BoxRefinement
from MedSAMSegLib.volumes.sliceGeometry import SliceGeometry

if TYPE_CHECKING:
    import slicer

    from MedSAMSegLib.boxes.boxRun import BoxResult, BoxRun


class BoxExclusion(BoxRefinement):
    """What :class:`MedSAMSegLogic` excludes from the object of a box; parameters as for `BoxAdjustment`."""

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
        """Exclude nothing from a box any more, and segment it again; one undo step.

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
        return storedPrompt(node).exclude

    def excludeSegment(
        self, node: slicer.vtkMRMLMarkupsROINode, segment: str | None, window: str = "auto", model: str | None = None
    ) -> BoxResult:
        """Say that another segment in a box is not of its object: its voxels are taken away.

        So the blood that was segmented already leaves the heart's muscle. A propagation leaves its voxels out on every
        slice, and boxes that are drawn for the object later do so, too. It is one undo step, and saved with the scene.
        What counts are the segment's voxels at the time of each question, so propagate that segment first.

        :param node: the object's ROI markup.
        :param segment: ID of another segment of the same segmentation; None to exclude none any more.
        :param window: intensity window.
        :param model: name of the model; None for the server's default.
        :return: :class:`BoxResult`.
        :raises UserError: when it is the object's own segment or has no voxel in the box, the object's segment cannot
            be written, or the server cannot answer.
        """
        return self.startExcludingSegment(node, segment, window, model).finish()

    def startExcludingSegment(
        self, node: slicer.vtkMRMLMarkupsROINode, segment: str | None, window: str = "auto", model: str | None = None
    ) -> BoxRun:
        """Start what :meth:`excludeSegment` does and return at once, with a run that has to be advanced to its end.

        :return: :class:`BoxRun`; its result is a :class:`BoxResult`.
        """
        record = self._boxes.records.of(node)
        if segment is not None:
            checkExcludable(record.context, self._boxes.readOrRevert(record), segment)
        return self._boxWork.changes.update(node, window, model, excludedSegment=segment)

    def excludes(self, node: slicer.vtkMRMLMarkupsROINode) -> bool:
        """Return whether anything is excluded from a box: boxes in it, or a segment.

        :param node: the object's ROI markup.
        """
        return bool(self.excludedFrom(node)) or self.excludedSegment(node) is not None

    def excludedSegment(self, node: slicer.vtkMRMLMarkupsROINode) -> str | None:
        """Return the ID of the segment that is excluded from a box; None without one, or while it is gone.

        :param node: the object's ROI markup.
        """
        return presentExcludedSegment(self._boxes.store.context(node), storedPrompt(node))
