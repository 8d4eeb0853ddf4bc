"""Lines over a slice view, in its display coordinates."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import vtk
from vtk.util.numpy_support import numpy_to_vtk, numpy_to_vtkIdTypeArray

if TYPE_CHECKING:
    import slicer


class ViewLines:
    """Line segments that are drawn on top of a slice view.

    :param sliceView: qMRMLSliceView.
    :param color: red, green and blue, each 0 to 1.
    :param width: of the lines, in pixels of the screen.
    """

    def __init__(self, sliceView: slicer.qMRMLSliceView, color: Sequence[float], width: float) -> None:
        self._sliceView = sliceView
        self._polyData = vtk.vtkPolyData()
        mapper = vtk.vtkPolyDataMapper2D()
        mapper.SetInputData(self._polyData)
        self._actor = vtk.vtkActor2D()
        self._actor.SetMapper(mapper)
        self._actor.GetProperty().SetColor(color)
        self._actor.GetProperty().SetLineWidth(width)

    def show(self, positions: Any) -> None:
        """Show line segments in place of those before.

        :param positions: array (N, 2, 2): x and y of both ends of each, in pixels from the bottom left.
        """
        ends = np.zeros((2 * len(positions), 3))
        ends[:, :2] = np.reshape(positions, (-1, 2))
        points = vtk.vtkPoints()
        points.SetData(numpy_to_vtk(ends, deep=True))
        offsets = numpy_to_vtkIdTypeArray(np.arange(0, len(ends) + 1, 2), deep=True)
        lines = vtk.vtkCellArray()
        lines.SetData(offsets, numpy_to_vtkIdTypeArray(np.arange(len(ends)), deep=True))
        self._polyData.SetPoints(points)
        self._polyData.SetLines(lines)
        if not self._renderer.HasViewProp(self._actor):
            self._renderer.AddViewProp(self._actor)
        self._sliceView.scheduleRender()

    def hide(self) -> None:
        """Take the lines away."""
        if self._renderer.HasViewProp(self._actor):
            self._renderer.RemoveViewProp(self._actor)
            self._sliceView.scheduleRender()

    @property
    def _renderer(self):
        return self._sliceView.renderWindow().GetRenderers().GetFirstRenderer()
