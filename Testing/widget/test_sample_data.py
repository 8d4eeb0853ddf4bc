"""The sample in Slicer's Sample Data module."""

from pathlib import Path

import numpy as np
import slicer
from PySide6 import QtGui

from MedSAMSegLib.logic import MedSAMSegLogic

MODULE = Path(__file__).resolve().parents[2] / "MedSAMSeg" / "MedSAMSeg.py"
NAME = "Chest CT with lung tumor"
FILM = "Film of a moving cyst (drawn)"


def registered(gui):
    """The samples' entries after Slicer's start."""
    gui.openModule(MODULE)
    slicer.app._completeStartup()
    return slicer.modules.sampleDataSources["MedSAMSeg"][-2:]


def test_sampleLoadsAsVolumeAndSegmentation(gui, server):
    registered(gui)
    import SampleData

    volume, outline = SampleData.SampleDataLogic().downloadSamples(NAME)
    assert volume.GetName() == "RiderChestCT"
    assert slicer.util.arrayFromVolume(volume).shape == (49, 256, 256)
    (segmentID,) = outline.GetSegmentation().GetSegmentIDs()
    voxels = slicer.util.arrayFromSegmentBinaryLabelmap(outline, segmentID, volume)
    assert np.count_nonzero(voxels[24]) > 1000


def test_filmLoadsAsASequenceThatTheViewsShow(gui, server):
    registered(gui)
    import SampleData

    (sequence,) = SampleData.SampleDataLogic().downloadSamples(FILM)
    assert sequence.GetNumberOfDataNodes() == 24
    browser = slicer.modules.sequences.logic().GetFirstBrowserNodeForSequenceNode(sequence)
    shown = browser.GetProxyNode(sequence)
    assert slicer.util.arrayFromVolume(shown).shape == (1, 160, 200)
    assert MedSAMSegLogic().isSequence(shown)


def test_thumbnailsHaveTheSizeOfOthers(gui, server):
    for source in registered(gui):
        image = QtGui.QImage(source.thumbnailFileName)
        assert (image.width(), image.height()) == (260, 280)


def test_slicerBefore512HasNoCategories(gui, server, monkeypatch):
    import SampleData

    monkeypatch.delattr(SampleData.SampleDataLogic, "registerCustomSampleDataCategory")
    assert [source.sampleName for source in registered(gui)] == [NAME, FILM]
