"""The outline of a mask over a slice view, for masks that are not in a segment yet."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import slicer
import vtk

from MedSAMSegLib.views.viewLines import ViewLines
from MedSAMSegLib.volumes.sliceAxes import toIJK
from MedSAMSegLib.volumes.sliceGeometry import SliceGeometry

if TYPE_CHECKING:
    from MedSAMSegLib.volumes.slicePrompt import SlicePrompt

COLOR = (1.0, 1.0, 1.0)
WIDTH = 2.0


class MaskOutline:
    """Shows where the pixels of a mask end in one slice view. ::

        outline = MaskOutline(sliceWidget.sliceView())
        outline.show(volumeNode, prompt, mask)

    :param sliceView: qMRMLSliceView.
    """

    def __init__(self, sliceView: slicer.qMRMLSliceView) -> None:
        self._sliceView = sliceView
        self._lines = ViewLines(sliceView, COLOR, WIDTH)

    def show(self, volumeNode: slicer.vtkMRMLScalarVolumeNode, prompt: SlicePrompt, mask: Any) -> None:
        """Show a mask's outline.

        :param volumeNode: the volume.
        :param prompt: SlicePrompt that says on which slice the mask is.
        :param mask: SliceMask.
        """
        geometry = SliceGeometry(volumeNode)
        edges = edgesInView(self._sliceView, geometry, prompt.axis, prompt.sliceIndex, edgesOf(mask))
        self._lines.show(edges)

    def hide(self) -> None:
        """Take the outline away."""
        self._lines.hide()


def edgesOf(mask: Any) -> np.ndarray:
    """:return: array (N, 2, 2): x and y of both ends of each pixel edge of a mask, in pixels of its slice.

    :param mask: SliceMask.
    """
    return outlineEdges(mask.pixels) + np.array([mask.x0, mask.y0])


def edgesInView(
    sliceView: slicer.qMRMLSliceView, geometry: SliceGeometry, axis: int, sliceIndex: int, edges: np.ndarray
) -> np.ndarray:
    """:return: array (N, 2, 2): edges of a slice in pixels of a view from its bottom left, where they are now.

    :param sliceView: qMRMLSliceView.
    :param geometry: SliceGeometry of the volume.
    :param axis: array axis of the slice.
    :param sliceIndex: index along that axis.
    :param edges: array (N, 2, 2) as :func:`edgesOf` returns it.
    """
    x: Any = edges[..., 0]
    y: Any = edges[..., 1]
    ones: Any = np.ones_like(x)
    IJK = np.stack([*toIJK(axis, sliceIndex * ones, x, y), ones])
    worldToXY = vtk.vtkMatrix4x4()
    vtk.vtkMatrix4x4.Invert(sliceView.mrmlSliceNode().GetXYToRAS(), worldToXY)
    IJKToXY = slicer.util.arrayFromVTKMatrix(worldToXY) @ geometry.IJKToWorld
    return np.moveaxis(np.tensordot(IJKToXY, IJK, axes=1)[:2], 0, -1)


def outlineEdges(pixels: np.ndarray) -> np.ndarray:
    """:return: array (N, 2, 2): x and y of both ends of each pixel edge between set and unset pixels.

    :param pixels: bool array (rows, columns); pixel centers are integers.
    """
    padded = np.pad(np.asarray(pixels, bool), 1)
    rows, columns = np.nonzero(padded[1:-1, 1:] != padded[1:-1, :-1])
    upright = [[columns - 0.5, rows - 0.5], [columns - 0.5, rows + 0.5]]
    levelRows, levelColumns = np.nonzero(padded[1:, 1:-1] != padded[:-1, 1:-1])
    level = [[levelColumns - 0.5, levelRows - 0.5], [levelColumns + 0.5, levelRows - 0.5]]
    return np.concatenate([np.moveaxis(np.array(edges, float), 2, 0) for edges in (upright, level)])
