"""What is likelier than a threshold on propagated slices, as voxels that a segment may have."""

from MedSAMSegLib.client.sliceProbability import DEFAULT_THRESHOLD
from MedSAMSegLib.segments.labelmapCrop import LabelmapCrop


def likelyVoxels(writer, target, masks, threshold):
    """Find the voxels of masks at a threshold.

    Those at 0.5 are the propagation's own, whatever else is there. Where a lower threshold goes beyond, other segments
    keep their voxels unless the user lets segments overlap.

    :param writer: SegmentWriter of the segmentation.
    :param target: SegmentTarget.
    :param masks: {slice index: what has pixels at a threshold: :class:`SliceProbability`}.
    :param threshold: of the probability above which a voxel is the object's.
    :return: LabelmapCrop of the volume's voxels.
    """
    likely = _cropAt(target.axis, masks, threshold)
    if threshold >= DEFAULT_THRESHOLD or target.settings.allowsOverlap:
        return likely
    grown = likely.minus(_cropAt(target.axis, masks, DEFAULT_THRESHOLD))
    return likely.minus(writer.presentElsewhere(target, grown))


def _cropAt(axis, masks, threshold):
    return LabelmapCrop.together(
        [
            LabelmapCrop.ofSlice(axis, index, likely.pixels(threshold), likely.x0, likely.y0).trimmed()
            for index, likely in masks.items()
        ]
    )
