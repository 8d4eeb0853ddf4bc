"""Shows each box only in the slice views that show its slices; across them it would be a line of handles."""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from typing import TYPE_CHECKING

import slicer
from slicer.util import VTKObservationMixin

from MedSAMSegLib.errors import UserError
from MedSAMSegLib.views.viewsAlongAxes import viewsAlongAxes
from MedSAMSegLib.volumes.sliceGeometry import SliceGeometry

if TYPE_CHECKING:
    from MedSAMSegLib.logicBoxes import BoxEntry


class BoxViews(VTKObservationMixin):
    """Chooses the views of boxes, again whenever a view is turned.

    A box is one slice deep, so in these views it is seen on its own slice and on no other.
    """

    def __init__(self) -> None:
        VTKObservationMixin.__init__(self)
        self._boxes = []
        self._directions = None

    def show(self, geometry: SliceGeometry | None, entries: Sequence[BoxEntry]) -> None:
        """Choose the views of boxes.

        :param geometry: :class:`SliceGeometry` of the volume that they are on; None where no entry can be read.
        :param entries: the BoxEntries.
        """
        self._boxes = [(entry.node, entry.volume, entry.prompt.axis) for entry in entries if not entry.problem]
        for sliceNode in _sliceNodes():
            if not self.hasObserver(sliceNode, "ModifiedEvent", self._onSliceNode):
                self.addObserver(sliceNode, "ModifiedEvent", self._onSliceNode)
        if self._boxes:
            self._choose({} if geometry is None else {geometry.volumeNode: geometry})

    def stop(self) -> None:
        """Leave the boxes as they are."""
        self._boxes = []
        self.removeObservers()

    def _onSliceNode(self, _caller, _event):
        # Scrolling changes slice nodes too, and many times a second.
        if self._boxes and self._directions != _viewDirections():
            # The volume may be gone, and the boxes about to follow it.
            with contextlib.suppress(UserError):
                self._choose({})

    def _choose(self, geometries):
        """Choose; `geometries` are those of volumes that are known already."""
        self._directions = _viewDirections()
        volumes = {volume for _node, volume, _axis in self._boxes}
        viewsAlong = {volume: viewsAlongAxes(geometries.get(volume) or SliceGeometry(volume)) for volume in volumes}
        for node, volume, axis in self._boxes:
            if node.GetScene() is not None:
                _showIn(node.GetDisplayNode(), viewsAlong[volume][axis])


def _showIn(displayNode, viewNodeIDs):
    if displayNode is None:
        return
    present = [displayNode.GetNthViewNodeID(index) for index in range(displayNode.GetNumberOfViewNodeIDs())]
    if present != viewNodeIDs:
        with slicer.util.NodeModify(displayNode):
            displayNode.RemoveAllViewNodeIDs()
            for viewNodeID in viewNodeIDs:
                displayNode.AddViewNodeID(viewNodeID)


def _sliceNodes():
    return slicer.util.getNodesByClass("vtkMRMLSliceNode")


def _viewDirections():
    return [slicer.util.arrayFromVTKMatrix(node.GetSliceToRAS())[:3, :3].tolist() for node in _sliceNodes()]
