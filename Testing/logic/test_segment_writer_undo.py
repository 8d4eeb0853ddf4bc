"""Every call, or every block of calls, is exactly one step back and forth."""

import numpy as np
import pytest
import slicer
from segmentations import FULL, MASK, addSegment, placed

from MedSAMSegLib.errors import UserError
from MedSAMSegLib.segments.labelmapCrop import LabelmapCrop
from MedSAMSegLib.segments.segmentWriter import SegmentWriter


def countUndo(writer):
    """:return: how many steps can be taken back; they are then done again."""
    count = 0
    while writer.undo():
        count += 1
    for _step in range(count):
        assert writer.redo()
    return count


def test_each_call_is_one_step(writer, segmentID, voxels):
    states = [voxels()]
    for sliceIndex in range(4):
        writer.write(segmentID, 0, sliceIndex, MASK, 3, 5)
        states.append(voxels())
    for state in reversed(states[:-1]):
        assert writer.undo()
        np.testing.assert_array_equal(voxels(), state)
    assert not writer.undo()
    for state in states[1:]:
        assert writer.redo()
        np.testing.assert_array_equal(voxels(), state)
    assert not writer.redo()


@pytest.mark.parametrize("mode", ["add", "remove", "replace"])
def test_each_mode_is_one_step(writer, segmentID, voxels, mode):
    writer.write(segmentID, 0, 4, FULL, 3, 5)
    before = voxels()
    writer.write(segmentID, 0, 4, MASK, 4, 5, mode=mode)
    assert countUndo(writer) == 2
    writer.undo()
    np.testing.assert_array_equal(voxels(), before)


def test_a_block_of_writes_is_one_step(writer, segmentID, voxels):
    with writer.undoStep():
        for sliceIndex in range(9):
            writer.write(segmentID, 0, sliceIndex, MASK, 3, 5)
    after = voxels()
    assert countUndo(writer) == 1
    writer.undo()
    assert not voxels().any()
    writer.redo()
    np.testing.assert_array_equal(voxels(), after)


def test_a_block_inside_a_block_belongs_to_it(writer, segmentID):
    with writer.undoStep():
        writer.write(segmentID, 0, 3, MASK, 3, 5)
        with writer.undoStep():
            writer.write(segmentID, 0, 4, MASK, 3, 5)
    assert countUndo(writer) == 1


def test_nothing_is_undone_in_the_middle_of_a_block(writer, segmentID, voxels):
    writer.write(segmentID, 0, 2, MASK, 3, 5)
    with writer.undoStep():
        writer.write(segmentID, 0, 3, MASK, 3, 5)
        assert not writer.undo()
        assert not writer.canUndo
        writer.write(segmentID, 0, 4, MASK, 3, 5)
    assert countUndo(writer) == 2


def test_a_write_that_changes_nothing_is_no_step(writer, segmentID):
    assert not writer.write(segmentID, 0, 4, np.zeros((3, 4)), 3, 5)
    assert not writer.write(segmentID, 0, 4, np.zeros((0, 0)), 3, 5)
    assert not writer.write(segmentID, 0, 4, MASK, 3, 5, mode="remove")
    assert not writer.canUndo
    writer.write(segmentID, 0, 4, FULL, 3, 5)
    assert not writer.write(segmentID, 0, 4, MASK, 3, 5)
    assert not writer.write(segmentID, 0, 4, FULL, 3, 5, mode="replace")
    assert not writer.write(segmentID, 0, 4, FULL, 3, 2, mode="remove")
    assert countUndo(writer) == 1


def test_an_empty_block_is_no_step(writer, segmentID):
    with writer.undoStep():
        pass
    with writer.undoStep():
        writer.write(segmentID, 0, 4, np.zeros((3, 4)), 3, 5)
    assert not writer.canUndo


def test_a_write_that_changes_nothing_keeps_what_can_be_redone(writer, segmentID):
    writer.write(segmentID, 0, 4, MASK, 3, 5)
    writer.undo()
    writer.write(segmentID, 0, 4, np.zeros((3, 4)), 3, 5)
    assert writer.canRedo


def test_a_new_step_ends_what_can_be_redone(writer, segmentID, voxels):
    writer.write(segmentID, 0, 4, MASK, 3, 5)
    writer.undo()
    writer.write(segmentID, 0, 5, MASK, 3, 5)
    assert not writer.canRedo
    assert not writer.redo()
    assert writer.undo()
    assert not voxels().any()
    assert not writer.undo()


