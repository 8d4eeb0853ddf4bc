"""An object that the server proposes, and what became of those of a slice."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping, Sequence

import numpy as np
import slicer

from MedSAMSegLib.client.serverReplies import SliceMask
from MedSAMSegLib.errors import UserError
from MedSAMSegLib.volumes.volumeState import VolumeState

# A box needs a side; that round one row of pixels reaches this far into the next ones.
HALF_A_PIXEL = 0.5


@dataclasses.dataclass(frozen=True, eq=False)
class ProposalSource:
    """What a search for objects was about.

    :param state: the :class:`VolumeState` of the volume at its start.
    :param axis: array axis of the slice.
    :param sliceIndex: index along that axis.
    :param window: intensity window.
    :param model: name of the model that proposed.
    """

    state: VolumeState
    axis: int
    sliceIndex: int
    window: str
    model: str | None

    @property
    def volume(self) -> slicer.vtkMRMLScalarVolumeNode:
        """The volume node."""
        return self.state.geometry.volumeNode

    @property
    def isCurrent(self) -> bool:
        """Whether the volume is there, with the voxels and the place that it had."""
        try:
            return self.state.isCurrent
        except UserError:
            return False


@dataclasses.dataclass(frozen=True, eq=False)
class Proposal:
    """An object that a model has found by itself.

    :param source: the :class:`ProposalSource`.
    :param number: from 1, the best first.
    :param mask: the :class:`SliceMask`, never empty.
    :param quality: intersection over union that the model predicts for its mask.
    :param stability: 0 to 1: how little the mask changes with the threshold.
    """

    source: ProposalSource
    number: int
    mask: SliceMask
    quality: float
    stability: float

    @property
    def area(self) -> float:
        """Of the mask, in mm²."""
        return self.mask.voxelCount * _pixelArea(self.source.state.geometry, self.source.axis)

    @property
    def box(self) -> tuple:
        """The tight box (x0, y0, x1, y1) round the mask; wider by half a pixel each way where it would be a line."""
        rows, columns = self.mask.pixels.shape
        x0, x1 = _side(self.mask.x0, columns)
        y0, y1 = _side(self.mask.y0, rows)
        return x0, y0, x1, y1

    def contains(self, x: float, y: float) -> bool:
        """:return: whether a place of the slice, in pixels, lies in the mask."""
        rows, columns = self.mask.pixels.shape
        row, column = round(y) - self.mask.y0, round(x) - self.mask.x0
        return 0 <= row < rows and 0 <= column < columns and bool(self.mask.pixels[row, column])


class ProposalList:
    """The proposals of a slice, and which of them are still to be decided on.

    :param proposals: the :class:`Proposal` objects, the best first.
    """

    def __init__(self, proposals: Sequence[Proposal]) -> None:
        self._proposals = tuple(proposals)
        self._hidden: set[int] = set()
        self._accepted: dict[int, tuple[slicer.vtkMRMLSegmentationNode, str]] = {}

    def __iter__(self) -> Iterator[Proposal]:
        return iter(self._proposals)

    def hide(self, proposal: Proposal) -> None:
        """Leave one out from now on."""
        self._hidden.add(proposal.number)

    def accept(self, segmentation: slicer.vtkMRMLSegmentationNode, segmentIDs: Mapping[Proposal, str]) -> None:
        """Leave those out that became segments, for as long as these are there.

        :param segmentation: the segmentation node.
        :param segmentIDs: {:class:`Proposal`: ID of its segment}.
        """
        self._accepted.update({proposal.number: (segmentation, ID) for proposal, ID in segmentIDs.items()})

    @property
    def open(self) -> list[Proposal]:
        """Those that are neither hidden nor a segment; an acceptance that was undone counts no more."""
        return [each for each in self._proposals if each.number not in self._hidden and not self._isSegment(each)]

    def at(self, x: float, y: float) -> Proposal | None:
        """:return: the smallest open one at a place of the slice, in pixels; None where there is none."""
        there = [proposal for proposal in self.open if proposal.contains(x, y)]
        return min(there, key=lambda proposal: proposal.mask.voxelCount, default=None)

    def _isSegment(self, proposal):
        segmentation, segmentID = self._accepted.get(proposal.number, (None, ""))
        return segmentation is not None and segmentation.GetSegmentation().GetSegment(segmentID) is not None


def _pixelArea(geometry, axis):
    """:return: area in mm² of a pixel of the slices along an axis."""
    corner, right, below = (
        np.array(geometry.worldFromContinuous(axis, 0, *place)) for place in ((0, 0), (1, 0), (0, 1))
    )
    return float(np.linalg.norm(np.cross(right - corner, below - corner)))


def _side(first, count):
    return (first, first + count - 1) if count > 1 else (first - HALF_A_PIXEL, first + HALF_A_PIXEL)
