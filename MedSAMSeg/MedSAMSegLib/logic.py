"""The scripting API: boxes in, segments out."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import slicer

from MedSAMSegLib.boxes.boxWork import BoxWork
from MedSAMSegLib.boxes.sceneBoxes import SceneBoxes
from MedSAMSegLib.client.encodingRun import EncodingRun, UploadRun
from MedSAMSegLib.client.probabilityMemory import ProbabilityMemory
from MedSAMSegLib.client.volumeUpload import VolumeUploads
from MedSAMSegLib.logicExport import DicomExporting
from MedSAMSegLib.logicFollowUp import FollowUp
from MedSAMSegLib.logicLines import LinePrompts
from MedSAMSegLib.logicPhases import PhaseFusion
from MedSAMSegLib.logicPropagation import VolumeFollowing
from MedSAMSegLib.logicProposals import ObjectProposals
from MedSAMSegLib.logicThreshold import PropagationThresholding
from MedSAMSegLib.logicTime import TimeFollowing
from MedSAMSegLib.logicUndo import UndoRedo
from MedSAMSegLib.propagation.propagations import Propagations
from MedSAMSegLib.propagation.propagationThreshold import PropagationThresholds
from MedSAMSegLib.proposals.proposalWork import ProposalWork
from MedSAMSegLib.segments.segmentWriters import SegmentWriters
from MedSAMSegLib.sequences.segmentationSequence import removeFromFrames
from MedSAMSegLib.sequences.timePropagations import TimePropagations
from MedSAMSegLib.server.serverConnection import ServerConnection
from MedSAMSegLib.server.serverProcess import ServerProcess
from MedSAMSegLib.slices.protectedSegments import acceptedSlices
from MedSAMSegLib.volumes.nodeNames import nodeName
from MedSAMSegLib.volumes.segmentableVolumes import checkVolume

if TYPE_CHECKING:
    from MedSAMSegLib.boxes.boxRun import BoxResult, BoxRun


class MedSAMSegLogic(
    FollowUp,
    LinePrompts,
    VolumeFollowing,
    TimeFollowing,
    PropagationThresholding,
    ObjectProposals,
    PhaseFusion,
    DicomExporting,
    UndoRedo,
):
    """Segments objects in scalar volumes from boxes on slices.

    Usage::

        logic = MedSAMSegLogic()
        volume = slicer.util.loadVolume("chest.nrrd")
        segmentation = logic.createSegmentation(volume)
        segment = logic.addSegment(segmentation, "Tumour")
        logic.segmentBox(volume, segmentation, segment, boxRAS=((x0, y0, z), (x1, y1, z)), view="Red")
        logic.propagate(volume, segmentation, segment, progress=print)
        logic.propagate(volume, segmentation, logic.boxedSegments(segmentation, volume))

    What can be done with boxes that are there already is in :class:`BoxAdjustment`, :class:`BoxRefinement` and
    :class:`BoxExclusion`, what with slices in :class:`SliceReview`, with measured segments in :class:`LesionList`,
    with measured lines in :class:`LinePrompts`, from slice to slice in :class:`VolumeFollowing`, with sequences in
    :class:`TimeFollowing`, with what was propagated in :class:`PropagationThresholding`, without a box in
    :class:`ObjectProposals`, with several volumes of one patient in :class:`PhaseFusion`, with an earlier scan in
    :class:`FollowUp`, into DICOM files in :class:`DicomExporting`; what takes all this back is in :class:`UndoRedo`.

    :param server: the way to a server; the local server of this Slicer when not given,
        which is started when first needed.
    """

    def __init__(self, server: ServerConnection | None = None) -> None:
        self._server = server or ServerProcess.shared()
        self._uploads = VolumeUploads()
        self._writers = SegmentWriters(acceptedSlices)
        boxes = SceneBoxes()
        memory = ProbabilityMemory()
        propagations = Propagations(self._server.client, self._uploads, self._writers, boxes.store, memory)
        super().__init__(boxes, BoxWork(self._server, self._uploads, self._writers, boxes), propagations)
        LinePrompts.__init__(self, self._boxWork)
        TimeFollowing.__init__(self, TimePropagations(self._server.client, self._writers, boxes.store))
        VolumeFollowing.__init__(self, propagations)
        thresholds = PropagationThresholds(self._writers, propagations, memory)
        PropagationThresholding.__init__(self, thresholds)
        work = ProposalWork(self._server.client, self._uploads, self._writers, self._boxWork)
        ObjectProposals.__init__(self, work)
        PhaseFusion.__init__(self, self._uploads)
        UndoRedo.__init__(self, self._writers, boxes.history, self._times)
        DicomExporting.__init__(self, boxes.store)

    def createSegmentation(
        self, volume: slicer.vtkMRMLScalarVolumeNode, name: str | None = None
    ) -> slicer.vtkMRMLSegmentationNode:
        """Return a new segmentation node with the volume's geometry, under the volume's parent transform.

        :param volume: the scalar volume node that will be segmented.
        :param name: name of the node; after the volume when not given.
        """
        checkVolume(volume)
        segmentation = slicer.mrmlScene.AddNewNodeByClass(
            "vtkMRMLSegmentationNode", nodeName(name or f"{volume.GetName()} segmentation")
        )
        segmentation.CreateDefaultDisplayNodes()
        self.adoptGeometry(segmentation, volume)
        return segmentation

    def adoptGeometry(
        self, segmentation: slicer.vtkMRMLSegmentationNode, volume: slicer.vtkMRMLScalarVolumeNode
    ) -> None:
        """Give an empty segmentation the volume's voxels and parent transform.

        :param segmentation: the segmentation node.
        :param volume: the scalar volume node that will be segmented.
        """
        # The transform first: Slicer takes the geometry over relative to where the segmentation is.
        segmentation.SetAndObserveTransformNodeID(volume.GetTransformNodeID())
        segmentation.SetReferenceImageGeometryParameterFromVolumeNode(volume)

    def addSegment(
        self, segmentation: slicer.vtkMRMLSegmentationNode, name: str, color: Sequence[float] | None = None
    ) -> str:
        """Return the ID of a new, empty segment.

        :param segmentation: the segmentation node.
        :param name: name of the segment.
        :param color: red, green and blue, each 0 to 1; chosen by Slicer when not given.
        """
        arguments = ("", name) if color is None else ("", name, color)
        return segmentation.GetSegmentation().AddEmptySegment(*arguments)

    def removeSegment(self, segmentation: slicer.vtkMRMLSegmentationNode, segment: str) -> None:
        """Remove a segment and its boxes, of a sequence on all frames; this cannot be undone.

        :param segmentation: the segmentation node.
        :param segment: ID of the segment.
        """
        for node in self._boxes.store.nodes(segmentation, segment, isAnyFrame=True):
            self._boxes.store.remove(node)
        removeFromFrames(segmentation, segment)
        # The frame that is shown shares its segments with the segmentation in the scene.
        if segmentation.GetSegmentation().GetSegment(segment) is not None:
            segmentation.GetSegmentation().RemoveSegment(segment)

    def segmentBox(
        self,
        volume: slicer.vtkMRMLScalarVolumeNode,
        segmentation: slicer.vtkMRMLSegmentationNode,
        segment: str,
        boxRAS: tuple[Sequence[float], Sequence[float]] | None = None,
        view: str | None = None,
        axis: int | None = None,
        slice: int | None = None,
        box: Sequence[float] | None = None,
        window: str = "auto",
        model: str | None = None,
        plane: tuple[Sequence[float], Sequence[float]] | None = None,
        nearestSlice: bool = False,
    ) -> BoxResult | None:
        """Segment the object in a box on one slice, and add it to the segment as one undo step.

        The box is given either in space (``boxRAS``, with the ``view`` that it was drawn on) or in voxels
        (``axis``, ``slice`` and ``box``). It stays in the scene as a markup, and :meth:`propagate` starts from it.

        On a plane that is turned against the volume, as a rotated view shows it, the object is segmented there: the
        plane is resliced, and the result has the voxels that it cuts. ``prompt`` of the result is then in pixels of a
        stack of such planes (see :meth:`boxVolume`), along which :meth:`propagate` goes.

        :param volume: the scalar volume node.
        :param segmentation: the segmentation node; see :meth:`createSegmentation`.
        :param segment: ID of the segment that receives the result.
        :param boxRAS: two opposite corners in RAS (mm, world coordinates).
        :param view: name of the slice view that the corners were picked on, such as "Red"; without it, the slice is
            along ``axis``, or else along the axis on which the corners are flattest.
        :param axis: array axis of the slice: 0, 1 or 2 of an array (K, J, I).
        :param slice: slice index along that axis.
        :param box: (x0, y0, x1, y1) in in-plane voxel indices; x runs along the last array axis of the slice.
        :param window: intensity window: "auto", "soft", "lung", "brain", "bone", "percentile" or "W,L".
        :param model: name of the model; None for the server's default.
        :param plane: directions (right, up) in RAS of the plane that the corners are on, instead of ``view``.
        :param nearestSlice: whether a turned plane is taken for the nearest slice of the volume.
        :return: :class:`BoxResult`.
        :raises UserError: when the box does not fit the volume, or the server cannot answer.
        """
        where = {"boxRAS": boxRAS, "view": view, "axis": axis, "slice": slice, "box": box}
        turned = {"plane": plane, "nearestSlice": nearestSlice}
        return self.startBox(volume, segmentation, segment, window, model, **where, **turned).finish()

    def startBox(
        self,
        volume: slicer.vtkMRMLScalarVolumeNode,
        segmentation: slicer.vtkMRMLSegmentationNode,
        segment: str,
        window: str = "auto",
        model: str | None = None,
        **where: Any,
    ) -> BoxRun:
        """Start what :meth:`segmentBox` does and return at once, with a run that has to be advanced to its end.

        :param volume: the scalar volume node.
        :param segmentation: the segmentation node.
        :param segment: ID of the segment that receives the result.
        :param window: intensity window, as for :meth:`segmentBox`.
        :param model: name of the model; None for the server's default.
        :param where: boxRAS with view or plane, or axis, slice and box, as for :meth:`segmentBox`; and nearestSlice.
        :return: :class:`BoxRun`; its result is a :class:`BoxResult`.
        :raises UserError: when the box does not fit the volume.
        """
        return self._boxWork.draw(volume, segmentation, segment, window, model, where)

    @property
    def server(self) -> ServerConnection:
        """The way to the server."""
        return self._server

    def startUpload(self, volume: slicer.vtkMRMLScalarVolumeNode) -> UploadRun:
        """Send a volume to the server before anything is asked about it.

        :param volume: the scalar volume node.
        :return: :class:`UploadRun`.
        """
        return UploadRun(self._server.client, self._uploads.uploadOf(volume))

    def startEncoding(
        self,
        volume: slicer.vtkMRMLScalarVolumeNode,
        axis: int,
        sliceIndex: int,
        window: str = "auto",
        model: str | None = None,
    ) -> EncodingRun:
        """Let the server encode all slices along an axis ahead, so that boxes there are answered at once.

        What is asked for by a box or a propagation goes first. It takes the place of the volume's earlier encoding.

        :param volume: the scalar volume node.
        :param axis: array axis of the slices.
        :param sliceIndex: where to begin; it goes on from there outward.
        :param window: intensity window, as for :meth:`segmentBox`.
        :param model: name of the model; None for the server's default.
        :return: :class:`EncodingRun`.
        """
        request = {"axis": axis, "sliceIndex": sliceIndex, "window": window, "model": model}
        return EncodingRun(self._server.client, self._uploads.uploadOf(volume), request)

    def cancelUploads(self) -> None:
        """Stop sending volumes: the scene is about to close."""
        self._uploads.cancelAll()
