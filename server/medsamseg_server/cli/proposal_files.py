"""What ``medsamseg propose`` writes: a segment or gray level a proposal, and the picture of all."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from medsamseg_server.cli.output import refuse_to_replace_the_image
from medsamseg_server.cli.overlay_picture import check_overlay, write_slice_overlay
from medsamseg_server.engine.proposals import Proposal
from medsamseg_server.engine.slice_request import SliceRequest
from medsamseg_server.errors import ErrorKind, MedSAMSegError
from medsamseg_server.image_io.dicom_masks import DICOM_SUFFIX
from medsamseg_server.image_io.image import Image, ScanPlace
from medsamseg_server.image_io.mask_writer import Layers, Segment
from medsamseg_server.image_io.overlay import Shape
from medsamseg_server.image_io.picture_masks import is_picture_mask
from medsamseg_server.image_io.segmentations import (
    check_output,
    color_of,
    notes_on_output,
    write_layers,
    writer_of,
)


@dataclass(frozen=True)
class WrittenProposals:
    """What has been written.

    Attributes:
        named: the proposals by name, the best first.
        labels: the value that each has in the file; none for one that smaller ones cover.
        shapes: for the picture, the largest first.
        notes: what the user should know of the file.
    """

    named: Mapping[str, Proposal]
    labels: Mapping[str, int]
    shapes: Sequence[Shape]
    notes: Sequence[str]


def check_proposal_output(image: Path, output: Path, overlay: Path | None, overwrite: bool) -> None:
    """Raise an error unless proposals can be written, so that nobody computes in vain.

    Raises:
        MedSAMSegError: ``output_suffix``, ``output_is_input``, or as ``check_output`` and ``check_overlay``.
    """
    if output.name.lower().endswith(DICOM_SUFFIX):
        message = f"{output.name} would put proposals that nobody has looked at into the patient's study."
        hint = "End its name with .seg.nrrd, and keep what is right."
        raise MedSAMSegError(ErrorKind.INVALID_INPUT, "output_suffix", message, hint)
    refuse_to_replace_the_image(image, output)
    check_output(output, overwrite)
    if overlay is not None:
        check_overlay(overlay, overwrite)


def write_proposals(
    path: Path, proposals: Sequence[Proposal], request: SliceRequest, place: ScanPlace
) -> WrittenProposals:
    """Write proposals, the best first, one at least.

    Args:
        path: its suffix decides the format. Where objects cannot overlap, the smaller of two lies on the larger.
        proposals: the objects.
        request: the slice that they are on.
        place: of the scan.

    Raises:
        MedSAMSegError: as ``write_segmentation``.
    """
    masks = [each.mask.to_array(request.image_size) for each in proposals]
    named = {f"Proposal {number}": each for number, each in enumerate(proposals, start=1)}
    colors = {name: color_of(number) for number, name in enumerate(named)}
    largest_first = sorted(zip(named, masks, strict=True), key=lambda pair: -named[pair[0]].area)
    shapes = [Shape(name, colors[name], mask) for name, mask in largest_first]
    parts = masks if writer_of(path).holds_overlap else _apart(masks)
    segments = [
        Segment(name, part.astype(np.uint8), colors[name])
        for name, part in zip(named, parts, strict=True)
        if part.any()
    ]
    flat = Layers.of(segments)
    whole = [_in_volume(layer, request) for layer in flat.arrays]
    write_layers(path, segments, Layers(whole, flat.places), place)
    labels = {segment.name: value for segment, (_, value) in zip(segments, flat.places, strict=True)}
    # A picture's note would name every gray level, which is the number in the proposal's name.
    notes = () if is_picture_mask(path) else notes_on_output(path, segments, place)
    covered = [f"{name} is left out: smaller proposals cover all of it." for name in named if name not in labels]
    return WrittenProposals(named, labels, shapes, [*notes, *covered])


def write_overlay(path: Path, shapes: Sequence[Shape], request: SliceRequest, image: Image) -> None:
    """Write the picture of the slice with the proposals; raises as ``overlay_picture.write_overlay``."""
    write_slice_overlay(path, request.seen, shapes, request.axis, image.geometry, image.voxel_ml is not None)


def _apart(masks: Sequence[NDArray[np.bool_]]) -> list[NDArray[np.bool_]]:
    """Return what is left of masks when smaller ones lie on larger ones."""
    labels = np.zeros(masks[0].shape, np.int32)
    for number in sorted(range(len(masks)), key=lambda number: -np.count_nonzero(masks[number])):
        labels[masks[number]] = number + 1
    return [labels == number for number in range(1, len(masks) + 1)]


def _in_volume(layer: NDArray[np.generic], request: SliceRequest) -> NDArray[np.generic]:
    """Return the label map (K, J, I) that has a slice's (H, W) at its place, and 0 elsewhere."""
    whole = np.zeros(request.volume.shape, layer.dtype)
    np.moveaxis(whole, request.axis, 0)[request.index] = layer
    return whole
