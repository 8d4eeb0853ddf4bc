"""Steps in which a segmentation is changed, each of which is undone as a whole."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import TYPE_CHECKING

from MedSAMSegLib.segments.closedSurfaces import ClosedSurfaces
from MedSAMSegLib.segments.undoHistory import UndoHistory

if TYPE_CHECKING:
    import slicer

    from MedSAMSegLib.segments.undoHistory import UndoStep


class UndoableWriter:
    """The undo steps of a writer of segments; subclasses do the writing.

    Before each change, inside an `undoStep`, a writer calls `_saveState`, and after it `_noteOwnChange`.

    :param segmentationNode: the segmentation.
    :param editorLogic: vtkSlicerSegmentEditorLogic whose segmentation node is set.
    """

    def __init__(
        self, segmentationNode: slicer.vtkMRMLSegmentationNode, editorLogic: slicer.vtkSlicerSegmentEditorLogic
    ) -> None:
        self._segmentationNode = segmentationNode
        self._history = UndoHistory(editorLogic)
        self._surfaces = ClosedSurfaces(segmentationNode)
        self._isInStep = False
        self._isStateSaved = False

    @property
    def canUndo(self) -> bool:
        """Whether there is a step to undo; never inside an `undoStep`."""
        return self._isSegmentationInScene and not self._isInStep and self._history.canUndo

    @property
    def canRedo(self) -> bool:
        """Whether there is a step to do again; never inside an `undoStep`."""
        return self._isSegmentationInScene and not self._isInStep and self._history.canRedo

    @property
    def lastStep(self) -> UndoStep | None:
        """The UndoStep that `undo` would revert; None if there is none. The same object after `undo` and `redo`."""
        return self._history.lastStep

    @contextlib.contextmanager
    def undoStep(self, joining: UndoStep | None = None, isAlways: bool = False, isLast: bool = True) -> Iterator[None]:
        """Make all writes inside the `with` block one undo step, or none if nothing changes.

        If the block raises, the segmentation is put back to what it was before, and there is no step. (Not if somebody
        else changed it in the meantime: that work is kept, and with it what was written. Not either what joined an
        earlier step.)

        :param joining: UndoStep that the block belongs to, if that is still the last one; None for a new step.
        :param isAlways: make the step also if no voxel changes.
        :param isLast: False if the step will be joined soon; 3D surfaces are renewed with the last block.
        """
        if self._isInStep:
            if isAlways:
                self._saveState()
            yield
            return
        isJoined = joining is not None and joining is self.lastStep and self.canUndo
        self._isInStep = True
        self._isStateSaved = isJoined
        self._forgetSceneMessages()
        try:
            if isAlways:
                self._saveState()
            yield
        except BaseException:
            if not isJoined:
                self._rollBack()
            raise
        finally:
            self._isInStep = False
            if isLast and self._isSegmentationInScene:
                self._surfaces.renew()

    def undo(self) -> bool:
        """Take the last step back.

        :return: whether there was one.
        """
        return self.canUndo and self._history.undo()

    def redo(self) -> bool:
        """Do the last undone step again.

        :return: whether there was one.
        """
        return self.canRedo and self._history.redo()

    def forgetStep(self, step: UndoStep) -> bool:
        """Put everything back to before the last step, as if it had never been.

        :param step: UndoStep; nothing is done if it is not the last one, or cannot be undone.
        :return: whether it is forgotten.
        """
        if step is not self.lastStep or not self.canUndo:
            return False
        self._surfaces.forget()
        self._history.rollBack()
        return True

    @property
    def _isSegmentationInScene(self):
        return self._segmentationNode.GetScene() is not None

    def _forgetSceneMessages(self):
        """Drop what a writer has to say on the step before; called as a new one begins."""

    def _saveState(self):
        if not self._isStateSaved or self._history.isChangedElsewhere:
            self._history.save()
            self._isStateSaved = True

    def _noteOwnChange(self):
        self._history.noteOwnChange()

    def _rollBack(self):
        if self._isStateSaved and self._isSegmentationInScene and not self._history.isChangedElsewhere:
            self._surfaces.forget()
            self._history.rollBack()
