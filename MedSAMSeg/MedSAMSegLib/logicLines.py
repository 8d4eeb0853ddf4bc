"""The part of the scripting API that makes segments from what is drawn already: measured lines, and ROIs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from MedSAMSegLib.boxes.lineArguments import promptFromLines
from MedSAMSegLib.boxes.lineMarkups import endsOf, measuredLesions
from MedSAMSegLib.boxes.roiMarkups import promptFromROI, unusedROIs
from MedSAMSegLib.boxes.usedMarkups import noteUse
from MedSAMSegLib.volumes.sliceGeometry import SliceGeometry

if TYPE_CHECKING:
    import slicer

    from MedSAMSegLib.boxes.boxRun import BoxResult, BoxRun
    from MedSAMSegLib.boxes.boxWork import BoxWork


class LinePrompts:
    """What :class:`MedSAMSegLogic` does with the diameters that a reader measured, and with ROIs round objects.

    :param boxWork: :class:`BoxWork`.
    """

    def __init__(self, boxWork: BoxWork) -> None:
        self._lineWork = boxWork

    def segmentLine(
        self,
        volume: slicer.vtkMRMLScalarVolumeNode,
        segmentation: slicer.vtkMRMLSegmentationNode,
        segment: str,
        line: Any,
        across: Any = None,
        axis: int | None = None,
        window: str = "auto",
        model: str | None = None,
    ) -> BoxResult:
        """Segment the object with a measured diameter on its slice, and add it to the segment as one undo step.

        The box is halfway between the ends of the two lines and the ellipse on them; without the second one, the object
        is taken as 0.65 times as wide as it is long. The box stays in the scene, and :meth:`propagate` then goes at
        most one longest diameter from its slice::

            logic.segmentLine(volume, segmentation, segment, slicer.util.getNode("L"), slicer.util.getNode("L_1"))
            logic.propagate(volume, segmentation, segment)

        :param volume: the scalar volume node.
        :param segmentation: the segmentation node.
        :param segment: ID of the segment that receives the result.
        :param line: the longest diameter: a Line markup, or its two ends in RAS (mm, world coordinates).
        :param across: the diameter across it, likewise; None where it was not measured.
        :param axis: array axis of the slice, for lines that lie on slices of several; None for the lowest such one.
        :param window: intensity window, as for :meth:`segmentBox`.
        :param model: name of the model; None for the server's default.
        :return: :class:`BoxResult`.
        :raises UserError: when the lines show no object on a slice of the volume, or the server cannot answer.
        """
        lines = [line] if across is None else [line, across]
        return self.startLines(volume, segmentation, segment, lines, axis, window, model).finish()

    def startLines(
        self,
        volume: slicer.vtkMRMLScalarVolumeNode,
        segmentation: slicer.vtkMRMLSegmentationNode,
        segment: str,
        lines: Sequence[Any],
        axis: int | None = None,
        window: str = "auto",
        model: str | None = None,
    ) -> BoxRun:
        """Start what :meth:`segmentLine` does and return at once, with a run that has to be advanced to its end.

        :param lines: one line, or two that cross, in any order; as for :meth:`segmentLine`.
        :return: :class:`BoxRun`; its result is a :class:`BoxResult`.
        :raises UserError: when the lines show no object on a slice of the volume.
        """
        prompt, reach = promptFromLines(SliceGeometry(volume), [endsOf(line) for line in lines], axis)
        where = {"axis": prompt.axis, "slice": prompt.sliceIndex, "box": prompt.box}
        run = self._lineWork.draw(volume, segmentation, segment, window, model, where, reach=reach)
        noteUse(lines, segmentation, segment)
        return run

    def measuredLesions(self, volume: slicer.vtkMRMLScalarVolumeNode) -> list[Any]:
        """Return the Line markups of the scene that no segment was made from, as lists of one line or two that cross.

        Hidden lines are left out, and so are those with an end outside the volume.

        :param volume: the scalar volume node.
        """
        return measuredLesions(SliceGeometry(volume))

    def segmentROI(
        self,
        volume: slicer.vtkMRMLScalarVolumeNode,
        segmentation: slicer.vtkMRMLSegmentationNode,
        segment: str,
        roi: slicer.vtkMRMLMarkupsROINode,
        axis: int | None = None,
        window: str = "auto",
        model: str | None = None,
    ) -> BoxResult:
        """Segment the object in a ROI markup of any depth on its middle slice, as one undo step.

        The ROI itself stays as it is; a box on the middle slice joins it in the scene, and :meth:`propagate` then goes
        over the slices that the ROI has, unless it is told others. A ROI that is turned against the voxels is taken
        along them, with its own center and side lengths, and the result's notes say so.

        :param volume: the scalar volume node.
        :param segmentation: the segmentation node.
        :param segment: ID of the segment that receives the result.
        :param roi: the ROI markup.
        :param axis: array axis of the slices; None for the one across which the ROI is less than a slice thick, or
            else the first.
        :param window: intensity window, as for :meth:`segmentBox`.
        :param model: name of the model; None for the server's default.
        :return: :class:`BoxResult`.
        :raises UserError: when the ROI is empty or its middle outside the volume, or the server cannot answer.
        """
        return self.startROI(volume, segmentation, segment, roi, axis, window, model).finish()

    def startROI(
        self,
        volume: slicer.vtkMRMLScalarVolumeNode,
        segmentation: slicer.vtkMRMLSegmentationNode,
        segment: str,
        roi: slicer.vtkMRMLMarkupsROINode,
        axis: int | None = None,
        window: str = "auto",
        model: str | None = None,
    ) -> BoxRun:
        """Start what :meth:`segmentROI` does and return at once, with a run that has to be advanced to its end.

        :return: :class:`BoxRun`; its result is a :class:`BoxResult`.
        :raises UserError: when the ROI is empty or its middle outside the volume.
        """
        prompt, extent, notes = promptFromROI(SliceGeometry(volume), roi, axis)
        where = {"axis": prompt.axis, "slice": prompt.sliceIndex, "box": prompt.box}
        run = self._lineWork.draw(volume, segmentation, segment, window, model, where, notes, extent=extent)
        noteUse([roi], segmentation, segment)
        return run

    def unusedROIs(self, volume: slicer.vtkMRMLScalarVolumeNode) -> list[slicer.vtkMRMLMarkupsROINode]:
        """Return the visible ROI markups inside a volume that no segment was made from; boxes of segments are none.

        :param volume: the scalar volume node.
        """
        return unusedROIs(SliceGeometry(volume))
