"""Starts propagations from the boxes of a segment, one at a time in each segmentation."""

from .errors import UserError
from .propagatedSlices import PropagatedSlices
from .propagationPlan import planPropagation
from .propagationRun import PropagationRun
from .sliceAudit import SliceAudit


class Propagations:
    """Knows which propagations are under way.

    :param connect: function without arguments that returns the client; runs on a worker, may start the server.
    :param uploads: VolumeUploads.
    :param writers: SegmentWriters.
    :param store: BoxPromptStore.
    """

    def __init__(self, connect, uploads, writers, store):
        self._connect = connect
        self._uploads = uploads
        self._writers = writers
        self._store = store
        self._runs = {}

    def start(self, volume, segmentation, segment, progress, first, last, direction, fromSlice, **settings):
        """:return: PropagationRun; arguments as for `MedSAMSegLogic.startPropagation`."""
        self._checkNoneRuns(segmentation)
        writer = self._writers.of(segmentation, volume)
        writer.check(segment)
        prompts = [prompt for _node, prompt in self._store.list(segmentation, segment, volume)]
        # Of several boxes on one slice the last is what the user wants now.
        boxes = {prompt.sliceIndex: prompt.box for prompt in prompts}
        axis = _commonAxis(prompts)
        audit = SliceAudit(segmentation, segment, volume, axis)
        plan = planPropagation(boxes, audit, axis, first, last, direction, fromSlice, **settings)
        request = {**plan.request, "spacing": audit.spacing}
        slices = PropagatedSlices(writer, audit, segment, plan)
        run = PropagationRun(self._connect, self._uploads.uploadOf(volume), request, slices, progress)
        self._runs[segmentation.GetID()] = run
        return run

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
