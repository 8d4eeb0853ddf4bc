"""What became of a propagation, in a sentence for the status line."""

from __future__ import annotations

from typing import TYPE_CHECKING

from slicer.i18n import tr as _

from MedSAMSegLib.panel.frame.errorMessages import notesOn
from MedSAMSegLib.panel.parts.endingMessages import endingMessage

if TYPE_CHECKING:
    import slicer

    from MedSAMSegLib.propagation.propagationRun import PropagationResult
    from MedSAMSegLib.propagation.propagationThreshold import PropagationThreshold
    from MedSAMSegLib.sequences.timeRun import TimeResult


def messageOn(result: PropagationResult, segmentation: slicer.vtkMRMLSegmentationNode) -> str:
    """:return: why it ended for one segment, how much it was for several.

    :param result: :class:`PropagationResult`.
    :param segmentation: the segmentation node.
    """
    counts = {segment: _count(done.slices) for segment, done in result.segments.items()}
    if len(counts) > 1:
        parts = [f"{segmentName(segmentation, segment)}: {count}" for segment, count in counts.items()]
    else:
        endings = [] if result.wasCancelled else [endingMessage(ending) for ending in result.endings]
        parts = [*counts.values(), *endings]
    return " ".join([*([_("Stopped.")] if result.wasCancelled else []), *parts, *notesOn(result)])


def messageOnPropagationThreshold(result: PropagationThreshold) -> str:
    """:return: what another threshold made of a propagation.

    :param result: :class:`PropagationThreshold`.
    """
    values = {"threshold": f"{result.threshold:.2f}", "count": result.voxelCount, "slices": _count(result.slices)}
    if result.voxelCount == 0:
        sentence = _("Threshold {threshold}: no voxel is likely enough. Move it down.")
    else:
        sentence = _("Threshold {threshold}: {count} voxels on {slices}")
    kept = [_("Left as they are: {slices}").format(slices=_count(result.keptSlices))] if result.keptSlices else []
    return " ".join([sentence.format(**values), *kept, *notesOn(result)])


def _count(slices):
    return _("1 slice.") if len(slices) == 1 else _("{count} slices.").format(count=len(slices))


def segmentName(segmentation: slicer.vtkMRMLSegmentationNode, segmentID: str) -> str:
    """:return: the name of a segment; its ID where it is gone."""
    segment = segmentation.GetSegmentation().GetSegment(segmentID) if segmentation is not None else None
    return segmentID if segment is None else segment.GetName()


def messageOnTime(result: TimeResult) -> str:
    """:return: on how many frames the object was found, and on which not.

    :param result: :class:`TimeResult`.
    """
    count = len(result.frames)
    found = _("Found on 1 frame.") if count == 1 else _("Found on {count} frames.").format(count=count)
    parts = [_("Stopped.")] if result.wasCancelled else []
    parts.append(found)
    if result.lostFrames:
        parts.append(_("Not found on: {frames}.").format(frames=_spans(result.lostFrames)))
    if result.keptFrames:
        parts.append(_("Left as they are: {frames}.").format(frames=_spans(sorted(result.keptFrames))))
    return " ".join(parts)


def _spans(frames):
    """:return: ascending numbers from 0 as a person counts them, such as "1–3, 7"."""
    spans: list[list[int]] = []
    for number in frames:
        if spans and number == spans[-1][1] + 1:
            spans[-1][1] = number
        else:
            spans.append([number, number])
    return ", ".join(f"{low + 1}" if low == high else f"{low + 1}–{high + 1}" for low, high in spans)
