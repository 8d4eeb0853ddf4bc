"""Undo and redo of whole steps on one segmentation."""

from __future__ import annotations

from typing import TYPE_CHECKING

from MedSAMSegLib.segments.segmentationGrid import BINARY_LABELMAP, CLOSED_SURFACE

if TYPE_CHECKING:
    import slicer

# What segmentations that are written here are stored as.
SOURCES = (BINARY_LABELMAP, CLOSED_SURFACE)

# As in the Segment Editor.
MAXIMUM_NUMBER_OF_STEPS = 10


class UndoStep:
    """One step, known by its identity.

    :param source: what the segmentation was stored as before it.
    """

    def __init__(self, source: str) -> None:
        self.source = source


class UndoHistory:
    """Slicer's segmentation history, counted in steps.

    Slicer restores the segmentation as a whole, so undoing a step from before somebody else's change would take that
    change back too: such a change (a segment added, removed or edited elsewhere) ends what can be undone.

    :param editorLogic: vtkSlicerSegmentEditorLogic whose segmentation node is set.
    """

    def __init__(self, editorLogic: slicer.vtkSlicerSegmentEditorLogic) -> None:
        self._logic = editorLogic
        self._logic.SetMaximumNumberOfUndoStates(MAXIMUM_NUMBER_OF_STEPS)
        self._undoable = []
        self._redoable = []
        self._lastSeen = self._contents()

    @property
    def canUndo(self) -> bool:
        """Whether a step can be undone."""
        return bool(self._undoable) and self._logic.CanUndo() and not self.isChangedElsewhere

    @property
    def canRedo(self) -> bool:
        """Whether a step that was undone can be redone."""
        return bool(self._redoable) and self._logic.CanRedo() and not self.isChangedElsewhere

    @property
    def lastStep(self) -> UndoStep:
        """The UndoStep that was saved or redone last and not undone since; None if there is none."""
        return self._undoable[-1] if self._undoable else None

    @property
    def isChangedElsewhere(self) -> bool:
        """Whether somebody else changed the voxels since the last change that was noted here."""
        return self._contents() != self._lastSeen

    def save(self) -> None:
        """Remember the state before a step."""
        if self.isChangedElsewhere:
            self._logic.ClearUndoState()
            self._undoable.clear()
        self._logic.SaveStateForUndo()
        self._touch()
        self._undoable.append(UndoStep(self._segmentation.GetSourceRepresentationName()))
        del self._undoable[:-MAXIMUM_NUMBER_OF_STEPS]
        self._redoable.clear()
        self.noteOwnChange()

    def noteOwnChange(self) -> None:
        """Take the present voxels as our own work."""
        self._lastSeen = self._contents()

    def rollBack(self) -> None:
        """Put back the state of the last `save`, and forget the step."""
        self._logic.Undo()
        self._settleSource(self._undoable.pop().source)
        self.noteOwnChange()

    def undo(self) -> bool:
        """Take the last step back.

        :return: whether there was one.
        """
        if not self.canUndo:
            return False
        self._logic.Undo()
        step = self._undoable.pop()
        self._settleSource(step.source)
        self._redoable.append(step)
        self.noteOwnChange()
        return True

    def redo(self) -> bool:
        """Do the last undone step again.

        :return: whether there was one.
        """
        if not self.canRedo:
            return False
        self._logic.Redo()
        self._settleSource()
        self._undoable.append(self._redoable.pop())
        self.noteOwnChange()
        return True

    def _touch(self):
        """Let there be a change after the state that was saved: where there is none, Slicer's Undo goes back two."""
        for segmentID in self._segmentation.GetSegmentIDs()[:1]:
            self._segmentation.GetSegment(segmentID).Modified()

    @property
    def _segmentation(self):
        return self._logic.GetSegmentationNode().GetSegmentation()

    def _settleSource(self, source=None):
        """Set the source representation, which Slicer's undo does not restore.

        :param source: what it was; None where that is not known.
        """
        present = self._segmentation.GetSourceRepresentationName()
        stored = [
            name for name in (source, present, *SOURCES) if name and self._segmentation.ContainsRepresentation(name)
        ]
        if stored and stored[0] != present:
            self._segmentation.SetSourceRepresentationName(stored[0])

    def _contents(self):
        segmentationNode = self._logic.GetSegmentationNode()
        if segmentationNode is None:
            return {}
        labelmaps = {
            segmentID: segmentationNode.GetBinaryLabelmapInternalRepresentation(segmentID)
            for segmentID in segmentationNode.GetSegmentation().GetSegmentIDs()
        }
        return {segmentID: labelmap and labelmap.GetMTime() for segmentID, labelmap in labelmaps.items()}
