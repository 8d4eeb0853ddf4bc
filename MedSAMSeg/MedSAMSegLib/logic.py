"""The scripting API: boxes in, segments out."""

import contextlib

import slicer

from .backendProcess import BackendProcess
from .boxArguments import promptFromArguments
from .boxPromptStore import BoxPromptStore
from .boxRun import BoxResult, BoxRun
from .errors import UserError
from .promptHistory import PromptHistory
from .propagationRun import PropagationRun
from .segmentWriter import SegmentWriter
from .sliceGeometry import SliceGeometry
from .volumeUpload import VolumeUploads


class MedSAMSegLogic:
    """Segments objects in scalar volumes from boxes on slices.

    Usage::

        logic = MedSAMSegLogic()
        volume = slicer.util.loadVolume("chest.nrrd")
        segmentation = logic.createSegmentation(volume)
        segment = logic.addSegment(segmentation, "Tumour")
        logic.segmentBox(volume, segmentation, segment, boxRAS=((x0, y0, z), (x1, y1, z)), view="Red")
        logic.propagate(volume, segmentation, segment, progress=print)

    :param backend: gives the client of a server (:meth:`client`); the local server of this Slicer when not given,
        which is started when first needed.
    """

    def __init__(self, backend=None):
        self._backend = backend or BackendProcess.shared()
        self._uploads = VolumeUploads()
        self._prompts = BoxPromptStore()
        self._promptHistory = PromptHistory(self._prompts)
        self._writers = {}
        self._runs = {}

    def createSegmentation(self, volume, name=None):
        """Return a new segmentation node with the volume's geometry, under the volume's parent transform.

        :param volume: the scalar volume node that will be segmented.
        :param name: name of the node; after the volume when not given.
        """
        SliceGeometry(volume)
        segmentation = slicer.mrmlScene.AddNewNodeByClass(
            "vtkMRMLSegmentationNode", name or f"{volume.GetName()} segmentation"
        )
        segmentation.CreateDefaultDisplayNodes()
        self.adoptGeometry(segmentation, volume)
        return segmentation

    def adoptGeometry(self, segmentation, volume):
        """Give an empty segmentation the volume's voxels and parent transform.

        :param segmentation: the segmentation node.
        :param volume: the scalar volume node that will be segmented.
        """
        # The transform first: Slicer takes the geometry over relative to where the segmentation is.
        segmentation.SetAndObserveTransformNodeID(volume.GetTransformNodeID())
        segmentation.SetReferenceImageGeometryParameterFromVolumeNode(volume)

    def addSegment(self, segmentation, name, color=None):
        """Return the ID of a new, empty segment.

        :param segmentation: the segmentation node.
        :param name: name of the segment.
        :param color: red, green and blue, each 0 to 1; chosen by Slicer when not given.
        """
        arguments = ("", name) if color is None else ("", name, color)
        return segmentation.GetSegmentation().AddEmptySegment(*arguments)

    def removeSegment(self, segmentation, segment):
        """Remove a segment and its boxes; this cannot be undone.

        :param segmentation: the segmentation node.
        :param segment: ID of the segment.
        """
        for node in self._prompts.nodes(segmentation, segment):
            self._prompts.remove(node)
        segmentation.GetSegmentation().RemoveSegment(segment)

    def segmentBox(
        self,
        volume,
        segmentation,
        segment,
        boxRAS=None,
        view=None,
        axis=None,
        slice=None,
        box=None,
        window="auto",
        model=None,
    ):
        """Segment the object in a box on one slice, and add it to the segment as one undo step.

        The box is given either in space (``boxRAS``, with the ``view`` that it was drawn on) or in voxels
        (``axis``, ``slice`` and ``box``). It stays in the scene as a markup, and :meth:`propagate` starts from it.

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
        :return: :class:`BoxResult`.
        :raises UserError: when the box does not fit the volume, or the server cannot answer.
        """
        where = {"boxRAS": boxRAS, "view": view, "axis": axis, "slice": slice, "box": box}
        run = self.startBox(volume, segmentation, segment, window, model, **where)
        with contextlib.closing(run):
            while run.advance(wait=True):
                pass
        return run.result

    def startBox(self, volume, segmentation, segment, window="auto", model=None, **where):
        """Start what :meth:`segmentBox` does and return at once, with a run that has to be advanced to its end.

        :param volume: the scalar volume node.
        :param segmentation: the segmentation node.
        :param segment: ID of the segment that receives the result.
        :param window: intensity window, as for :meth:`segmentBox`.
        :param model: name of the model; None for the server's default.
        :param where: boxRAS and view, or axis, slice and box, as for :meth:`segmentBox`.
        :return: :class:`BoxRun`; its result is a :class:`BoxResult`.
        :raises UserError: when the box does not fit the volume.
        """
        prompt = promptFromArguments(volume, **where)
        # Made for its checks: a segmentation that does not fit is refused before the server has any work.
        self._writer(segmentation, volume)
        upload = self._uploads.uploadOf(volume)

        def ask():
            client = self._backend.client()
            return upload.call(
                client,
                lambda key: client.segment(key, prompt.axis, prompt.sliceIndex, [prompt.box], window, model),
            )

        return BoxRun(ask, lambda reply: self._writeBox(volume, segmentation, segment, prompt, reply, upload.notes))

    def propagate(self, volume, segmentation, segment, progress=None, **options):
        """Follow the object from the segment's boxes through the volume; wait until it is done.

        The whole propagation is one undo step. An interrupt (Ctrl+C) keeps the slices so far.

        :param volume: the scalar volume node.
        :param segmentation: the segmentation node.
        :param segment: ID of a segment on which boxes were drawn.
        :param progress: called after each slice with a :class:`PropagationProgress`, which prints as a sentence; when
            it returns False, the propagation is cancelled.
        :param options: first, last, direction, window and model, as for :meth:`startPropagation`.
        :return: :class:`PropagationResult`.
        :raises UserError: when the server fails; slices that were done before are kept.
        """
        with contextlib.closing(self.startPropagation(volume, segmentation, segment, progress, **options)) as run:
            while run.advance(wait=True):
                pass
        return run.result

    def startPropagation(
        self,
        volume,
        segmentation,
        segment,
        progress=None,
        first=None,
        last=None,
        direction="both",
        window="auto",
        model=None,
    ):
        """Start what :meth:`propagate` does and return at once, with a run that has to be advanced to its end.

        What :meth:`segmentBox` writes into the same segmentation meanwhile belongs to the run's undo step.

        :param volume: the scalar volume node.
        :param segmentation: the segmentation node.
        :param segment: ID of a segment on which boxes were drawn.
        :param progress: as for :meth:`propagate`.
        :param first: first slice that may be touched; None for the volume's first.
        :param last: last slice that may be touched (inclusive); None for the volume's last.
        :param direction: "both", "forward" (rising slice index) or "backward".
        :param window: intensity window, as for :meth:`segmentBox`.
        :param model: name of the model; None for the server's default.
        :return: :class:`PropagationRun`.
        """
        self._checkNoneRuns(segmentation)
        prompts = [prompt for _node, prompt in self._prompts.list(segmentation, segment, volume)]
        # Of several boxes on one slice the last is what the user wants now.
        boxes = {prompt.sliceIndex: prompt.box for prompt in prompts}
        request = {
            "axis": _commonAxis(prompts),
            "prompts": sorted(boxes.items()),
            "first": first,
            "last": last,
            "direction": direction,
            "window": window,
            "model": model,
        }
        run = PropagationRun(
            self._backend.client,
            self._uploads.uploadOf(volume),
            request,
            self._writer(segmentation, volume),
            segment,
            progress,
        )
        self._runs[segmentation.GetID()] = run
        return run

    def canUndo(self, segmentation, volume):
        """Return True when :meth:`undo` has something to take back now.

        :param segmentation: the segmentation node.
        :param volume: the volume that was segmented.
        """
        writer = self._writers.get((segmentation.GetID(), volume.GetID()))
        return writer is not None and writer.isUsable and writer.canUndo

    def canRedo(self, segmentation, volume):
        """Return True when :meth:`redo` has something to bring again now.

        :param segmentation: the segmentation node.
        :param volume: the volume that was segmented.
        """
        writer = self._writers.get((segmentation.GetID(), volume.GetID()))
        return writer is not None and writer.isUsable and writer.canRedo

    def undo(self, segmentation, volume):
        """Take the last change back, and with it the box that made it; return False when there is none.

        :param segmentation: the segmentation node.
        :param volume: the volume that was segmented.
        """
        writer = self._writer(segmentation, volume)
        step = writer.lastStep
        if not writer.undo():
            return False
        self._promptHistory.takeBack(step)
        return True

    def redo(self, segmentation, volume):
        """Bring the last undone change and its box again; return False when there is none.

        :param segmentation: the segmentation node.
        :param volume: the volume that was segmented.
        """
        writer = self._writer(segmentation, volume)
        if not writer.redo():
            return False
        self._promptHistory.bringBack(writer.lastStep)
        return True

    def _writeBox(self, volume, segmentation, segment, prompt, reply, notes):
        writer = self._writer(segmentation, volume)
        mask = reply.masks[0]
        changedSegment = not mask.isEmpty and writer.write(
            segment, prompt.axis, prompt.sliceIndex, mask.pixels, mask.x0, mask.y0
        )
        promptNode = self._prompts.add(volume, segmentation, segment, prompt)
        if changedSegment:
            self._promptHistory.remember(writer.lastStep, (volume, segmentation, segment, prompt), promptNode)
        return BoxResult(
            prompt=prompt,
            promptNode=promptNode,
            voxelCount=mask.voxelCount,
            changedSegment=changedSegment,
            score=mask.score,
            wasCached=reply.wasCached,
            secondsEncoding=reply.secondsEncoding,
            secondsDecoding=reply.secondsDecoding,
            model=reply.model,
            window=reply.window,
            notes=notes,
        )

    def _writer(self, segmentation, volume):
        # A writer holds the undo history, so one and the same has to serve every call on its nodes.
        # Those of removed nodes hold whole segmentations in memory, and IDs are given again in a new scene.
        self._writers = {key: writer for key, writer in self._writers.items() if writer.isUsable}
        key = (segmentation.GetID(), volume.GetID())
        if key not in self._writers:
            self._writers[key] = SegmentWriter(segmentation, volume)
        return self._writers[key]

    def _checkNoneRuns(self, segmentation):
        self._runs = {nodeID: run for nodeID, run in self._runs.items() if not run.isOver}
        if segmentation.GetID() in self._runs:
            raise UserError(
                f"A propagation is still writing into '{segmentation.GetName()}'.",
                "Wait until it is done, or cancel it.",
                "propagation_running",
            )


def _commonAxis(prompts):
    if not prompts:
        raise UserError(
            "There is no box to propagate from in this segment and volume.",
            "Draw a box round the object on one slice first.",
            "no_box",
        )
    axes = sorted({prompt.axis for prompt in prompts})
    if len(axes) > 1:
        raise UserError(
            f"The boxes of this segment lie on slices of different directions (array axes {axes}).",
            "Propagation follows one direction: remove the boxes of the other ones.",
            "mixed_axes",
        )
    return axes[0]
