"""The most doubtful slice of a propagation is looked at and accepted, or boxed anew. For Slicer's Python console."""

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
logic.propagate(volume, segmentation, segment, first=22, last=26, window="lung")

states = logic.slices(segmentation, volume, segment, axis=0)
worst = min((state for state in states if state.confidence is not None), key=lambda state: state.confidence)
print(f"Look at slice {worst.index}: {worst.provenance}, confidence {worst.confidence:.2f}")

# An accepted slice is never changed by a later propagation, which starts from it as from a box.
logic.acceptSlice(segmentation, volume, segment, axis=0, slice=worst.index)
