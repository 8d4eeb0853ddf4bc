"""The model that found a segment, kept in the segment: saved and copied with it, told when it is exported."""

from __future__ import annotations

from typing import TYPE_CHECKING

import vtk

if TYPE_CHECKING:
    import slicer

#: The segment's tags that hold its name and the checksum of its weights; the server's program reads the same.
MODEL_TAG, WEIGHTS_TAG = "MedSAMSeg.Model", "MedSAMSeg.Weights"


def noteModel(segment: slicer.vtkSegment, model: str, weightsSha256: str) -> None:
    """Keep which model found what is in a segment; the last one counts.

    :param segment: vtkSegment.
    :param model: its name.
    :param weightsSha256: checksum of its weights.
    """
    if modelTags(segment) != {MODEL_TAG: model, WEIGHTS_TAG: weightsSha256}:
        segment.SetTag(MODEL_TAG, model)
        segment.SetTag(WEIGHTS_TAG, weightsSha256)


def modelTags(segment: slicer.vtkSegment) -> dict[str, str]:
    """Return the tags that tell the model; none where nothing in the segment is MedSAMSeg's.

    :param segment: vtkSegment.
    """
    return {tag: text for tag in (MODEL_TAG, WEIGHTS_TAG) if (text := tagOf(segment, tag))}


def tagOf(segment: slicer.vtkSegment, tag: str) -> str:
    """Return a tag of a segment; "" where it has none.

    :param segment: vtkSegment.
    :param tag: its name.
    """
    text = vtk.reference("")
    return str(text) if segment.GetTag(tag, text) else ""
