"""The part of the scripting API that follows objects through a volume."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import slicer

    from MedSAMSegLib.propagation.propagationRun import PropagationResult, PropagationRun
    from MedSAMSegLib.propagation.propagations import Propagations


class VolumeFollowing:
    """The part of :class:`MedSAMSegLogic` that goes from boxes on some slices to masks on all. ::

        logic.segmentBox(volume, segmentation, segment, axis=0, slice=24, box=(54, 160, 101, 204))
        logic.propagate(volume, segmentation, segment, progress=print)
        logic.propagate(volume, segmentation, logic.boxedSegments(segmentation, volume))

    :param propagations: :class:`Propagations`.
    """

    def __init__(self, propagations: Propagations) -> None:
        self._propagations = propagations

    def propagate(
        self,
        volume: slicer.vtkMRMLScalarVolumeNode,
        segmentation: slicer.vtkMRMLSegmentationNode,
        segment: str,
        progress: Callable[..., None] | None = None,
        **options: Any,
    ) -> PropagationResult | None:
        """Follow the object from the segment's boxes through the volume; wait until it is done.

        The whole propagation is one undo step. An interrupt (Ctrl+C) keeps the slices so far.

        Several segments go through the volume together, and each slice is encoded once for all of them. They do not
        overlap, unless the scene's Segment Editor is set to allow it.

        :param volume: the scalar volume node.
        :param segmentation: the segmentation node.
        :param segment: ID of a segment on which boxes were drawn, or a list of such IDs.
        :param progress: called after each slice with a :class:`PropagationProgress`, which prints as a sentence; when
            it returns False, the propagation is cancelled.
        :param options: first, last, direction, fromSlice, window, model and planes, as for :meth:`startPropagation`.
        :return: :class:`PropagationResult`.
        :raises UserError: when the server fails; slices that were done before are kept.
        """
        return self.startPropagation(volume, segmentation, segment, progress, **options).finish()

    def startPropagation(
        self,
        volume: slicer.vtkMRMLScalarVolumeNode,
        segmentation: slicer.vtkMRMLSegmentationNode,
        segment: str,
        progress: Callable[..., None] | None = None,
        first: int | None = None,
        last: int | None = None,
        direction: str = "both",
        fromSlice: int | None = None,
        window: str = "auto",
        model: str | None = None,
        planes: int = 1,
    ) -> PropagationRun | None:
        """Start what :meth:`propagate` does and return at once, with a run that has to be advanced to its end.

        What :meth:`segmentBox` writes into the same segmentation meanwhile belongs to the run's undo step.

        Manual edits and accepted slices (see :meth:`slices`) stay as they are, and are started from like boxes. Without
        limits, only what lies between boxes that changed since the last propagation is computed anew; of several
        segments, all.

        :param volume: the scalar volume node.
        :param segmentation: the segmentation node.
        :param segment: ID of a segment on which boxes were drawn, or a list of such IDs.
        :param progress: as for :meth:`propagate`.
        :param first: first slice that may be touched; None for the volume's first.
        :param last: last slice that may be touched (inclusive); None for the volume's last.
        :param direction: "both", "forward" (rising slice index) or "backward".
        :param fromSlice: index of the only slice to start from, from its box or its mask; other boxes are then where
            the propagation ends. None for all boxes.
        :param window: intensity window, as for :meth:`segmentBox`.
        :param model: name of the model; None for the server's default.
        :param planes: 3 to look at the object across the two other axes as well, once it has been followed; its slices
            are then written again. All of it is computed anew.
        :return: :class:`PropagationRun`.
        """
        return self._propagations.start(
            volume,
            segmentation,
            [segment] if isinstance(segment, str) else list(dict.fromkeys(segment)),
            progress,
            first=first,
            last=last,
            direction=direction,
            fromSlice=fromSlice,
            window=window,
            model=model,
            planes=planes,
        )

    def boxedSegments(
        self,
        segmentation: slicer.vtkMRMLSegmentationNode,
        volume: slicer.vtkMRMLScalarVolumeNode,
        axis: int | None = None,
    ) -> list[str]:
        """Return the IDs of the segments that can be propagated: with boxes along one axis, visible and not completed.

        :param segmentation: the segmentation node.
        :param volume: the scalar volume node, or a stack (see :meth:`boxVolume`).
        :param axis: only those with boxes along this array axis; None for any.
        """
        return self._propagations.boxedSegments(volume, segmentation, axis)
