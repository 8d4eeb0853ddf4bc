"""The part of the scripting API that compares the lesions of two scans."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from MedSAMSegLib.followup.followUps import FollowUps, TwoScans
from MedSAMSegLib.followup.lesionChange import LesionChange, writeChanges
from MedSAMSegLib.logicLesions import LesionList

if TYPE_CHECKING:
    import slicer

    from MedSAMSegLib.boxes.boxWork import BoxWork
    from MedSAMSegLib.boxes.sceneBoxes import SceneBoxes
    from MedSAMSegLib.propagation.propagations import Propagations
    from MedSAMSegLib.runs.chainedRun import ChainedRun


class FollowUp(LesionList):
    """What :class:`MedSAMSegLogic` does with two scans of one patient.

    The scans lie on each other in Slicer's world, such as by a registration whose transform one of them is under; or a
    transform says how. Nothing is registered here.

    :param boxes: as for :class:`LesionList`; so is `boxWork`.
    :param propagations: Propagations.
    """

    def __init__(self, boxes: SceneBoxes, boxWork: BoxWork, propagations: Propagations) -> None:
        super().__init__(boxes, boxWork)
        self._followUps = FollowUps(boxWork, propagations)

    def followUp(
        self,
        earlierVolume: slicer.vtkMRMLScalarVolumeNode,
        earlierSegmentation: slicer.vtkMRMLSegmentationNode,
        volume: slicer.vtkMRMLScalarVolumeNode,
        segmentation: slicer.vtkMRMLSegmentationNode,
        transform: slicer.vtkMRMLTransformNode | None = None,
        window: str = "auto",
        model: str | None = None,
    ) -> list[LesionChange]:
        """Find the lesions of an earlier scan again on a later one, and compare both; wait until it is done.

        A lesion that overlaps a segment of the later segmentation by a quarter of the smaller one is that segment. Of
        each other one the box is carried over, a tenth wider on each side, and segmented and propagated there as a
        new segment of the same name and color; what is found is to be checked as any other. ::

            for change in logic.followUp(march, marchLesions, june, juneLesions):
                print(change.name, change.status, change.diameterChange, change.volumeChange)

        :param earlierVolume: the earlier scan.
        :param earlierSegmentation: its lesions.
        :param volume: the later scan.
        :param segmentation: where its lesions are and go; see :meth:`MedSAMSegLogic.createSegmentation`.
        :param transform: from the earlier scan's place in the world to the later one's, linear or not; None where they
            lie on each other.
        :param window: intensity window on the later scan, as for :meth:`MedSAMSegLogic.segmentBox`.
        :param model: name of the model; None for the server's default.
        :return: list of :class:`LesionChange`: the earlier lesions in their order, then those of the later scan alone.
        :raises UserError: when a node is gone or unusable, both scans are one, or the server fails; what was found
            before is kept.
        """
        return self.startFollowUp(
            earlierVolume, earlierSegmentation, volume, segmentation, transform, window, model
        ).finish()

    def startFollowUp(
        self,
        earlierVolume: slicer.vtkMRMLScalarVolumeNode,
        earlierSegmentation: slicer.vtkMRMLSegmentationNode,
        volume: slicer.vtkMRMLScalarVolumeNode,
        segmentation: slicer.vtkMRMLSegmentationNode,
        transform: slicer.vtkMRMLTransformNode | None = None,
        window: str = "auto",
        model: str | None = None,
    ) -> ChainedRun:
        """Start what :meth:`followUp` does and return at once, with a run that has to be advanced to its end.

        :return: :class:`ChainedRun`; its result is the list of :class:`LesionChange`.
        """
        scans = TwoScans(earlierVolume, earlierSegmentation, volume, segmentation, transform)
        return self._followUps.start(scans, self.lesions, window, model)

    def lesionChanges(
        self,
        earlierVolume: slicer.vtkMRMLScalarVolumeNode,
        earlierSegmentation: slicer.vtkMRMLSegmentationNode,
        volume: slicer.vtkMRMLScalarVolumeNode,
        segmentation: slicer.vtkMRMLSegmentationNode,
        transform: slicer.vtkMRMLTransformNode | None = None,
    ) -> list[LesionChange]:
        """Compare the lesions of two scans as they are; parameters and result as for :meth:`followUp`."""
        scans = TwoScans(earlierVolume, earlierSegmentation, volume, segmentation, transform)
        return self._followUps.changes(scans, self.lesions)

    def exportFollowUp(self, changes: Sequence[LesionChange], path: Path | str) -> None:
        """Write changes into a CSV file: UTF-8, a line a lesion, diameters in mm, volumes in ml, changes in percent.

        :param changes: what :meth:`followUp` or :meth:`lesionChanges` returned.
        :param path: path of the file; one that is there is replaced.
        """
        writeChanges(changes, path)
