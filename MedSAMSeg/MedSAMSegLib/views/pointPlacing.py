"""A click in a slice view is a point that refines a box."""

from __future__ import annotations

from collections.abc import Callable

from MedSAMSegLib.views.pointerTool import PointerTool, ViewPointer


class PointPlacing(PointerTool):
    """Takes clicks of the left button in all slice views while it is active.

    :param onPoint: called with (R, A, S) of the click and the view's slice node.
    """

    def __init__(self, onPoint: Callable[..., None]) -> None:
        super().__init__(lambda sliceView: _ViewPlacing(sliceView, onPoint))


class _ViewPlacing(ViewPointer):
    """Point placing in one slice view."""

    def __init__(self, sliceView, onPoint):
        super().__init__(sliceView)
        self._onPoint = onPoint
        self._isPressed = False
        self.observe("LeftButtonPressEvent", self._onPress)
        self.observe("LeftButtonReleaseEvent", self._onRelease)

    def _onPress(self):
        self._isPressed = not self.hasModifiers
        return self._isPressed

    def _onRelease(self):
        if not self._isPressed:
            return False
        self._isPressed = False
        self._onPoint(self.toRAS(self.position), self.sliceView.mrmlSliceNode())
        return True
