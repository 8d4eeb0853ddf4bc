"""Finds the lesions of an earlier scan again on a later one, and compares both."""

from __future__ import annotations

from collections.abc import Callable, Generator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import slicer

from MedSAMSegLib.errors import UserError
from MedSAMSegLib.followup.carriedLesion import axisCarried, carry, promptFor
from MedSAMSegLib.followup.lesionChange import LesionChange, pairsByOverlap
from MedSAMSegLib.runs.chainedRun import ChainedRun
from MedSAMSegLib.segments.labelmapCrop import LabelmapCrop, cropOfLabel
from MedSAMSegLib.segments.segmentationGrid import checkSegmentation
from MedSAMSegLib.slices.sliceVoxels import SliceVoxels
from MedSAMSegLib.volumes.segmentableVolumes import checkVolume
from MedSAMSegLib.volumes.sliceGeometry import SliceGeometry

if TYPE_CHECKING:
    from MedSAMSegLib.boxes.boxWork import BoxWork
    from MedSAMSegLib.propagation.propagations import Propagations
    from MedSAMSegLib.slices.lesions import Lesion


@dataclass(frozen=True)
class TwoScans:
    """What a follow-up is about.

    :param earlierVolume: the scan that was read already.
    :param earlierSegmentation: its lesions.
    :param volume: the later scan.
    :param segmentation: where its lesions are, and go.
    :param transform: from the earlier scan's place in the world to the later one's; None where they lie on each other.
    """

    earlierVolume: slicer.vtkMRMLScalarVolumeNode
    earlierSegmentation: slicer.vtkMRMLSegmentationNode
    volume: slicer.vtkMRMLScalarVolumeNode
    segmentation: slicer.vtkMRMLSegmentationNode
    transform: slicer.vtkMRMLTransformNode | None = None

    def check(self) -> None:
        """:raises UserError: if one of them is gone or unusable, or both scans, or both segmentations, are one."""
        for segmentation in (self.earlierSegmentation, self.segmentation):
            checkSegmentation(segmentation)
        for volume in (self.earlierVolume, self.volume):
            checkVolume(volume)
        if self.earlierVolume is self.volume or self.earlierSegmentation is self.segmentation:
            raise UserError(
                "The earlier scan and the later one are the same, or their segmentations are.",
                "Choose the scan from before with its segmentation, and another segmentation for the later scan.",
                "follow_up_same_scan",
            )


#: Of a segmentation and a volume: the :class:`Lesion` of each segment.
Measure = Callable[..., list["Lesion"]]


