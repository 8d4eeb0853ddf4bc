"""Names that users choose, and scenes that are saved with them and loaded again."""

import pytest
import slicer
from geometries import addVolume

from MedSAMSegLib.logic import MedSAMSegLogic

BOX = (1.5, 0.5, 6.5, 4.5)

#: What MRML writes into file names as it is; the rest of ASCII goes with them.
NAMES = {
    "ampersand": "GTV & nodes",
    "ampersand without spaces": "Head&Neck",
    "entity": "a &amp; b",
    "control characters": "a\x01b\x1f",
    "no characters": "a\ufffeb\uffff",
    "markup": "<a> \"b\" 'c'",
    "path": "a/b\\c:d*e?f|g%20",
    "other scripts": "é−°µß中😀",
    "long": "a" * 300,
}


def reload(path):
    assert slicer.util.saveScene(str(path))
    slicer.mrmlScene.Clear(0)
    slicer.util.loadScene(str(path))


@pytest.mark.parametrize("name", NAMES.values(), ids=NAMES)
def test_a_scene_with_boxes_and_points_can_be_loaded_again(host, logic, tmp_path, name):
    volume = addVolume()
    segmentation = logic.createSegmentation(volume, name)
    segment = logic.addSegment(segmentation, name)
    box = logic.segmentBox(volume, segmentation, segment, axis=0, slice=4, box=BOX)
    logic.addPoint(box.promptNode, (3, 2, 4), True)
    reload(tmp_path / "scene.mrb")
    volume = slicer.util.getNode("CT")
    (segmentation,) = slicer.util.getNodesByClass("vtkMRMLSegmentationNode")
    (entry,) = logic.boxes(segmentation, volume)
    assert (entry.prompt.sliceIndex, entry.prompt.box, entry.isMoved) == (4, BOX, False)
    assert logic.pointsOf(entry.node) == ((3.0, 2.0, True),)


def test_boxes_that_an_earlier_version_named_can_be_saved(host, logic, server, tmp_path):
    volume = addVolume()
    segmentation = logic.createSegmentation(volume)
    box = logic.segmentBox(volume, segmentation, logic.addSegment(segmentation, "A"), axis=0, slice=4, box=BOX)
    node = box.promptNode
    node.SetName("GTV & nodes box")
    logic = MedSAMSegLogic(server)
    assert node.GetName() == "GTV and nodes box"
    reload(tmp_path / "scene.mrb")
    assert len(logic.boxes(slicer.util.getNodesByClass("vtkMRMLSegmentationNode")[0], slicer.util.getNode("CT"))) == 1


def test_a_box_whose_file_has_a_name_that_cannot_be_saved_gets_another_one(host, logic, server, tmp_path):
    volume = addVolume()
    segmentation = logic.createSegmentation(volume)
    segment = logic.addSegment(segmentation, "A")
    node = logic.segmentBox(volume, segmentation, segment, axis=0, slice=4, box=BOX).promptNode
    assert slicer.util.saveNode(node, str(tmp_path / "a.mrk.json"))
    node.GetStorageNode().SetFileName(str(tmp_path / "GTV & nodes box.mrk.json"))
    MedSAMSegLogic(server)
    reload(tmp_path / "scene.mrb")
    assert len(slicer.util.getNodesByClass("vtkMRMLMarkupsROINode")) == 1
