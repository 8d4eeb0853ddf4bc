"""Outlines of masks over every slice view that shows their slice, to be chosen with pointer and keys."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from MedSAMSegLib.errors import UserError
from MedSAMSegLib.views.maskOutline import edgesInView, edgesOf
from MedSAMSegLib.views.pointerTool import PointerTool, ViewPointer
from MedSAMSegLib.views.sliceViews import ShownSlice, sliceInView
from MedSAMSegLib.views.viewLines import ViewLines
from MedSAMSegLib.volumes.sliceAxes import fromIJK
from MedSAMSegLib.volumes.sliceGeometry import SliceGeometry

if TYPE_CHECKING:
    import slicer

COLOR = (0.35, 0.85, 1.0)
WIDTH = 1.5
SELECTED_COLOR = (1.0, 1.0, 1.0)
SELECTED_WIDTH = 3.0

NO_EDGES = np.zeros((0, 2, 2))


@dataclasses.dataclass(frozen=True)
class PickingCalls:
    """What is told of pointer and keys, in views that show the slice.

    :param onMove: called with x and y of the pointer in pixels of the slice.
    :param onClick: called with the same; returns whether something was there to be clicked.
    :param onKey: called with the name of a key; returns whether it meant something.
    """

    onMove: Callable
    onClick: Callable
    onKey: Callable


class OutlinePicking(PointerTool):
    """Shows outlines, and takes clicks on them and keys over them while it is active. ::

        picking = OutlinePicking(PickingCalls(…))
        picking.show(volumeNode, axis, sliceIndex, masks, selected=masks[0])
        picking.start()

    :param calls: :class:`PickingCalls`.
    """

    def __init__(self, calls: PickingCalls) -> None:
        super().__init__(lambda sliceView: _ViewPicking(sliceView, self))
        self.calls = calls
        #: Whether clicks and keys are taken; without, the outlines are only looked at.
        self.takesPointer = True
        self._volumeNode: Any = None
        self._place: Any = None
        self._shown: Any = None
        self._masks: list = []
        self.edges = self.selectedEdges = NO_EDGES

    def show(
        self,
        volumeNode: slicer.vtkMRMLScalarVolumeNode,
        axis: int,
        sliceIndex: int,
        masks: Sequence[Any],
        selected: Any = None,
    ) -> None:
        """Show outlines in place of those before.

        :param volumeNode: the volume.
        :param axis: array axis of their slice.
        :param sliceIndex: index along that axis.
        :param masks: list of SliceMask.
        :param selected: the one of them that stands out, or None.
        """
        shown = volumeNode, axis, sliceIndex, [id(mask) for mask in (*masks, selected)]
        if shown == self._shown:
            return
        # The masks are kept, so that no other one gets the same id().
        self._shown, self._masks = shown, [*masks, selected]
        self._volumeNode, self._place = volumeNode, ShownSlice(axis, sliceIndex)
        self.edges = np.concatenate([NO_EDGES, *(edgesOf(mask) for mask in masks)])
        self.selectedEdges = NO_EDGES if selected is None else edgesOf(selected)
        for pointer in self._pointers.values():
            pointer.draw()

    def geometryIn(self, sliceNode: slicer.vtkMRMLSliceNode) -> SliceGeometry | None:
        """:return: SliceGeometry of the volume where a view shows the slice of the outlines; None where it does not."""
        try:
            geometry = SliceGeometry(self._volumeNode)
        except UserError:
            # The volume is gone, and the outlines are about to follow it.
            return None
        return geometry if sliceInView(geometry, sliceNode) == self._place else None

    def placeInView(self, sliceView: slicer.qMRMLSliceView, geometry: SliceGeometry, edges: np.ndarray) -> np.ndarray:
        """:return: where edges are in a view now, as :func:`edgesInView`."""
        return edgesInView(sliceView, geometry, self._place.axis, self._place.index, edges)

    def pixelAt(self, geometry: SliceGeometry, point: Sequence[float]) -> tuple[float, float]:
        """:return: x and y of a point in RAS, in pixels of the slice."""
        _depth, x, y = fromIJK(self._place.axis, geometry.continuousIJK(point))
        return x, y


class _ViewPicking(ViewPointer):
    """The outlines in one slice view."""

    def __init__(self, sliceView, tool):
        super().__init__(sliceView)
        self._tool = tool
        self._isPressed = False
        self._lines = ViewLines(sliceView, COLOR, WIDTH)
        self._selectedLines = ViewLines(sliceView, SELECTED_COLOR, SELECTED_WIDTH)
        self.observe("MouseMoveEvent", self._onMove)
        self.observe("LeftButtonPressEvent", self._onPress)
        self.observe("LeftButtonReleaseEvent", self._onRelease)
        self.observe("KeyPressEvent", self._onKey)
        self._sliceNode = sliceView.mrmlSliceNode()
        self._sliceNodeTag = self._sliceNode.AddObserver("ModifiedEvent", lambda _caller, _event: self.draw())
        self.draw()

    def close(self):
        """Take the outlines away."""
        super().close()
        self._sliceNode.RemoveObserver(self._sliceNodeTag)
        self._lines.hide()
        self._selectedLines.hide()

    def draw(self):
        """Show the outlines where they are in the view now."""
        geometry = self._tool.geometryIn(self._sliceNode)
        for lines, edges in ((self._lines, self._tool.edges), (self._selectedLines, self._tool.selectedEdges)):
            if geometry is None or not len(edges):
                lines.hide()
            else:
                lines.show(self._tool.placeInView(self.sliceView, geometry, edges))

    def _pixel(self):
        """:return: x and y of the pointer in pixels of the slice; None where the view does not show it."""
        geometry = self._tool.geometryIn(self._sliceNode) if self._tool.takesPointer else None
        return geometry and self._tool.pixelAt(geometry, self.toRAS(self.position))

    def _onMove(self):
        pixel = self._pixel()
        if pixel is not None:
            self._tool.calls.onMove(*pixel)
        # The view shows intensities under the pointer, and scrolls.
        return False

    def _onPress(self):
        pixel = None if self.hasModifiers else self._pixel()
        self._isPressed = pixel is not None and self._tool.calls.onClick(*pixel)
        return self._isPressed

    def _onRelease(self):
        wasPressed, self._isPressed = self._isPressed, False
        return wasPressed

    def _onKey(self):
        return self._pixel() is not None and self._tool.calls.onKey(self.key)
