"""Several volumes of one patient through the module and a real server, whose network sees what is bright.

How likely a voxel is the object's is how bright it is, so what is fused is known to the voxel.
"""

import sys
from pathlib import Path

import numpy as np
import pytest
import slicer
from knownBox import segmentVoxels
from movedBoxes import boxNodes

from MedSAMSegLib.errors import UserError
from MedSAMSegLib.logic import MedSAMSegLogic
from MedSAMSegLib.server.serverProcess import ServerProcess

PROGRAM = Path(__file__).resolve().parents[1] / "server" / "proposing_server.py"
SHAPE = (12, 32, 40)
BOX = {"axis": 0, "slice": 5, "box": (7, 9, 18, 20)}
ASKED = {"window": "255,127.5", "model": "mobilesam"}
#: Columns of the object's two halves.
LEFT, RIGHT = slice(8, 13), slice(13, 18)


def phase(name, left, right):
    """A volume with the object on slices 2 to 9 and rows 10 to 19, as bright as given on its halves; 255 is certain."""
    voxels = np.zeros(SHAPE, np.uint8)
    for columns, level in ((LEFT, left), (RIGHT, right)):
        voxels[2:10, 10:20, columns] = level
    volume = slicer.util.addVolumeFromArray(voxels, name=name)
    volume.SetSpacing(0.8, 0.8, 2.5)
    volume.SetOrigin(-10, 20, 30)
    return volume


def half(columns, slices=slice(5, 6)):
    mask = np.zeros(SHAPE, bool)
    mask[slices, 10:20, columns] = True
    return mask


#: The mean of the left half is above 127.5, that of the right half is not; its maximum is.
FUSED = {"mean": LEFT, "max": slice(8, 18)}


