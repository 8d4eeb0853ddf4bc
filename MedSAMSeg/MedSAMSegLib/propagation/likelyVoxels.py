"""What is likelier than a threshold on propagated slices, as voxels that a segment may have."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

from MedSAMSegLib.client.sliceProbability import DEFAULT_THRESHOLD, lowestLevel
from MedSAMSegLib.segments.labelmapCrop import LabelmapCrop
from MedSAMSegLib.volumes.sliceAxes import toIJK

if TYPE_CHECKING:
    from MedSAMSegLib.client.sliceProbability import SliceProbability
    from MedSAMSegLib.segments.segmentTarget import SegmentTarget
    from MedSAMSegLib.segments.segmentWriter import SegmentWriter


class LikelyVoxels:
    """The probabilities of some slices, unpacked: masks at one threshold after the other cost little then.

    :param axis: array axis of the slices.
    :param masks: {slice index: :class:`SliceProbability`}.
    """

    def __init__(self, axis: int, masks: Mapping[int, SliceProbability]) -> None:
        #: Names of the probabilities, by which the same ones are known again.
        self.names = {index: likely.name for index, likely in masks.items()}
        places = [(index, likely) for index, likely in masks.items() if all(likely.shape)]
        ends = [(index, likely.x0, likely.y0, *reversed(likely.shape)) for index, likely in places]
        first = np.min([end[:3] for end in ends], axis=0) if ends else np.zeros(3, int)
        last = np.max([(k + 1, x + w, y + h) for k, x, y, w, h in ends], axis=0) if ends else first
        depth, width, height = last - first
        levels = np.zeros((depth, height, width), np.uint8)
        for index, likely in places:
            x, y = likely.x0 - first[1], likely.y0 - first[2]
            levels[index - first[0], y : y + likely.shape[0], x : x + likely.shape[1]] = likely.levels
        self._levels = np.moveaxis(levels, 0, axis)
        self._start = tuple(int(place) for place in toIJK(axis, *first))

    def at(self, threshold: float) -> LabelmapCrop:
        """:return: LabelmapCrop of the volume's voxels that are likelier than a threshold."""
        return LabelmapCrop(self._levels >= lowestLevel(threshold), self._start)

    def addedAt(self, writer: SegmentWriter, target: SegmentTarget, threshold: float) -> LabelmapCrop:
        """Find the voxels that a segment gets.

        Those at 0.5 are the propagation's own, whatever else is there. Where a lower threshold goes beyond, other
        segments keep their voxels unless the user lets segments overlap.

        :param writer: SegmentWriter of the segmentation.
        :param target: SegmentTarget.
        :param threshold: of the probability above which a voxel is the object's.
        :return: LabelmapCrop of the volume's voxels.
        """
        likely = self.at(threshold)
        if threshold >= DEFAULT_THRESHOLD or target.settings.allowsOverlap:
            return likely
        grown = likely.where(~self.at(DEFAULT_THRESHOLD).voxels)
        return likely.minus(writer.presentElsewhere(target, grown))
