"""Work written beside: what a bundle holds, that the scene never notices, what is left of a Slicer that crashed."""

import subprocess
import sys
from pathlib import Path

import pytest
import slicer
from geometries import addVolume
from segmentations import voxelsOf

from MedSAMSegLib.autosave.autosaveFolder import AutosaveFolder
from MedSAMSegLib.autosave.bundle import openBundle, pack, writeFiles
from MedSAMSegLib.autosave.sceneCopy import copyOf, stateOf, worksOf
from MedSAMSegLib.errors import UserError

BOX = {"axis": 0, "slice": 4, "box": (2, 1, 6, 4)}


@pytest.fixture
def work(logic):
    """A box, propagated and partly accepted, on an oblique scan under a transform: (volume, segmentation, segment)."""
    volume = addVolume("rotated", "parent", name="Miller^Anna")
    segmentation = logic.createSegmentation(volume)
    segment = logic.addSegment(segmentation, "Tumour")
    result = logic.segmentBox(volume, segmentation, segment, **BOX)
    logic.excludeBox(result.promptNode, axis=0, slice=4, box=(3, 2, 4, 3))
    logic.propagate(volume, segmentation, segment)
    logic.acceptSlice(segmentation, volume, segment, 0, 5)
    return volume, segmentation, segment


def save(folder):
    """:return: path of a bundle with the scene's work."""
    return pack(writeFiles(copyOf(worksOf(slicer.mrmlScene, "MedSAMSeg")), folder.path), folder.nextPath())


@pytest.fixture
def folder(tmp_path):
    folder = AutosaveFolder(tmp_path / "autosave")
    folder.nextPath()
    yield folder
    folder.close()


def contents(logic, volume, segmentation, segment):
    prompts = [entry.prompt for entry in logic.boxes(segmentation, volume)]
    boxes = [(prompt.axis, prompt.sliceIndex, prompt.box) for prompt in prompts]
    states = [(s.index, s.provenance, s.isAccepted) for s in logic.slices(segmentation, volume, segment, 0)]
    sizes = [(lesion.name, lesion.place, lesion.state) for lesion in logic.lesions(segmentation, volume)]
    return boxes, states, voxelsOf(segmentation, segment, volume).tobytes(), sizes


def test_workComesBackWhole(logic, work, folder):
    before = contents(logic, *work)
    path = save(folder)
    slicer.mrmlScene.Clear(0)
    openBundle(path)
    volume, segmentation = slicer.util.getNode("Miller^Anna"), slicer.util.getNode("Miller^Anna segmentation")
    after = contents(logic, volume, segmentation, segmentation.GetSegmentation().GetNthSegmentID(0))
    assert after[1:] == before[1:]
    assert after[0] == [(0, 4, pytest.approx((2, 1, 6, 4)))]
    # As a scene that was never saved: nothing refers to the bundle, and Slicer asks before it is closed.
    assert slicer.mrmlScene.GetURL() == ""
    assert segmentation.GetModifiedSinceRead()
    assert [file.name for file in folder.path.iterdir() if file.suffix != ".lock"] == [path.name]
    logic.propagate(volume, segmentation, segmentation.GetSegmentation().GetNthSegmentID(0))


def test_sceneDoesNotNotice(logic, work, folder, tmp_path):
    volume, segmentation, _segment = work
    slicer.util.saveScene(str(tmp_path / "mine.mrml"))
    logic.segmentBox(*work, axis=0, slice=2, box=(2, 2, 5, 5))
    segmentation.AddDefaultStorageNode()
    segmentation.GetStorageNode().SetFileName("/mine/lesions.seg.nrrd")

    def seen():
        nodes = [slicer.mrmlScene.GetNthNode(number) for number in range(slicer.mrmlScene.GetNumberOfNodes())]
        storables = [node for node in nodes if node.IsA("vtkMRMLStorableNode")]
        return (
            [(node.GetID(), node.GetMTime()) for node in nodes],
            [(node.GetModifiedSinceRead(), node.GetStorageNodeID()) for node in storables],
            slicer.mrmlScene.GetURL(),
            slicer.mrmlScene.GetRootDirectory(),
            segmentation.GetStorageNode().GetFileName(),
            logic.canUndo(segmentation, volume),
        )

    # Asking a color table whether it was modified makes it build its colors.
    seen()
    before = seen()
    save(folder)
    after = seen()
    assert sorted(set(after[0]) ^ set(before[0])) == []
    assert after == before
    assert segmentation.GetModifiedSinceRead()
    assert logic.undo(segmentation, volume)


def test_nothingLeavesTheFolder(work, folder, tmp_path):
    cache = Path(slicer.mrmlScene.GetDataIOManager().GetCacheManager().GetRemoteCacheDirectory())
    before = sorted(cache.rglob("*"))
    path = save(folder)
    openBundle(path)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["autosave"]
    assert sorted(cache.rglob("*")) == before
    assert "Miller" not in path.name
    assert folder.path.stat().st_mode & 0o077 == 0


def test_changesAreSeenAndViewsAreNone(logic, work):
    volume, segmentation, segment = work
    state = lambda: stateOf(worksOf(slicer.mrmlScene, "MedSAMSeg"))  # noqa: E731
    before = state()
    segmentation.GetDisplayNode().SetOpacity(0.4)
    assert state() == before
    logic.segmentBox(*work, axis=0, slice=2, box=(2, 2, 5, 5))
    drawn = state()
    assert drawn != before
    logic.acceptSlice(segmentation, volume, segment, 0, 4)
    assert state() != drawn


def test_sceneWithoutSegmentsIsNoWork(host):
    addVolume()
    assert worksOf(slicer.mrmlScene, "MedSAMSeg") == []


CRASH = """
import os, sys
sys.path[:0] = sys.argv[2:]
from MedSAMSegLib.autosave.autosaveFolder import AutosaveFolder
folder = AutosaveFolder(sys.argv[1])
for number in range(3):
    folder.nextPath().write_bytes(b"work")
    folder.prune()
os._exit(1)
"""


def test_whatACrashLeavesIsFoundAndRemoved(host, tmp_path):
    command = [sys.executable, "-c", CRASH, str(tmp_path), *sys.path]
    assert subprocess.run(command, check=False).returncode == 1
    here = AutosaveFolder(tmp_path)
    own = here.nextPath()
    own.write_bytes(b"work")
    left = here.leftovers()
    assert [path.name.rpartition("-")[2] for path in left] == ["00003.mrb", "00002.mrb"]
    # Another Slicer that runs is not taken for one that crashed.
    other = AutosaveFolder(tmp_path)
    assert own not in other.leftovers()
    other.discard()
    assert own.exists()
    assert here.leftovers() == []
    here.close()
    assert list(tmp_path.iterdir()) == []


def test_damagedBundleAndFullFolderAreSaid(work, folder):
    path = folder.nextPath()
    path.write_bytes(b"half of a bundle")
    with pytest.raises(UserError, match="cannot be opened"):
        openBundle(path)
    assert slicer.util.getNode("Miller^Anna") is not None
    blocked = folder.path / "file"
    blocked.touch()
    with pytest.raises(UserError, match="cannot be saved by itself"):
        writeFiles(copyOf(worksOf(slicer.mrmlScene, "MedSAMSeg")), blocked)
