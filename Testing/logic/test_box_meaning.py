"""Part, object or whole of a box: another of the network's answers, one undo step, saved with the scene."""

import numpy as np
import pytest
import slicer
from fakeServer import ONE_MASK_MODEL
from knownBox import SLICE, boxVoxels, segmentVoxels
from movedBoxes import boxNodes

from MedSAMSegLib.errors import UserError
from MedSAMSegLib.logic import MedSAMSegLogic

COLUMNS = {"part": 1, "object": 2, "whole": 3, None: 5}


def columns(ct, meaning, x0=2):
    """The voxels that the fake server gives for a meaning."""
    voxels = boxVoxels(ct[0], 0, [SLICE])
    voxels[:, :, x0 + COLUMNS[meaning] :] = False
    return voxels


def test_theAnswersAreSteppedThroughAndTheOneMaskComesAgain(logic, server, ct, box):
    assert logic.meaning(box) is None
    for meaning in ("part", "object", "whole", None, "part"):
        result = logic.startNextMeaning(box).finish()
        assert result.prompt.meaning == logic.meaning(box) == meaning
        assert result.voxelCount == 4 * COLUMNS[meaning]
        np.testing.assert_array_equal(segmentVoxels(*ct), columns(ct, meaning))
        assert server.requests[-1].get("meanings") == ([meaning] if meaning else None)


def test_oneUndoStepTakesMaskAndMeaningBack(logic, ct, box):
    volume, segmentation, _segment = ct
    logic.setMeaning(box, "object")
    assert logic.undo(segmentation, volume)
    assert logic.meaning(box) is None
    np.testing.assert_array_equal(segmentVoxels(*ct), columns(ct, None))
    assert logic.redo(segmentation, volume)
    assert logic.meaning(box) == "object"
    np.testing.assert_array_equal(segmentVoxels(*ct), columns(ct, "object"))


def test_aMovedBoxKeepsItsMeaningAndItsThreshold(logic, ct, box):
    logic.setMeaning(box, "whole")
    logic.setThreshold(box, 0.2)
    assert logic.meaning(box) == "whole"
    box.SetCenter(np.add(box.GetCenter(), (1, 1, 0)))
    result = logic.updateBox(box)
    assert (result.prompt.meaning, logic.threshold(box)) == ("whole", 0.2)
    assert segmentVoxels(*ct).sum() == 6 * 5


def test_boxesWithPointsHaveAMeaningToo(logic, server, ct, box):
    logic.addPoint(box, box.GetCenter(), True)
    logic.setMeaning(box, "part")
    assert server.requests[-1]["meanings"] == ["part"]
    assert len(server.requests[-1]["points"][0]) == 1
    np.testing.assert_array_equal(segmentVoxels(*ct), columns(ct, "part"))


def test_anotherModelHasItsOneMask(logic, server, ct, box):
    logic.setMeaning(box, "part", model="mobilesam")
    logic.updateBox(box, model=ONE_MASK_MODEL)
    assert "meanings" not in server.requests[-1]
    assert logic.meaning(box) is None
    np.testing.assert_array_equal(segmentVoxels(*ct), columns(ct, None))


def test_aModelWithOneMaskSaysSoAndNothingChanges(logic, ct, box):
    logic.setMeaning(box, "object", model="mobilesam")
    with pytest.raises(UserError, match="learned one mask for a box"):
        logic.startNextMeaning(box, model=ONE_MASK_MODEL).finish()
    assert logic.meaning(box) == "object"
    np.testing.assert_array_equal(segmentVoxels(*ct), columns(ct, "object"))


def test_whatABoxCannotMeanIsRefused(logic, box):
    with pytest.raises(UserError, match="part, object, whole, or None"):
        logic.setMeaning(box, "half")


def test_savedSceneHasTheMeaning(logic, server, ct, box, tmp_path):
    logic.setMeaning(box, "object")
    path = str(tmp_path / "scene.mrb")
    slicer.util.saveScene(path)
    slicer.mrmlScene.Clear()
    slicer.util.loadScene(path)
    logic = MedSAMSegLogic(server)
    (node,) = boxNodes()
    assert logic.meaning(node) == "object"
    assert logic.startNextMeaning(node).finish().prompt.meaning == "whole"
    # What it had added before is asked again, to be taken out.
    assert server.requests[-1]["meanings"] == ["whole", "object"]
    (segmentation,) = slicer.util.getNodesByClass("vtkMRMLSegmentationNode")
    (volume,) = slicer.util.getNodesByClass("vtkMRMLScalarVolumeNode")
    np.testing.assert_array_equal(segmentVoxels(volume, segmentation, ct[2]), columns((volume,), "whole"))


def test_propagationStartsFromTheChosenMask(logic, server, ct, box):
    logic.setMeaning(box, "part")
    logic.propagate(*ct)
    ((x0, y0, pixels),) = server.requests[-1]["masks"].values()
    assert (x0, y0, pixels.shape) == (2, 1, (4, 1))
