"""The part of the scripting API that gives whole propagations another threshold."""

from __future__ import annotations

from typing import TYPE_CHECKING

from MedSAMSegLib.client.sliceProbability import checkThreshold
from MedSAMSegLib.segments.segmentChecks import presentSegment
from MedSAMSegLib.segments.segmentTarget import SegmentContext
from MedSAMSegLib.slices.segmentThreshold import thresholdOf

if TYPE_CHECKING:
    import slicer

    from MedSAMSegLib.propagation.propagationThreshold import (
        PropagationThreshold,
        PropagationThresholdRun,
        PropagationThresholds,
    )


class PropagationThresholding:
    """The part of :class:`MedSAMSegLogic` about the threshold of what was propagated. ::

        logic.propagate(volume, segmentation, segment)
        logic.setPropagationThreshold(volume, segmentation, segment, 0.3)

    :param thresholds: :class:`PropagationThresholds`.
    """

    def __init__(self, thresholds: PropagationThresholds) -> None:
        self._thresholds = thresholds

    def propagationThreshold(self, segmentation: slicer.vtkMRMLSegmentationNode, segment: str) -> float:
        """Return the probability above which a voxel is the object's on a segment's propagated slices.

        That is 0.5 unless it was set. It is saved with the scene, and the next propagation has it, too.

        :param segmentation: the segmentation node.
        :param segment: ID of the segment.
        """
        return thresholdOf(presentSegment(segmentation, segment))

    def setPropagationThreshold(
        self,
        volume: slicer.vtkMRMLScalarVolumeNode,
        segmentation: slicer.vtkMRMLSegmentationNode,
        segment: str,
        threshold: float,
    ) -> PropagationThreshold:
        """Let the propagated slices of a segment have the voxels that are likelier than a threshold.

        It is one undo step, and the server is not asked: the probabilities of propagations are remembered as long as
        Slicer runs. At 0.5 the masks are those that were propagated. Slices with boxes, manual edits, accepted slices,
        and those that motion alone filled between two boxes stay as they are. A lower threshold takes no voxels from
        other segments, unless they may overlap.

        :param volume: the volume node.
        :param segmentation: the segmentation node.
        :param segment: ID of a segment that was propagated.
        :param threshold: above 0 and below 1, to the nearest 1/256; less gives larger masks.
        :return: :class:`PropagationThreshold`.
        :raises UserError: when it is no threshold, nothing was propagated, that was before the scene was opened, or the
            segment cannot be written.
        """
        return self.startPropagationThreshold(volume, segmentation, segment, threshold).finish()

    def startPropagationThreshold(
        self,
        volume: slicer.vtkMRMLScalarVolumeNode,
        segmentation: slicer.vtkMRMLSegmentationNode,
        segment: str,
        threshold: float,
        continues: PropagationThresholdRun | None = None,
        isLast: bool = True,
    ) -> PropagationThresholdRun:
        """Start what :meth:`setPropagationThreshold` does, as a part of the drag of a slider.

        :param volume: the volume node.
        :param segmentation: the segmentation node.
        :param segment: ID of the segment.
        :param threshold: above 0 and below 1.
        :param continues: the run before, with which this one makes one undo step. If the last one of them brings the
            threshold back to where it was, there is none.
        :param isLast: False while the slider is still held: 3D surfaces are renewed later.
        :return: :class:`PropagationThresholdRun`; its result is a :class:`PropagationThreshold`.
        """
        context = SegmentContext(volume, segmentation, segment)
        return self._thresholds.start(context, checkThreshold(threshold), continues, isLast)

    def whyNoPropagationThreshold(
        self, volume: slicer.vtkMRMLScalarVolumeNode, segmentation: slicer.vtkMRMLSegmentationNode, segment: str
    ) -> str:
        """Return a sentence on why :meth:`setPropagationThreshold` cannot be called now; empty when it can.

        :param volume: the volume node.
        :param segmentation: the segmentation node.
        :param segment: ID of a segment in it.
        """
        problem = self._thresholds.problem(SegmentContext(volume, segmentation, segment))
        return "" if problem is None else str(problem)
