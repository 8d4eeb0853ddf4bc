"""A tumor is followed from one box through the volume, and the propagation undone and redone. For Slicer's console."""

from pathlib import Path

import slicer

import MedSAMSegLib
from MedSAMSegLib.logic import MedSAMSegLogic

SAMPLE = Path(MedSAMSegLib.__file__).parents[1] / "Resources" / "SampleData" / "RiderChestCT.nrrd"

logic = MedSAMSegLogic()
volume = slicer.util.loadVolume(str(SAMPLE))
segmentation = logic.createSegmentation(volume)
segment = logic.addSegment(segmentation, "Tumor")
logic.segmentBox(volume, segmentation, segment, axis=0, slice=24, box=(54, 160, 101, 204), window="lung")

# `progress` is called after each slice; a function that returns False there cancels, and keeps what is done.
result = logic.propagate(volume, segmentation, segment, first=20, last=28, window="lung", progress=print)
print(f"The tumor is on slices {min(result.slices)} to {max(result.slices)}")

logic.undo(segmentation, volume)  # the whole propagation is one step
logic.redo(segmentation, volume)
