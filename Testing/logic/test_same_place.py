"""One phantom through the module and through the command line: the same mask in the same place, also after saving."""

import nrrd
import numpy as np
import pytest
import SimpleITK as sitk
import slicer
from geometries import IJK_TO_RAS
from segmentations import voxelsOf

from medsamseg_server.cli import engine_options as engineOptions
from medsamseg_server.cli import main as medsamseg
from MedSAMSegLib.logic import MedSAMSegLogic
from MedSAMSegLib.volumes.nrrdFile import writeNrrd
from MedSAMSegLib.volumes.sliceGeometry import SliceGeometry

SHAPE = (9, 40, 50)
SLICE, BOX = 4, (10, 8, 31, 27)
# Slicer turns its views along a scan that it loads, and complains of such views when it reads them in a scene
# (findings/slicer-oblique-views.sh).
OBLIQUE_VIEW = "GetSliceOrientationPreset: invalid orientation preset name: Reformat"


def phantom():
    """:return: voxels (K, J, I) with a bright object that is symmetric in no direction."""
    k, j, i = np.indices(SHAPE)
    isInside = ((i - 20) / 9) ** 2 + ((j - 17) / 8) ** 2 < 1
    voxels = np.where(isInside & (k >= 2), 400, 20) + 2 * i + j
    voxels[:, 14:17, 27:30] += 300
    return voxels.astype(np.int16)


@pytest.fixture(scope="module")
def oneEngine():
    """The network is loaded once for all commands."""
    make, made = engineOptions.make_engine, []

    def makeOnce(*how):
        made.extend([] if made else [make(*how)])
        return made[0]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(engineOptions, "make_engine", makeOnce)
        yield


def byCommandLine(path, folder):
    """:return: where the voxels of the command line's mask are, in RAS, read by SimpleITK."""
    box = ",".join(str(edge) for edge in BOX)
    where = ["--slice", str(SLICE), "--box", box, "--range", f"{SLICE}:{SLICE}"]
    assert medsamseg(["segment", str(path), *where, "-o", str(folder / "mask.nrrd")]) == 0
    return inLabelMap(folder / "mask.nrrd")


def inLabelMap(path):
    """:return: where the voxels of a label map are, in RAS, read by SimpleITK."""
    image = sitk.ReadImage(str(path))
    places = np.argwhere(sitk.GetArrayFromImage(image) > 0)[:, ::-1]
    inLPS = np.array([image.TransformIndexToPhysicalPoint(place.tolist()) for place in places])
    return inLPS * (-1, -1, 1)


def exported(volume, segmentation, path):
    """:return: where the voxels are that Slicer's Segmentations module exports into a file, in RAS."""
    labels = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLLabelMapVolumeNode")
    slicer.vtkSlicerSegmentationsModuleLogic.ExportVisibleSegmentsToLabelmapNode(segmentation, labels, volume)
    assert slicer.util.saveNode(labels, str(path))
    return inLabelMap(path)


def inNode(volume, segmentation, segment):
    """:return: where the voxels of a segment are in the world, as Slicer exports them on a volume."""
    places = np.argwhere(voxelsOf(segmentation, segment, volume))[:, ::-1]
    matrix = SliceGeometry(volume).IJKToWorld
    return places @ matrix[:3, :3].T + matrix[:3, 3]


def inFile(path):
    """:return: where the voxels of a .seg.nrrd are, in RAS, read by pynrrd."""
    voxels, header = nrrd.read(str(path))
    places = np.argwhere(voxels > 0)
    inLPS = places @ header["space directions"] + header["space origin"]
    return inLPS * (-1, -1, 1)


def inOrder(places):
    return places[np.lexsort(np.round(places, 2).T)]


@pytest.mark.parametrize("geometry", IJK_TO_RAS)
def test_module_and_command_line_agree(host, realServer, oneEngine, tmp_path, geometry):
    path = tmp_path / "phantom.nrrd"
    writeNrrd(path, phantom(), IJK_TO_RAS[geometry])
    expected = inOrder(byCommandLine(path, tmp_path))
    assert len(expected) > 100
    logic = MedSAMSegLogic(realServer)
    volume = slicer.util.loadVolume(str(path))
    # Slicer turns the order of the slices of a left-handed image round.
    isReversed = np.linalg.det(IJK_TO_RAS[geometry][:3, :3]) < 0
    segmentation = logic.createSegmentation(volume, "Found")
    segment = logic.addSegment(segmentation, "Object")
    index = SHAPE[0] - 1 - SLICE if isReversed else SLICE
    logic.segmentBox(volume, segmentation, segment, axis=0, slice=index, box=BOX)
    np.testing.assert_allclose(inOrder(inNode(volume, segmentation, segment)), expected, atol=0.01)
    assert slicer.util.saveNode(segmentation, str(tmp_path / "found.seg.nrrd"))
    np.testing.assert_allclose(inOrder(inFile(tmp_path / "found.seg.nrrd")), expected, atol=0.01)
    assert slicer.util.saveScene(str(tmp_path / "scene.mrb"))
    slicer.mrmlScene.Clear(0)
    slicer.util.loadScene(str(tmp_path / "scene.mrb"))
    assert all(OBLIQUE_VIEW in complaint for complaint in host.messages.takeErrors())
    volume, segmentation = slicer.util.getNode("phantom"), slicer.util.getNode("Found")
    np.testing.assert_allclose(inOrder(inNode(volume, segmentation, segment)), expected, atol=0.01)
    np.testing.assert_allclose(inOrder(exported(volume, segmentation, tmp_path / "out.nrrd")), expected, atol=0.01)
    (entry,) = logic.boxes(segmentation, volume)
    assert (entry.prompt.sliceIndex, entry.prompt.box) == (index, BOX)
