"""Segments as a file that the server's program reads: in the voxels of their volume, with names, colors and terms."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import slicer
import vtk

from MedSAMSegLib.errors import UserError
from MedSAMSegLib.segments.segmentModel import modelTags, tagOf
from MedSAMSegLib.slices.sliceRecords import BLOCKS_TAG
from MedSAMSegLib.slices.sliceVoxels import SliceVoxels
from MedSAMSegLib.volumes.nrrdFile import writeNrrd


@dataclass(frozen=True, eq=False)
class ExportedSegment:
    """A segment as it is now. Holds copies: any thread may use it.

    :param name: its name.
    :param color: red, green and blue, 0 to 1.
    :param tags: those of its tags that are handed on, as {name: value}.
    :param crops: its slices, as LabelmapCrop in voxels of the volume.
    """

    name: str
    color: tuple
    tags: dict
    crops: list


@dataclass(frozen=True, eq=False)
class ExportedSegments:
    """The segments of a segmentation on a volume.

    :param segments: [ExportedSegment], those with voxels.
    :param shape: (K, J, I) of the volume.
    :param IJKToRAS: 4 × 4 array: where its voxels are in the patient, whatever it is moved by in the scene.
    """

    segments: list
    shape: tuple
    IJKToRAS: np.ndarray

    def write(self, path: Path) -> None:
        """Write them as Slicer does a segmentation (.seg.nrrd), in as many layers as overlap takes.

        :param path: the file.
        """
        layers: list[np.ndarray] = []
        places = [self._paint(layers, segment, label) for label, segment in enumerate(self.segments, start=1)]
        fields = {
            f"Segment{number}_{key}": text
            for number, (segment, layer) in enumerate(zip(self.segments, places, strict=True))
            for key, text in _fieldsOf(segment, number + 1, layer).items()
        }
        writeNrrd(path, layers[0] if len(layers) == 1 else np.stack(layers, axis=-1), self.IJKToRAS, fields)

    def _paint(self, layers, segment, label):
        """:return: number of the layer that a segment was painted into."""
        free = (number for number, layer in enumerate(layers) if not _overlaps(layer, segment.crops))
        number = next(free, len(layers))
        if number == len(layers):
            layers.append(np.zeros(self.shape, np.uint16))
        for crop in segment.crops:
            _block(layers[number], crop)[crop.voxels] = label
        return number


def exportedSegments(
    segmentation: slicer.vtkMRMLSegmentationNode, volume: slicer.vtkMRMLScalarVolumeNode
) -> ExportedSegments:
    """Return the segments with voxels on a volume.

    :param segmentation: the segmentation node.
    :param volume: the volume node.
    :raises UserError: when there are none, or a node is gone, not stored as voxels, or moved apart.
    """
    shape = slicer.util.arrayFromVolume(volume).shape[:3]
    found = [_exported(segmentation, segmentID, volume, shape) for segmentID in _segmentIDs(segmentation)]
    segments = [segment for segment in found if segment.crops]
    if not segments:
        raise UserError(
            f"No segment of '{segmentation.GetName()}' has voxels on '{volume.GetName()}'.",
            "Draw a box, or choose the volume that was segmented.",
            "segments_empty",
        )
    return ExportedSegments(segments, shape, _IJKToRAS(volume))


def _segmentIDs(segmentation):
    return segmentation.GetSegmentation().GetSegmentIDs()


def _exported(segmentation, segmentID, volume, shape):
    segment = segmentation.GetSegmentation().GetSegment(segmentID)
    crops = [crop.cutTo(shape) for crop in SliceVoxels(segmentation, segmentID, volume, 0).crops().values()]
    entry = slicer.vtkSegment.GetTerminologyEntryTagName()
    # That MedSAMSeg has records of its slices tells that it found the segment, even where no model was noted.
    tags = {"TerminologyEntry": tagOf(segment, entry), BLOCKS_TAG: tagOf(segment, BLOCKS_TAG) and "1"}
    tags.update(modelTags(segment))
    return ExportedSegment(
        segment.GetName(),
        segment.GetColor(),
        {tag: text for tag, text in tags.items() if text},
        [crop for crop in crops if not crop.isEmpty],
    )


def _fieldsOf(segment, label, layer):
    return {
        "ID": f"Segment_{label}",
        "Name": segment.name,
        "Color": " ".join(f"{part:g}" for part in segment.color),
        "LabelValue": str(label),
        "Layer": str(layer),
        "Tags": "".join(f"{tag}:{text}|" for tag, text in segment.tags.items()),
    }


def _overlaps(layer, crops):
    return any(_block(layer, crop)[crop.voxels].any() for crop in crops)


def _block(layer, crop):
    """:return: the voxels of a layer under a crop."""
    return layer[
        tuple(slice(start, start + size) for start, size in zip(reversed(crop.start), crop.voxels.shape, strict=True))
    ]


def _IJKToRAS(volume):
    matrix = vtk.vtkMatrix4x4()
    volume.GetIJKToRASMatrix(matrix)
    return slicer.util.arrayFromVTKMatrix(matrix)
