"""Work written beside: what a bundle holds, that the scene never notices, what is left of a Slicer that crashed."""

import subprocess
import sys
import zipfile
from pathlib import Path

import numpy as np
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
    scene, scans = copyOf(worksOf(slicer.mrmlScene, "MedSAMSeg"))
    return pack(writeFiles(scene, folder.path), folder.nextPath(), scans, folder.scanFiles)


@pytest.fixture
def folder(tmp_path):
    folder = AutosaveFolder(tmp_path / "autosave")
    folder.nextPath()
    yield folder
    folder.close()


def scansIn(folder):
    return {path.name for path in folder.path.glob("*-scan-*")}


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
    assert {file.name for file in folder.path.iterdir() if file.suffix != ".lock"} == {path.name, *scansIn(folder)}
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


def test_aScanIsWrittenOnceUntilItChanges(logic, work, folder):
    volume = work[0]
    first = save(folder)
    scans = scansIn(folder)
    logic.segmentBox(*work, axis=0, slice=2, box=(2, 2, 5, 5))
    second = save(folder)
    assert scansIn(folder) == scans
    assert len(scans) == 1
    # Neither bundle holds its voxels.
    for path in (first, second):
        with zipfile.ZipFile(path) as bundle:
            assert not [name for name in bundle.namelist() if name.endswith(".nrrd") and ".seg." not in name]
    voxels = slicer.util.arrayFromVolume(volume)
    voxels[3, 2, 1] = 77
    slicer.util.arrayFromVolumeModified(volume)
    for _time in range(2):
        last = save(folder)
        folder.prune()
    assert len(scansIn(folder)) == 1
    assert not scansIn(folder) & scans
    expected, place = voxels.copy(), slicer.util.vtkMatrixFromArray(np.eye(4))
    volume.GetIJKToRASMatrix(place)
    slicer.mrmlScene.Clear(0)
    openBundle(last)
    volume, found = slicer.util.getNode("Miller^Anna"), slicer.util.vtkMatrixFromArray(np.eye(4))
    volume.GetIJKToRASMatrix(found)
    assert slicer.util.arrayFromVolume(volume).dtype == expected.dtype
    np.testing.assert_array_equal(slicer.util.arrayFromVolume(volume), expected)
    np.testing.assert_allclose(*map(slicer.util.arrayFromVTKMatrix, (found, place)), atol=1e-9)


def test_severalScansKeepTheirSegmentsApart(logic, folder):
    other = addVolume(name="Removed")
    volumes = {name: addVolume(name=name) for name in ("Before", "After")}
    for number, (name, volume) in enumerate(reversed(volumes.items())):
        volume.GetImageData().GetPointData().GetScalars().Fill(10 + number)
        logic.addSegment(logic.createSegmentation(volume), f"In {name}")
    slicer.mrmlScene.RemoveNode(other)
    path = save(folder)
    slicer.mrmlScene.Clear(0)
    openBundle(path)
    for number, name in enumerate(("After", "Before")):
        segmentation = slicer.util.getNode(f"{name} segmentation")
        role = segmentation.GetReferenceImageGeometryReferenceRole()
        volume = segmentation.GetNodeReference(role)
        assert volume.GetName() == name
        assert slicer.util.arrayFromVolume(volume).max() == 10 + number
        assert segmentation.GetSegmentation().GetNthSegment(0).GetName() == f"In {name}"


def test_picturesAreWrittenBySlicer(logic, folder):
    voxels = np.arange(2 * 6 * 8 * 3, dtype=np.uint8).reshape(2, 6, 8, 3)
    photo = slicer.util.addVolumeFromArray(voxels, name="Photo", nodeClassName="vtkMRMLVectorVolumeNode")
    logic.addSegment(logic.createSegmentation(photo), "Cell")
    path = save(folder)
    assert scansIn(folder) == set()
    slicer.mrmlScene.Clear(0)
    openBundle(path)
    np.testing.assert_array_equal(slicer.util.arrayFromVolume(slicer.util.getNode("Photo")), voxels)


def test_aBundleWithoutItsScanIsSaid(work, folder):
    path = save(folder)
    (folder.path / scansIn(folder).pop()).unlink()
    with pytest.raises(UserError, match=r"needs the scan .*-scan-00001\.nrrd, which is not beside it"):
        openBundle(path)
    assert slicer.util.getNode("Miller^Anna") is not None


def test_sceneWithoutSegmentsIsNoWork(host):
    addVolume()
    assert worksOf(slicer.mrmlScene, "MedSAMSeg") == []


CRASH = """
import os, sys, types
sys.path[:0] = sys.argv[3:]
import numpy
from MedSAMSegLib.autosave import scanFiles
from MedSAMSegLib.autosave.autosaveFolder import AutosaveFolder
folder = AutosaveFolder(sys.argv[1])
(folder.path / ".writing-1").mkdir()
folder.nextPath()
for number in range(int(sys.argv.pop(2))):
    folder.nextPath().write_bytes(b"work")
    folder.prune()

def writeHalf(path, voxels, IJKToRAS):
    path.write_bytes(b"half of a scan")
    os._exit(1)

scanFiles.writeNrrd = writeHalf
folder.scanFiles._pathOf(types.SimpleNamespace(voxels=numpy.zeros((2, 3, 4)), IJKToRAS=numpy.eye(4), state=("CT",)))
"""


def crash(folder, bundles):
    """Let a Slicer die while it writes a scan, after some bundles."""
    command = [sys.executable, "-c", CRASH, str(folder), str(bundles), *sys.path]
    assert subprocess.run(command, check=False).returncode == 1


def test_ofACrashBeforeTheFirstBundleNoImagesStay(host, tmp_path):
    crash(tmp_path, bundles=0)
    assert len(list(tmp_path.iterdir())) == 3
    here = AutosaveFolder(tmp_path)
    assert here.leftovers() == []
    here.discardUnfinished()
    assert list(tmp_path.iterdir()) == []


def test_whatACrashLeavesIsFoundAndRemoved(host, tmp_path):
    crash(tmp_path, bundles=3)
    here = AutosaveFolder(tmp_path)
    here.discardUnfinished()
    own = here.nextPath()
    own.write_bytes(b"work")
    left = here.leftovers()
    assert [path.name.rpartition("-")[2] for path in left] == ["00004.mrb", "00003.mrb"]
    # It died while it wrote a scan: what there is of it is no scan, and goes with the rest.
    assert [path.suffix for path in tmp_path.glob("*-scan-*")] == [".partial"]
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
        writeFiles(copyOf(worksOf(slicer.mrmlScene, "MedSAMSeg"))[0], blocked)
