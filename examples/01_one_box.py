"""A box on one slice becomes a segment. For Slicer's Python console: ``exec(open("…/01_one_box.py").read())``."""

from pathlib import Path

import slicer

import MedSAMSegLib
from MedSAMSegLib.logic import MedSAMSegLogic

SAMPLE = Path(MedSAMSegLib.__file__).parents[1] / "Resources" / "SampleData" / "RiderChestCT.nrrd"

logic = MedSAMSegLogic()  # starts the local server when it is first needed
volume = slicer.util.loadVolume(str(SAMPLE))
segmentation = logic.createSegmentation(volume)
segment = logic.addSegment(segmentation, "Tumor", color=(0.9, 0.5, 0.1))

# Slice 24 along the first array axis, and (x0, y0, x1, y1) in voxels of that slice.
result = logic.segmentBox(volume, segmentation, segment, axis=0, slice=24, box=(54, 160, 101, 204), window="lung")

print(f"{result.model} found {result.voxelCount} voxels in the box on slice {result.prompt.sliceIndex}")
