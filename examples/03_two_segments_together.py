"""Two objects are followed together, so that each slice is encoded once. For Slicer's Python console."""

from pathlib import Path

import slicer

import MedSAMSegLib
from MedSAMSegLib.logic import MedSAMSegLogic

SAMPLE = Path(MedSAMSegLib.__file__).parents[1] / "Resources" / "SampleData" / "RiderChestCT.nrrd"

logic = MedSAMSegLogic()
volume = slicer.util.loadVolume(str(SAMPLE))
segmentation = logic.createSegmentation(volume)
tumor = logic.addSegment(segmentation, "Tumor")
trachea = logic.addSegment(segmentation, "Trachea")
logic.segmentBox(volume, segmentation, tumor, axis=0, slice=24, box=(54, 160, 101, 204), window="lung")
logic.segmentBox(volume, segmentation, trachea, axis=0, slice=24, box=(116, 130, 134, 150), window="lung")

# Every segment with a box that is visible and not completed. No voxel gets into two of them.
together = logic.boxedSegments(segmentation, volume)
result = logic.propagate(volume, segmentation, together, first=22, last=26, window="lung")

for name, segment in (("Tumor", tumor), ("Trachea", trachea)):
    print(f"{name}: slices {sorted(result.segments[segment].slices)}")
