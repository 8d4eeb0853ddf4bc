"""What the scripting API can do without a box: have the objects of a slice proposed, and accept some of them."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from MedSAMSegLib.errors import UserError

if TYPE_CHECKING:
    import slicer

    from MedSAMSegLib.proposals.proposal import Proposal
    from MedSAMSegLib.proposals.proposalRun import ProposalRun
    from MedSAMSegLib.proposals.proposalWork import ProposalWork


class ObjectProposals:
    """The part of :class:`MedSAMSegLogic` about proposals, SAM's automatic mode. ::

        found = logic.proposals(volume, axis=0, slice=24)
        vessel = logic.acceptProposal(segmentation, found[0], name="Vessel")

    :param proposalWork: :class:`ProposalWork`.
    """

    def __init__(self, proposalWork: ProposalWork) -> None:
        self._proposalWork = proposalWork

    def proposals(
        self,
        volume: slicer.vtkMRMLScalarVolumeNode,
        axis: int = 0,
        slice: int = 0,
        window: str = "auto",
        model: str | None = None,
        progress: Callable[..., Any] | None = None,
        **options: float,
    ) -> list[Proposal]:
        """Have the objects of one slice proposed; wait until that is done. Nothing is written.

        :param volume: the volume node.
        :param axis: array axis of the slice: 0, 1 or 2 of an array (K, J, I).
        :param slice: slice index along that axis.
        :param window: intensity window, as for :meth:`MedSAMSegLogic.segmentBox`.
        :param model: "mobilesam" or "sam"; None for the first. MedSAM's models learned one mask for a box, and cannot.
        :param progress: called now and then with a :class:`SearchProgress`, which prints as a sentence; when it returns
            False, the search is cancelled.
        :param options: points_per_side, least_quality, least_stability and most_overlap, as for `medsamseg propose`.
        :return: list of :class:`Proposal`, the best first; empty when it was cancelled.
        :raises UserError: when there is no such slice, the model cannot propose, or the server cannot answer.
        """
        return self.startProposals(volume, axis, slice, window, model, progress, **options).finish()

    def startProposals(
        self,
        volume: slicer.vtkMRMLScalarVolumeNode,
        axis: int = 0,
        slice: int = 0,
        window: str = "auto",
        model: str | None = None,
        progress: Callable[..., Any] | None = None,
        **options: float,
    ) -> ProposalRun:
        """Start what :meth:`proposals` does and return at once, with a run that has to be advanced to its end.

        :return: :class:`ProposalRun`; the arguments are those of :meth:`proposals`.
        """
        return self._proposalWork.search(volume, axis, slice, window, model, progress, options)

    def acceptProposal(
        self, segmentation: slicer.vtkMRMLSegmentationNode, proposal: Proposal, name: str | None = None
    ) -> str:
        """Make a segment of a proposal, as one undo step. It has a box from then on, from which it can be followed.

        It may overlap with other segments, unless the scene's Segment Editor is set to avoid that.

        :param segmentation: the segmentation node.
        :param proposal: the :class:`Proposal`.
        :param name: name of the segment; "Object" with a free number when not given.
        :return: ID of the segment.
        :raises UserError: when the volume was changed since, or other segments have all of the object.
        """
        names = None if name is None else [name]
        return self.acceptProposals(segmentation, [proposal], names)[proposal]

    def acceptProposals(
        self,
        segmentation: slicer.vtkMRMLSegmentationNode,
        proposals: Sequence[Proposal],
        names: Sequence[str] | None = None,
    ) -> dict[Proposal, str]:
        """Make a segment of each of several proposals, all as one undo step.

        Where the scene's Segment Editor is set to avoid overlap, the smaller of two has what both have.

        :param segmentation: the segmentation node.
        :param proposals: :class:`Proposal` objects of one search.
        :param names: of their segments; "Object" with free numbers when not given.
        :return: {:class:`Proposal`: ID of its segment}, without those whose voxels others have.
        :raises UserError: as :meth:`acceptProposal`, when there is nothing to write of any of them.
        """
        if not proposals:
            raise UserError("There is no proposal to accept.", "Have objects proposed first.", "no_proposal")
        names = names or _freeNames(segmentation, len(proposals))
        return self._proposalWork.accept(segmentation, list(proposals), names)


def _freeNames(segmentation, count):
    """:return: list of so many names that no segment has."""
    segmentation = segmentation.GetSegmentation()
    taken = {segmentation.GetNthSegment(index).GetName() for index in range(segmentation.GetNumberOfSegments())}
    candidates = (f"Object {number}" for number in itertools.count(1))
    return list(itertools.islice((name for name in candidates if name not in taken), count))