@pytest.fixture(scope="module")
def process(host, tmp_path_factory):
    """That server."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MEDSAMSEG_HOME", str(tmp_path_factory.mktemp("home")))
        made = ServerProcess([sys.executable, str(PROGRAM)])
        yield made
        made.stop()


@pytest.fixture
def phased(process):
    """The scripting API with that server."""
    return MedSAMSegLogic(process)


@pytest.fixture
def first():
    return phase("Portal", 100, 60)


@pytest.fixture
def second():
    return phase("Arterial", 200, 150)


@pytest.fixture
def target(logic, first):
    """The first volume with an empty segment: (volume, segmentation, segment)."""
    segmentation = logic.createSegmentation(first)
    return first, segmentation, logic.addSegment(segmentation, "Tumor")


def shifted(volume, name):
    """A copy of a volume of twice the columns and rows, in the same place, without its first four columns."""
    voxels = np.repeat(np.repeat(slicer.util.arrayFromVolume(volume), 2, axis=1), 2, axis=2)[:, :, 8:]
    copy = slicer.util.addVolumeFromArray(voxels, name=name)
    copy.SetSpacing(0.4, 0.4, 2.5)
    # Slicer's volumes made from an array have RAS directions along their axes.
    copy.SetOrigin(-10 - 0.2 + 4 * 0.8, 20 - 0.2, 30)
    return copy


@pytest.mark.parametrize(("fuse", "columns"), FUSED.items(), ids=FUSED)
def test_boxesAndPropagationAskAllVolumes(phased, target, second, fuse, columns):
    assert phased.setPhases(target[0], [second], fuse) == []
    assert (phased.phases(target[0]), phased.fuse(target[0])) == ([second], fuse)
    phased.segmentBox(*target, **BOX, **ASKED)
    np.testing.assert_array_equal(segmentVoxels(*target), half(columns))
    phased.propagate(*target, **ASKED)
    np.testing.assert_array_equal(segmentVoxels(*target), half(columns, slice(2, 10)))
    phased.setPhases(target[0], [])
    assert phased.segmentBox(*target, **BOX, **ASKED).voxelCount == 0


def test_theThresholdCutsTheFusedProbability(phased, target, second):
    phased.setPhases(target[0], [second])
    box = phased.segmentBox(*target, **BOX, **ASKED).promptNode
    # Means: 150 and 105.
    phased.setThreshold(box, 0.4)
    np.testing.assert_array_equal(segmentVoxels(*target), half(slice(8, 18)))


def test_volumesOfOtherVoxelsAreResampledAndThatIsSaid(phased, target, second):
    finer = shifted(second, "Fine")
    sentence = "'Fine' has other voxels than 'Portal': it is resampled to them, of which it covers 90%."
    assert phased.setPhases(target[0], [finer]) == [sentence]
    result = phased.segmentBox(*target, **BOX, **ASKED)
    assert sentence in result.notes
    np.testing.assert_array_equal(segmentVoxels(*target), half(LEFT))
    assert sentence in phased.propagate(*target, **ASKED).notes
    np.testing.assert_array_equal(segmentVoxels(*target), half(LEFT, slice(2, 10)))


def test_aVolumeThatIsMovedIsAskedWhereItIs(phased, target, second):
    phased.setPhases(target[0], [second], "max")
    transform = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLLinearTransformNode")
    matrix = np.eye(4)
    # By two columns: the half that is bright enough in it alone ends there.
    matrix[0, 3] = 2 * 0.8
    transform.SetMatrixTransformToParent(slicer.util.vtkMatrixFromArray(matrix))
    second.SetAndObserveTransformNodeID(transform.GetID())
    phased.segmentBox(*target, **BOX, **ASKED)
    np.testing.assert_array_equal(segmentVoxels(*target), half(slice(10, 19)))


def test_savedScenesKnowWhatABoxWasAskedWith(phased, target, second, tmp_path):
    phased.setPhases(target[0], [second], "max")
    phased.segmentBox(*target, **BOX, **ASKED)
    path = str(tmp_path / "scene.mrb")
    assert slicer.util.saveScene(path)
    slicer.mrmlScene.Clear()
    slicer.util.loadScene(path)
    first, second = slicer.util.getNode("Portal"), slicer.util.getNode("Arterial")
    assert (phased.phases(first), phased.fuse(first)) == ([second], "max")
    # The volume has others now; what the box had added is asked as it was then.
    phased.setPhases(first, [])
    context = first, slicer.util.getNode("Portal segmentation"), target[2]
    assert segmentVoxels(*context).any()
    phased.deleteBox(boxNodes()[0])
    assert not segmentVoxels(*context).any()


def test_whatTheServerHasForgottenIsSentAgain(phased, target, second):
    phased.setPhases(target[0], [second])
    phased.segmentBox(*target, **BOX, **ASKED)
    client = phased.server.client()
    for volume in (second, target[0]):
        key = phased._uploads.uploadOf(volume)._keys[client.url]
        client._transport.requestJson("DELETE", f"/v1/volumes/{key}")
    phased.propagate(*target, **ASKED)
    np.testing.assert_array_equal(segmentVoxels(*target), half(LEFT, slice(2, 10)))


def test_aRemovedVolumeIsAskedNoMore(logic, server, target, second):
    logic.setPhases(target[0], [second], "max")
    logic.segmentBox(*target, **BOX)
    assert (len(server.requests[-1]["also"]), server.requests[-1]["fuse"]) == (1, "max")
    slicer.mrmlScene.RemoveNode(second)
    assert logic.phases(target[0]) == []
    logic.segmentBox(*target, **BOX)
    assert "also" not in server.requests[-1]


def test_anAnswerAboutVoxelsThatHaveChangedIsAskedAgain(logic, server, target, second):
    logic.setPhases(target[0], [second])
    server.letSegment.clear()
    run = logic.startBox(*target, **BOX)
    second.GetImageData().Modified()
    server.letSegment.set()
    assert run.finish().voxelCount
    assert len(server.requests) == 2


def _elsewhere(volume):
    volume.SetOrigin(500, 0, 0)
    return volume


def _colored(volume):
    return slicer.util.addVolumeFromArray(
        np.zeros((*SHAPE, 3), np.uint8), name="Photo", nodeClassName="vtkMRMLVectorVolumeNode"
    )


REFUSED = {
    "itself": (lambda first, second: ([first], "mean"), "'Portal' is the volume itself", "phases_differ"),
    "color": (lambda first, second: ([_colored(second)], "mean"), "one is in color", "phases_differ"),
    "elsewhere": (
        lambda first, second: ([_elsewhere(second)], "mean"),
        "no place in common",
        "phase_elsewhere",
    ),
    "none": (lambda first, second: ([None], "mean"), "no longer in the scene", "volume_removed"),
    "unknown": (lambda first, second: ([second], "sum"), "'sum' is no way to fuse", "fuse_unknown"),
}


@pytest.mark.parametrize(("given", "words", "code"), REFUSED.values(), ids=REFUSED)
def test_whatCannotBeFusedIsRefused(logic, first, second, given, words, code):
    with pytest.raises(UserError, match=words) as caught:
        logic.setPhases(first, *given(first, second))
    assert caught.value.code == code
    assert logic.phases(first) == []
