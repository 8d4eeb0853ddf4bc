"""Labels that were read from a file as segments to write: with names, colors and terms, and who found them."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np

from medsamseg_server.errors import ErrorKind, MedSAMSegError
from medsamseg_server.image_io.labels import LabelObject, Labels
from medsamseg_server.image_io.mask_writer import Segment
from medsamseg_server.image_io.segmentations import color_of
from medsamseg_server.image_io.terminology import TISSUE, Terminology


def segments_of(labels: Labels, path: Path, known: Terminology = TISSUE) -> list[Segment]:
    """Return the objects of a scan's labels; those of one name are one segment.

    Args:
        labels: as ``label_reading.read_labels`` gives them.
        path: their file, for messages.
        known: what they are; where it is ``TISSUE``, what their file says.

    Raises:
        MedSAMSegError: ``labels_empty`` without any object.
    """
    segments: dict[str, Segment] = {}
    for each in labels.objects:
        mask = (each.voxels == each.value).astype(np.uint8)
        if each.name in segments:
            mask |= segments[each.name].mask
            segments[each.name] = replace(segments[each.name], mask=mask)
        else:
            segments[each.name] = _segment(each, mask, len(segments), known)
    if not segments:
        message = f"{path.name} has no object."
        raise MedSAMSegError(ErrorKind.INVALID_INPUT, "labels_empty", message, "Give labels with at least one object.")
    return list(segments.values())


def _segment(each: LabelObject, mask: np.ndarray, number: int, known: Terminology) -> Segment:
    return Segment(
        each.name,
        mask,
        each.color or color_of(number),
        each.found_by,
        known if known != TISSUE else each.terminology or TISSUE,
        is_ours=each.is_ours,
    )
