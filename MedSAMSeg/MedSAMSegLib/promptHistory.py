"""Takes boxes out of the scene and back into it, together with what they added to a segment."""

import weakref


class PromptHistory:
    """Which boxes belong to which undo step: a box that was taken back must not steer the next propagation.

    :param store: the BoxPromptStore that keeps the boxes.
    """

    def __init__(self, store):
        self._store = store
        # A step that can be neither undone nor redone any more is forgotten with its UndoStep.
        self._placesOfStep = weakref.WeakKeyDictionary()
        self._nodesOfStep = weakref.WeakKeyDictionary()

    def remember(self, step, place, node):
        """Note a box that was drawn in an undo step.

        :param step: UndoStep of the writer.
        :param place: the arguments of `BoxPromptStore.add`, to add the box again.
        :param node: the ROI markup.
        """
        self._placesOfStep.setdefault(step, []).append(place)
        self._nodesOfStep.setdefault(step, []).append(node)

    def takeBack(self, step):
        """Remove the boxes of a step that was undone."""
        for node in self._nodesOfStep.pop(step, []):
            if node.GetScene() is not None:
                self._store.remove(node)

    def bringBack(self, step):
        """Add the boxes of a step that was done again."""
        self._nodesOfStep[step] = [self._store.add(*place) for place in self._placesOfStep.get(step, [])]
