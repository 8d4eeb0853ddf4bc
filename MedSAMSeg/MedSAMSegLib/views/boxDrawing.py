"""Press, drag and release: the user draws a box in a slice view, and its outline follows the pointer."""

from __future__ import annotations

from collections.abc import Callable

from MedSAMSegLib.views.pointerTool import PointerTool, ViewPointer
from MedSAMSegLib.views.viewLines import ViewLines

#: A drag shorter than this, in pixels of the screen, was a click.
SMALLEST_DRAG = 3

OUTLINE_COLOR = (1.0, 0.82, 0.25)
OUTLINE_WIDTH = 2.0


class BoxDrawing(PointerTool):
    """Lets the user draw boxes in all slice views while it is active. ::

        drawing = BoxDrawing(lambda cornerA, cornerB, sliceNode: ...)
        drawing.start()

    Only the left button without modifier keys and, during a drag, Escape are taken; everything else goes on to the
    view. Views that appear while it is active are drawn in as well.

    :param onBox: called with two opposite corners in RAS (mm) and the view's slice node when a box was drawn.
    :param onDrag: called with the same whenever the box that is being drawn changes, also when its view is scrolled.
    :param onDrop: called without arguments when a box is not being drawn any more, before `onBox`.
    :param isOccupied: tells whether a press belongs to something else that is under the pointer.
    :param onClick: called with (R, A, S) of a click without a drag, and the view's slice node.
    :param color: (R, G, B) of the outline, 0 to 1.
    """

    def __init__(
        self,
        onBox: Callable[..., None],
        onDrag: Callable[..., None] | None = None,
        onDrop: Callable[..., None] | None = None,
        isOccupied: Callable[..., bool] | None = None,
        onClick: Callable[..., None] | None = None,
        color: tuple[float, float, float] = OUTLINE_COLOR,
    ) -> None:
        super().__init__(self._viewPointer)
        self._onBox = onBox
        self._onDrag = onDrag or (lambda cornerA, cornerB, sliceNode: None)
        self._onDrop = onDrop or (lambda: None)
        self._isOccupied = isOccupied or (lambda: False)
        self._color = color
        self._onClick = onClick or (lambda place, sliceNode: None)

    def _viewPointer(self, sliceView):
        return _ViewDrawing(
            sliceView, self._onBox, self._onDrag, self._onDrop, self._isOccupied, self._onClick, self._color
        )


class _ViewDrawing(ViewPointer):
    """Box drawing in one slice view."""

    def __init__(self, sliceView, onBox, onDrag, onDrop, isOccupied, onClick, color):
        super().__init__(sliceView)
        self._onBox = onBox
        self._onDrag = onDrag
        self._onDrop = onDrop
        self._isOccupied = isOccupied
        self._onClick = onClick
        self._start = None
        self._end = None
        self._outline = ViewLines(sliceView, color, OUTLINE_WIDTH)
        self.observe("LeftButtonPressEvent", self._onPress)
        self.observe("MouseMoveEvent", self._onMove)
        self.observe("LeftButtonReleaseEvent", self._onRelease)
        self.observe("KeyPressEvent", self._onKey)
        self._sliceNode = sliceView.mrmlSliceNode()
        self._sliceNodeTag = self._sliceNode.AddObserver("ModifiedEvent", self._onSliceNode)

    def close(self):
        """Stop observing, and drop a box that is being drawn."""
        super().close()
        self._sliceNode.RemoveObserver(self._sliceNodeTag)
        self._finish()

    def _onPress(self):
        if self.hasModifiers or self._isOccupied():
            return False
        self._start = self._end = self.position
        return True

    def _onMove(self):
        if self._start is None:
            return False
        self._end = self.position
        (x0, y0), (x1, y1) = self._start, self._end
        corners = (x0, y0), (x1, y0), (x1, y1), (x0, y1)
        self._outline.show([(corners[index - 1], corner) for index, corner in enumerate(corners)])
        self._tellDrag()
        return True

    def _onRelease(self):
        if self._start is None:
            return False
        start, end = self._start, self.position
        self._finish()
        if _isDrag(start, end):
            # Both at the moment of release: the view may have been scrolled during the drag.
            self._onBox(self.toRAS(start), self.toRAS(end), self._sliceNode)
        elif _isClick(start, end):
            self._onClick(self.toRAS(end), self._sliceNode)
        return True

    def _onKey(self):
        if self._start is None or self.key != "Escape":
            return False
        self._finish()
        return True

    def _onSliceNode(self, _caller, _event):
        if self._start is not None:
            self._tellDrag()

    def _tellDrag(self):
        if _isDrag(self._start, self._end):
            self._onDrag(self.toRAS(self._start), self.toRAS(self._end), self._sliceNode)

    def _finish(self):
        wasDrawing = self._start is not None
        self._start = None
        self._outline.hide()
        if wasDrawing:
            self._onDrop()


def _isDrag(start, end):
    return min(abs(a - b) for a, b in zip(start, end, strict=True)) >= SMALLEST_DRAG


def _isClick(start, end):
    return max(abs(a - b) for a, b in zip(start, end, strict=True)) < SMALLEST_DRAG