def test_steps_after_an_undo_are_single_steps(writer, segmentID, voxels):
    writer.write(segmentID, 0, 1, MASK, 3, 5)
    writer.write(segmentID, 0, 2, MASK, 3, 5)
    writer.undo()
    writer.write(segmentID, 0, 3, MASK, 3, 5)
    writer.write(segmentID, 0, 4, MASK, 3, 5)
    expected = [placed(0, 1, MASK, 3, 5) | placed(0, 3, MASK, 3, 5), placed(0, 1, MASK, 3, 5), np.zeros((9, 11, 13))]
    for state in expected:
        assert writer.undo()
        np.testing.assert_array_equal(voxels(), state)
    assert not writer.undo()


def test_a_block_that_fails_puts_everything_back_and_is_no_step(writer, segmentationNode, segmentID, voxels):
    neighborID = addSegment(segmentationNode, "Organ")
    writer.write(segmentID, 0, 4, FULL, 3, 5)
    writer.write(neighborID, 0, 4, FULL, 0, 0)
    before = voxels(), voxels(neighborID)
    with pytest.raises(RuntimeError, match="the server died"), writer.undoStep():
        writer.write(segmentID, 0, 5, MASK, 3, 5)
        writer.write(segmentID, 0, 4, MASK, 3, 5, mode="remove")
        raise RuntimeError("the server died")
    np.testing.assert_array_equal(voxels(), before[0])
    np.testing.assert_array_equal(voxels(neighborID), before[1])
    assert not writer.canRedo
    assert countUndo(writer) == 2


def test_steps_after_a_failed_block_are_single_steps(writer, segmentID, voxels):
    writer.write(segmentID, 0, 1, MASK, 3, 5)
    with pytest.raises(UserError), writer.undoStep():
        writer.write(segmentID, 0, 2, MASK, 3, 5)
        writer.write(segmentID, 0, 99, MASK, 3, 5)
    writer.write(segmentID, 0, 3, MASK, 3, 5)
    np.testing.assert_array_equal(voxels(), placed(0, 1, MASK, 3, 5) | placed(0, 3, MASK, 3, 5))
    writer.undo()
    np.testing.assert_array_equal(voxels(), placed(0, 1, MASK, 3, 5))
    writer.undo()
    assert not voxels().any()
    assert not writer.undo()
    writer.redo()
    np.testing.assert_array_equal(voxels(), placed(0, 1, MASK, 3, 5))


def test_a_failed_block_is_never_redone(writer, segmentID, voxels):
    writer.write(segmentID, 0, 1, MASK, 3, 5)
    with pytest.raises(RuntimeError), writer.undoStep():
        writer.write(segmentID, 0, 2, MASK, 3, 5)
        raise RuntimeError
    writer.undo()
    writer.redo()
    assert not writer.redo()
    np.testing.assert_array_equal(voxels(), placed(0, 1, MASK, 3, 5))


def test_a_block_that_fails_before_writing_leaves_the_history_alone(writer, segmentID):
    writer.write(segmentID, 0, 1, MASK, 3, 5)
    writer.undo()
    with pytest.raises(RuntimeError), writer.undoStep():
        raise RuntimeError
    assert writer.canRedo


def test_an_interrupt_puts_everything_back(writer, segmentID, voxels):
    with pytest.raises(KeyboardInterrupt), writer.undoStep():
        writer.write(segmentID, 0, 2, MASK, 3, 5)
        raise KeyboardInterrupt
    assert not voxels().any()


def test_an_interrupt_in_the_middle_of_a_write_leaves_no_half_slice(writer, segmentID, voxels, monkeypatch):
    writer.write(segmentID, 0, 4, FULL, 3, 5)
    before = voxels()
    realCrop = LabelmapCrop.image
    pieces = []

    def interruptedAtTheSecondPiece(crop, IJKToRAS):
        pieces.append(crop)
        if len(pieces) == 2:
            raise KeyboardInterrupt
        return realCrop(crop, IJKToRAS)

    monkeypatch.setattr(LabelmapCrop, "image", interruptedAtTheSecondPiece)
    with pytest.raises(KeyboardInterrupt):
        writer.write(segmentID, 0, 4, MASK, 4, 5, mode="replace")
    assert len(pieces) == 2
    np.testing.assert_array_equal(voxels(), before)


