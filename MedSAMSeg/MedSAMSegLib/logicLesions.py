"""The part of the scripting API that lists the segments as lesions: measured, and handed on as a table."""

from __future__ import annotations

import csv
import dataclasses
import math
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import slicer
import vtk

from MedSAMSegLib.logicExclusion import BoxExclusion
from MedSAMSegLib.logicSlices import SliceReview
from MedSAMSegLib.segments.segmentTarget import SegmentContext
from MedSAMSegLib.slices.lesions import lesionOf
from MedSAMSegLib.slices.sliceRecords import SliceRecords
from MedSAMSegLib.volumes.nodeNames import nodeName
from MedSAMSegLib.volumes.sliceAxes import AXES
from MedSAMSegLib.volumes.sliceGeometry import SliceGeometry

if TYPE_CHECKING:
    from MedSAMSegLib.boxes.boxWork import BoxWork
    from MedSAMSegLib.boxes.sceneBoxes import SceneBoxes
    from MedSAMSegLib.slices.lesions import Lesion


@dataclasses.dataclass(frozen=True)
class Column:
    """A column of the table of lesions.

    :param title: its title.
    :param value: what it shows of a :class:`Lesion`; None where that is not known.
    :param isText: whether it holds texts; numbers if not.
    """

    title: str
    value: Callable[[Lesion], Any]
    isText: bool = False


COLUMNS = (
    Column("Name", lambda lesion: lesion.name, isText=True),
    Column("Place", lambda lesion: lesion.place, isText=True),
    Column("Volume (ml)", lambda lesion: lesion.volume),
    Column("Longest diameter (mm)", lambda lesion: lesion.diameter),
    Column("State", lambda lesion: lesion.state, isText=True),
    Column("Lowest volume (ml)", lambda lesion: _end(lesion.volumeRange, 0)),
    Column("Highest volume (ml)", lambda lesion: _end(lesion.volumeRange, 1)),
    Column("Lowest diameter (mm)", lambda lesion: _end(lesion.diameterRange, 0)),
    Column("Highest diameter (mm)", lambda lesion: _end(lesion.diameterRange, 1)),
    Column("Category", lambda lesion: _words(lesion.term.category), isText=True),
    Column("Type", lambda lesion: _words(lesion.term.type), isText=True),
    Column("Modifier", lambda lesion: _words(lesion.term.modifier), isText=True),
    Column("Region", lambda lesion: _words(lesion.term.region), isText=True),
    Column("Region modifier", lambda lesion: _words(lesion.term.regionModifier), isText=True),
)

# From the table to the segmentation that it lists.
_ROLE = "MedSAMSeg.Lesions"


