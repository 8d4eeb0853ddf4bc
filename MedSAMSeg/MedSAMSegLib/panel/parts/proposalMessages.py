"""What the panel says of proposals."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from slicer.i18n import tr as _

if TYPE_CHECKING:
    import slicer

    from MedSAMSegLib.proposals.proposalRun import ProposalRun


def messageOnSearch(run: ProposalRun, name: str) -> str:
    """:return: what a search for objects came to.

    :param run: the :class:`ProposalRun`, over.
    :param name: of the slice.
    """
    if run.wasCancelled:
        return _("Stopped; nothing of it is kept.")
    if not run.result:
        sentence = _("No object is proposed on {slice}: no mask was good and stable enough. Draw a box round it.")
        return sentence.format(slice=name)
    sentence = _("{count} proposals on {slice}: click one to accept it as a segment; Delete hides the selected one.")
    return sentence.format(count=len(run.result), slice=name)


def messageOnAcceptance(segmentation: slicer.vtkMRMLSegmentationNode, segmentIDs: Iterable[str], count: int) -> str:
    """:return: what was accepted.

    :param segmentation: the segmentation node.
    :param segmentIDs: IDs of the new segments.
    :param count: number of proposals that were to become segments.
    """
    names = [segmentation.GetSegmentation().GetSegment(segmentID).GetName() for segmentID in segmentIDs]
    sentence = _("Accepted as '{name}'.") if len(names) == 1 else _("{count} proposals are segments now.")
    sentence = sentence.format(name=names[0], count=len(names))
    if len(names) < count:
        left = _("{count} lie where the Segment Editor allows no change.").format(count=count - len(names))
        return f"{sentence} {left}"
    return sentence


def messageOnModel(chosen: Mapping[str, Any] | None, proposer: Mapping[str, Any] | None) -> str:
    """:return: which model proposes, and why not the chosen one; "" where nothing is known of models.

    :param chosen: what the server says of the chosen model, or None.
    :param proposer: what it says of the one that proposes, or None.
    """
    if proposer is None:
        return ""
    if not proposer["installed"]:
        sentence = _(
            "Objects are proposed by {title}, which is not on this computer. Get it with 'Manage installation'."
        )
    elif chosen is not None and chosen is not proposer:
        sentence = _("{chosen} learned to answer boxes and cannot propose objects: {title} does.")
    else:
        sentence = _("{title} proposes.")
    return sentence.format(title=proposer["title"], chosen=chosen and chosen["title"])