def test_undo_never_takes_back_somebody_elses_work(writer, segmentationNode, volumeNode, segmentID, voxels):
    writer.write(segmentID, 0, 1, MASK, 3, 5)
    SegmentWriter(segmentationNode, volumeNode).write(segmentID, 0, 5, MASK, 3, 5)
    assert not writer.canUndo
    assert not writer.undo()
    writer.write(segmentID, 0, 6, MASK, 3, 5)
    assert writer.undo()
    assert not writer.undo()
    np.testing.assert_array_equal(voxels(), placed(0, 1, MASK, 3, 5) | placed(0, 5, MASK, 3, 5))


def test_undo_never_removes_a_segment_that_was_added_since(writer, segmentationNode, segmentID):
    writer.write(segmentID, 0, 1, MASK, 3, 5)
    addSegment(segmentationNode, "Organ")
    assert not writer.undo()
    assert segmentationNode.GetSegmentation().GetNumberOfSegments() == 2


def test_a_failed_block_keeps_somebody_elses_work(writer, segmentationNode, volumeNode, segmentID, voxels):
    other = SegmentWriter(segmentationNode, volumeNode)
    with pytest.raises(RuntimeError), writer.undoStep():
        writer.write(segmentID, 0, 2, MASK, 3, 5)
        other.write(segmentID, 0, 5, MASK, 3, 5)
        raise RuntimeError
    np.testing.assert_array_equal(voxels(), placed(0, 2, MASK, 3, 5) | placed(0, 5, MASK, 3, 5))


def test_a_segment_deleted_inside_a_block_stays_deleted(writer, segmentationNode, segmentID):
    with pytest.raises(UserError, match="is not in the segmentation"), writer.undoStep():
        writer.write(segmentID, 0, 2, MASK, 3, 5)
        segmentationNode.GetSegmentation().RemoveSegment(segmentID)
        writer.write(segmentID, 0, 3, MASK, 3, 5)
    assert segmentationNode.GetSegmentation().GetNumberOfSegments() == 0


def test_a_segmentation_removed_inside_a_block_is_an_error_and_nothing_worse(writer, segmentationNode, segmentID):
    with pytest.raises(UserError, match="no longer in the scene"), writer.undoStep():
        writer.write(segmentID, 0, 2, MASK, 3, 5)
        slicer.mrmlScene.RemoveNode(segmentationNode)
        writer.write(segmentID, 0, 3, MASK, 3, 5)


def test_saving_the_segmentation_keeps_what_can_be_undone(writer, segmentationNode, segmentID, tmp_path):
    writer.write(segmentID, 0, 1, MASK, 3, 5)
    slicer.util.saveNode(segmentationNode, str(tmp_path / "Tumor.seg.nrrd"))
    assert writer.canUndo


def test_many_steps_keep_the_newest(writer, segmentID, voxels):
    for step in range(13):
        writer.write(segmentID, 0, 4, np.ones((1, 1)), step, 5)
    count = 0
    while writer.undo():
        count += 1
    assert 8 <= count <= 10
    assert voxels().sum() == 13 - count


def test_a_step_that_changed_no_voxel_is_taken_back_alone(writer, segmentID, voxels):
    writer.write(segmentID, 0, 2, FULL, 1, 1)
    before = voxels()
    with writer.undoStep(isAlways=True):
        pass
    assert writer.undo()
    np.testing.assert_array_equal(voxels(), before)
    assert writer.redo()
    np.testing.assert_array_equal(voxels(), before)
    assert writer.undo()
    assert writer.undo()
    assert not voxels().any()


def test_a_forgotten_step_leaves_all_as_it_was_before(writer, segmentID, voxels):
    writer.write(segmentID, 0, 2, FULL, 1, 1)
    before, first = voxels(), writer.lastStep
    writer.write(segmentID, 0, 3, FULL, 1, 1)
    assert not writer.forgetStep(first)
    assert writer.forgetStep(writer.lastStep)
    np.testing.assert_array_equal(voxels(), before)
    assert writer.lastStep is first
    assert not writer.canRedo
    assert writer.undo()
    assert not voxels().any()
    assert not writer.forgetStep(first)