class LesionList(BoxExclusion, SliceReview):
    """What :class:`MedSAMSegLogic` knows of segments as lesions, from their boxes and slices.

    :param boxes: as for :class:`BoxRefinement`; so is `boxWork`.
    """

    def __init__(self, boxes: SceneBoxes, boxWork: BoxWork) -> None:
        super().__init__(boxes, boxWork)
        self._lesions = {}

    def lesions(
        self, segmentation: slicer.vtkMRMLSegmentationNode, volume: slicer.vtkMRMLScalarVolumeNode
    ) -> list[Lesion]:
        """Return a :class:`Lesion` of each segment, in the order of the segments.

        Slices are taken along the axis of a segment's boxes. Only what changed since the last call is measured again.

        :param segmentation: the segmentation node.
        :param volume: the volume node.
        :raises UserError: when a node is gone, not stored as voxels, or under transforms that move them apart.
        """
        geometry = SliceGeometry(volume)
        place = geometry.shape, geometry.IJKToWorld.tobytes()
        known, lesions = self._lesions, {}
        for segmentID in segmentation.GetSegmentation().GetSegmentIDs():
            segment = segmentation.GetSegmentation().GetSegment(segmentID)
            labelmap = segmentation.GetBinaryLabelmapInternalRepresentation(segmentID)
            sliced = self.boxVolume(segmentation, volume, segmentID)
            axis = self._lesionAxis(segmentation, volume, segmentID)
            key = segmentation.GetID(), segmentID, volume.GetID()
            seen = segment, segment.GetMTime(), labelmap and labelmap.GetMTime(), axis, sliced, place
            if key not in known or known[key][0] != seen:
                sliceStates = self._sliceStates(segmentation, sliced, segmentID, axis)
                known[key] = seen, lesionOf(segmentation, segmentID, sliced, axis, sliceStates)
            lesions[key] = known[key]
        # Two scans are measured in turn when they are compared.
        others = {key: each for key, each in known.items() if key[::2] != (segmentation.GetID(), volume.GetID())}
        self._lesions = {**others, **lesions}
        return [lesion for _seen, lesion in lesions.values()]

    def acceptLesion(
        self, segmentation: slicer.vtkMRMLSegmentationNode, volume: slicer.vtkMRMLScalarVolumeNode, segment: str
    ) -> int:
        """Accept all slices of a segment as :meth:`SliceReview.acceptSlice` does; return how many it has.

        :param segmentation: the segmentation node.
        :param volume: the volume node.
        :param segment: ID of the segment.
        :raises UserError: when a node is gone, not stored as voxels, or under transforms that move them apart.
        """
        axis = self._lesionAxis(segmentation, volume, segment)
        sliced = self.boxVolume(segmentation, volume, segment)
        return self._sliceStates(segmentation, sliced, segment, axis).acceptAll()

    def rejectLesion(
        self, segmentation: slicer.vtkMRMLSegmentationNode, volume: slicer.vtkMRMLScalarVolumeNode, segment: str
    ) -> None:
        """Remove a segment that is no lesion, and its boxes; :meth:`MedSAMSegLogic.undo` brings all of it back at once.

        What comes back are its voxels, boxes and what is known of its slices; in the views it is visible then.

        :param segmentation: the segmentation node.
        :param volume: the volume node.
        :param segment: ID of the segment.
        :raises UserError: when there is no such segment, or it has voxels on other frames of a sequence.
        """
        self._boxWork.reject(SegmentContext(volume, segmentation, segment))

    def exportLesions(
        self, segmentation: slicer.vtkMRMLSegmentationNode, volume: slicer.vtkMRMLScalarVolumeNode, path: Path | str
    ) -> None:
        """Write :meth:`lesions` into a CSV file: UTF-8, a line a segment, volumes in ml, diameters in mm.

        The ranges of both are empty where they are not known. What a segment is, by its terminology in Slicer, is
        written with the codes, such as ``Mass (SCT:4147007)``.

        :param segmentation: the segmentation node.
        :param volume: the volume node.
        :param path: path of the file; one that is there is replaced.
        """
        lesions = self.lesions(segmentation, volume)
        with Path(path).open("w", encoding="utf-8", newline="") as file:
            writer = csv.writer(file)
            writer.writerow([column.title for column in COLUMNS])
            writer.writerows([_text(column.value(lesion)) for column in COLUMNS] for lesion in lesions)

    def lesionTable(
        self, segmentation: slicer.vtkMRMLSegmentationNode, volume: slicer.vtkMRMLScalarVolumeNode
    ) -> slicer.vtkMRMLTableNode:
        """Return a table node in the scene with :meth:`lesions`, which is saved with the scene.

        The segmentation's earlier table is filled anew, where there is one.

        :param segmentation: the segmentation node.
        :param volume: the volume node.
        """
        lesions = self.lesions(segmentation, volume)
        table = _tableOf(segmentation)
        with slicer.util.NodeModify(table):
            table.RemoveAllColumns()
            for column in COLUMNS:
                values = vtk.vtkStringArray() if column.isText else vtk.vtkDoubleArray()
                values.SetName(column.title)
                for value in map(column.value, lesions):
                    values.InsertNextValue(math.nan if value is None else value)
                table.AddColumn(values)
        return table

    def _lesionAxis(self, segmentation, volume, segmentID):
        axis = self.boxAxis(segmentation, volume, segmentID)
        if axis is not None:
            return axis
        records = SliceRecords(segmentation.GetSegmentation().GetSegment(segmentID))
        return next((axis for axis in AXES if records.ofAxis(axis)), 0)


def _end(ends, number):
    return None if ends is None else ends[number]


def _words(code):
    return "" if code is None else str(code)


def _text(value):
    return f"{value:.3f}" if isinstance(value, float) else value


def _tableOf(segmentation):
    for table in slicer.util.getNodesByClass("vtkMRMLTableNode"):
        if table.GetNodeReferenceID(_ROLE) == segmentation.GetID():
            return table
    name = slicer.mrmlScene.GenerateUniqueName(nodeName(f"{segmentation.GetName()} lesions"))
    table = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLTableNode", name)
    table.SetNodeReferenceID(_ROLE, segmentation.GetID())
    return table
