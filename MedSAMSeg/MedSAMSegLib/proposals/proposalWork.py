"""Starts searches for proposals, and makes segments of those that are accepted."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from MedSAMSegLib.errors import UserError
from MedSAMSegLib.proposals.proposal import ProposalSource
from MedSAMSegLib.proposals.proposalRun import ProposalRun
from MedSAMSegLib.segments.editorSettings import EditorSettings
from MedSAMSegLib.segments.segmentTarget import SegmentContext
from MedSAMSegLib.volumes.sliceAxes import AXES
from MedSAMSegLib.volumes.sliceGeometry import SliceGeometry
from MedSAMSegLib.volumes.slicePrompt import SlicePrompt
from MedSAMSegLib.volumes.volumeState import VolumeState

if TYPE_CHECKING:
    import slicer

    from MedSAMSegLib.boxes.boxWork import BoxWork
    from MedSAMSegLib.client.serverClient import ServerClient
    from MedSAMSegLib.client.volumeUpload import VolumeUploads
    from MedSAMSegLib.proposals.proposal import Proposal
    from MedSAMSegLib.segments.segmentWriters import SegmentWriters


class ProposalWork:
    """What :class:`ObjectProposals` gives out.

    :param connect: function without arguments that returns the client; runs on a worker, may start the server.
    :param uploads: VolumeUploads.
    :param writers: SegmentWriters.
    :param boxWork: BoxWork.
    """

    def __init__(
        self,
        connect: Callable[[], ServerClient],
        uploads: VolumeUploads,
        writers: SegmentWriters,
        boxWork: BoxWork,
    ) -> None:
        self._connect = connect
        self._uploads = uploads
        self._writers = writers
        self._boxWork = boxWork

    def search(
        self,
        volume: slicer.vtkMRMLScalarVolumeNode,
        axis: int,
        sliceIndex: int,
        window: str,
        model: str | None,
        progress: Callable[..., Any] | None,
        options: Mapping[str, float],
    ) -> ProposalRun:
        """:return: ProposalRun; arguments as for `ObjectProposals.startProposals`."""
        geometry = SliceGeometry(volume)
        _checkSlice(geometry, axis, sliceIndex)
        source = ProposalSource(VolumeState(geometry), int(axis), int(sliceIndex), window, model)
        return ProposalRun(self._connect, self._uploads.uploadOf(volume), source, options, progress)

    def accept(
        self, segmentation: slicer.vtkMRMLSegmentationNode, proposals: Sequence[Proposal], names: Sequence[str]
    ) -> dict[Proposal, str]:
        """Make a segment of each proposal, all in one undo step.

        Where segments may not overlap, the smaller of two proposals has what both have.

        :param segmentation: the segmentation node.
        :param proposals: :class:`Proposal` objects of one search, one at least.
        :param names: of their segments.
        :return: {:class:`Proposal`: ID of its segment}, without those of which nothing could be written.
        :raises UserError: when the volume is not what it was, or nothing could be written of any.
        """
        source = proposals[0].source
        if not source.isCurrent:
            raise UserError(
                "The volume is not what it was when objects were proposed.", "Propose them again.", "proposals_outdated"
            )
        accepted, refusals = {}, []
        writer = self._writers.of(segmentation, source.volume)
        with writer.undoStep(isAlways=True):
            for number in _order(proposals):
                try:
                    accepted[proposals[number]] = self._place(writer, segmentation, proposals[number], names[number])
                except UserError as error:
                    if error.code != "object_covered":
                        raise
                    refusals.append(error)
            if not accepted:
                raise refusals[0]
        return accepted

    def _place(self, writer, segmentation, proposal, name):
        source = proposal.source
        prompt = SlicePrompt.ofNumbers(source.axis, source.sliceIndex, proposal.box)
        with writer.newSegment(name) as segmentID:
            context = SegmentContext(source.volume, segmentation, segmentID)
            self._boxWork.place(context, prompt, proposal.mask, source.window, source.model)
        return segmentID


def _order(proposals):
    """:return: numbers of proposals in the order in which the smaller of two gets what both have."""
    isFirstKept = EditorSettings.ofScene().keepsOutOfSegments
    sizes = [proposal.mask.voxelCount for proposal in proposals]
    return sorted(range(len(proposals)), key=sizes.__getitem__, reverse=not isFirstKept)


def _checkSlice(geometry, axis, sliceIndex):
    if axis not in AXES:
        raise UserError(f"Axis {axis!r} does not exist.", "A volume has the axes 0, 1 and 2.", "axis_invalid")
    count = geometry.shape[axis]
    if sliceIndex not in range(count):
        raise UserError(
            f"There is no slice {sliceIndex!r} along axis {axis}.",
            f"The slices of '{geometry.volumeNode.GetName()}' are 0 to {count - 1}.",
            "slice_outside_image",
        )