class FollowUps:
    """Starts follow-ups.

    :param boxWork: BoxWork.
    :param propagations: Propagations.
    """

    def __init__(self, boxWork: BoxWork, propagations: Propagations) -> None:
        self._boxWork = boxWork
        self._propagations = propagations

    def start(self, scans: TwoScans, measure: Measure, window: str, model: str | None) -> ChainedRun:
        """:return: ChainedRun whose result is the list of :class:`LesionChange`; raises UserError as TwoScans.check."""
        scans.check()
        self._propagations.checkNoneRuns(scans.segmentation)
        return ChainedRun(self._steps(scans, measure, window, model))

    def changes(self, scans: TwoScans, measure: Measure, problems: dict[str, str] | None = None) -> list[LesionChange]:
        """:return: the :class:`LesionChange` of each lesion: the earlier ones in their order, then the new ones.

        :param scans: TwoScans.
        :param measure: Measure.
        :param problems: {ID of an earlier segment: why it was not found}.
        :raises UserError: when a node is gone, not stored as voxels, or under transforms that move them apart.
        """
        scans.check()
        earlier = _withVoxels(measure(scans.earlierSegmentation, scans.earlierVolume))
        later = _withVoxels(measure(scans.segmentation, scans.volume))
        pairs = pairsByOverlap(_carried(scans, earlier), _voxels(scans.segmentation, scans.volume, later))
        changes = [
            LesionChange(lesion, later.get(other), overlap, (problems or {}).get(segmentID, ""))
            for segmentID, lesion in earlier.items()
            for other, overlap in [pairs.get(segmentID, ("", 0.0))]
        ]
        found = {other for other, _overlap in pairs.values()}
        return changes + [LesionChange(None, lesion) for segmentID, lesion in later.items() if segmentID not in found]

    def _steps(
        self, scans: TwoScans, measure: Measure, window: str, model: str | None
    ) -> Generator[Any, Any, list[LesionChange]]:
        earlier = _withVoxels(measure(scans.earlierSegmentation, scans.earlierVolume))
        later = _withVoxels(measure(scans.segmentation, scans.volume))
        carried = _carried(scans, earlier)
        known = pairsByOverlap(carried, _voxels(scans.segmentation, scans.volume, later))
        proposed, problems = [], {}
        for segmentID in earlier.keys() - known.keys():
            problems[segmentID] = "It lies outside the later scan."
        for segmentID in [each for each in carried if each not in known]:
            with _newSegment(scans, segmentID) as own:
                yield self._box(scans, own, carried[segmentID], earlier[segmentID].axis, window, model)
            isFound = _isThere(scans.segmentation, own)
            problems[segmentID] = "" if isFound else "Nothing was found in its box."
            proposed += [own] if isFound else []
        if proposed:
            yield self._propagations.start(
                scans.volume,
                scans.segmentation,
                proposed,
                None,
                first=None,
                last=None,
                direction="both",
                fromSlice=None,
                window=window,
                model=model,
            )
        return self.changes(scans, measure, problems)

    def _box(self, scans, segmentID, carried, axis, window, model):
        later = SliceGeometry(scans.volume)
        axis = axisCarried(SliceGeometry(scans.earlierVolume), axis, later, scans.transform)
        prompt, reach = promptFor(carried, later, axis)
        where = {"axis": prompt.axis, "slice": prompt.sliceIndex, "box": prompt.box}
        return self._boxWork.draw(scans.volume, scans.segmentation, segmentID, window, model, where, reach=reach)


class _newSegment:
    """A segment for a lesion of the earlier scan, with its name and color; without voxels in the end it goes again."""

    def __init__(self, scans, earlierID):
        self._segmentation = scans.segmentation
        self._like = scans.earlierSegmentation.GetSegmentation().GetSegment(earlierID)

    def __enter__(self):
        self._segmentID = self._segmentation.GetSegmentation().AddEmptySegment(
            "", self._like.GetName(), self._like.GetColor()
        )
        return self._segmentID

    def __exit__(self, *_error):
        if not _isThere(self._segmentation, self._segmentID):
            self._segmentation.GetSegmentation().RemoveSegment(self._segmentID)


def _isThere(segmentation, segmentID):
    """:return: whether a segment has voxels."""
    segment = segmentation.GetSegmentation().GetSegment(segmentID)
    if segment is None:
        return False
    labelmap = segmentation.GetBinaryLabelmapInternalRepresentation(segmentID)
    return not cropOfLabel(labelmap, segment.GetLabelValue()).isEmpty


def _withVoxels(lesions):
    return {lesion.segmentID: lesion for lesion in lesions if lesion.ends}


def _voxels(segmentation, volume, lesions):
    """:return: {ID: LabelmapCrop in voxels of the volume} of lesions."""

    def together(segmentID, axis):
        return LabelmapCrop.together(list(SliceVoxels(segmentation, segmentID, volume, axis).crops().values()))

    return {segmentID: together(segmentID, lesion.axis) for segmentID, lesion in lesions.items()}


def _carried(scans, earlier):
    """:return: {ID: LabelmapCrop in voxels of the later scan} of the earlier lesions that lie in it."""
    geometries = SliceGeometry(scans.earlierVolume), SliceGeometry(scans.volume)
    voxels = _voxels(scans.earlierSegmentation, scans.earlierVolume, earlier)
    carried = {
        segmentID: carry(geometries[0], crop, geometries[1], scans.transform) for segmentID, crop in voxels.items()
    }
    return {segmentID: crop for segmentID, crop in carried.items() if not crop.isEmpty}
