"""The sample in Slicer's Sample Data module."""

from pathlib import Path

import numpy as np
import slicer
from PySide6 import QtGui

MODULE = Path(__file__).resolve().parents[2] / "MedSAMSeg" / "MedSAMSeg.py"
NAME = "Chest CT with lung tumor"


def registered(gui):
    """The sample's entry after Slicer's start."""
    gui.openModule(MODULE)
    slicer.app._completeStartup()
    sources = slicer.modules.sampleDataSources["MedSAMSeg"]
    return sources[-1]


def test_sampleLoadsAsVolumeAndSegmentation(gui, server):
    registered(gui)
    import SampleData

    volume, outline = SampleData.SampleDataLogic().downloadSamples(NAME)
    assert volume.GetName() == "RiderChestCT"
    assert slicer.util.arrayFromVolume(volume).shape == (49, 256, 256)
    (segmentID,) = outline.GetSegmentation().GetSegmentIDs()
    voxels = slicer.util.arrayFromSegmentBinaryLabelmap(outline, segmentID, volume)
    assert np.count_nonzero(voxels[24]) > 1000


def test_thumbnailHasTheSizeOfOthers(gui, server):
    image = QtGui.QImage(registered(gui).thumbnailFileName)
    assert (image.width(), image.height()) == (260, 280)


def test_slicerBefore512HasNoCategories(gui, server, monkeypatch):
    import SampleData

    monkeypatch.delattr(SampleData.SampleDataLogic, "registerCustomSampleDataCategory")
    assert registered(gui).sampleName == NAME
