"""Points of a box in the scene: one list of control points for each box, green in the object, red beside it."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import slicer

from MedSAMSegLib.boxes.boxMarkup import noteFrame, renumbering
from MedSAMSegLib.errors import UserError
from MedSAMSegLib.volumes.nodeNames import nodeName
from MedSAMSegLib.volumes.sliceAxes import fromIJK, toIJK
from MedSAMSegLib.volumes.sliceGeometry import SliceGeometry
from MedSAMSegLib.volumes.voxelPlaces import IJKToRASOf

if TYPE_CHECKING:
    from MedSAMSegLib.volumes.slicePrompt import SlicePrompt

BOX_ROLE = "MedSAMSegBox"
POINTS_ATTRIBUTE = "MedSAMSeg.Points"
PLACES_ATTRIBUTE = "MedSAMSeg.Places"
IN_OBJECT = "+"
BESIDE_OBJECT = "−"

COLORS = {IN_OBJECT: (0.2, 0.9, 0.3), BESIDE_OBJECT: (0.95, 0.25, 0.2)}


class PointPrompts:
    """Keeps the points of boxes as markups, which are saved with the scene. ::

        points = PointPrompts()
        points.show(roiNode, volumeNode, prompt.changed(points=((70.0, 180.0, True),)))
        points.read(roiNode, volumeNode, prompt).points

    A point is (x, y, whether it belongs to the object) in voxels of the box's slice.
    """

    def read(
        self, roiNode: slicer.vtkMRMLMarkupsROINode, volumeNode: slicer.vtkMRMLScalarVolumeNode, prompt: SlicePrompt
    ) -> SlicePrompt:
        """:return: a box's prompt with the points that its markups show now, those in the object first.

        :param roiNode: the box's ROI markup.
        :param volumeNode: the volume that the box is on.
        :param prompt: the box's SlicePrompt.
        """
        found = []
        for sign, node in self._nodes(roiNode).items():
            found += [(x, y, sign == IN_OBJECT) for x, y in _placesOf(node, volumeNode, prompt)]
        return prompt.changed(points=tuple(found))

    def show(
        self, roiNode: slicer.vtkMRMLMarkupsROINode, volumeNode: slicer.vtkMRMLScalarVolumeNode, prompt: SlicePrompt
    ) -> None:
        """Make the scene show exactly the points of a prompt.

        :param roiNode: the box's ROI markup.
        :param volumeNode: the volume that the box is on.
        :param prompt: the box's SlicePrompt.
        """
        nodes = self._nodes(roiNode)
        for sign in (IN_OBJECT, BESIDE_OBJECT):
            places = [point[:2] for point in prompt.points if point[2] == (sign == IN_OBJECT)]
            if not places and sign not in nodes:
                continue
            node = nodes.get(sign) or self._add(roiNode, sign)
            _layOut(node, volumeNode, prompt, places, sign)
            if not places:
                slicer.mrmlScene.RemoveNode(node)

    def follow(
        self, roiNode: slicer.vtkMRMLMarkupsROINode, volumeNode: slicer.vtkMRMLScalarVolumeNode, prompt: SlicePrompt
    ) -> None:
        """Lay the points of a box out where its voxels are now.

        :param roiNode: the box's ROI markup.
        :param volumeNode: the volume that the box is on.
        :param prompt: the box's SlicePrompt.
        """
        for sign, node in self._nodes(roiNode).items():
            _layOut(node, volumeNode, prompt, _placesOf(node, volumeNode, prompt), sign)

    def nodes(self, roiNode: slicer.vtkMRMLMarkupsROINode) -> list[slicer.vtkMRMLMarkupsFiducialNode]:
        """:return: the markups with the points of a box."""
        return list(self._nodes(roiNode).values())

    def isOn(self, roiNode: slicer.vtkMRMLMarkupsROINode) -> bool:
        """:return: whether a box has points."""
        return bool(self._nodes(roiNode))

    def remove(self, roiNode: slicer.vtkMRMLMarkupsROINode) -> None:
        """Take all points of a box out of the scene."""
        for node in self._nodes(roiNode).values():
            slicer.mrmlScene.RemoveNode(node)

    def removeOrphans(self) -> None:
        """Take the points of boxes that are gone out of the scene."""
        for node in slicer.util.getNodesByClass("vtkMRMLMarkupsFiducialNode"):
            isOrphan = node.GetAttribute(POINTS_ATTRIBUTE) is not None and node.GetNodeReference(BOX_ROLE) is None
            if isOrphan and node.GetScene() is not None:
                slicer.mrmlScene.RemoveNode(node)

    def pointOn(
        self, volumeNode: slicer.vtkMRMLScalarVolumeNode, prompt: SlicePrompt, place: Sequence[float], isInObject: bool
    ) -> tuple[float, float, bool] | None:
        """:return: the point of a box that a place in the world is.

        :raises UserError: if the place is not on the box's slice, or outside the image.
        """
        geometry = SliceGeometry(volumeNode)
        rows, columns = geometry.sliceShape(prompt.axis)
        _depth, x, y = fromIJK(prompt.axis, geometry.continuousIJK(place))
        isInImage = -0.5 <= x <= columns - 0.5 and -0.5 <= y <= rows - 0.5
        if geometry.sliceIndex(prompt.axis, place) != prompt.sliceIndex or not isInImage:
            raise UserError(
                f"The point is not on slice {prompt.sliceIndex} of '{volumeNode.GetName()}', where the box is.",
                "Click into the slice of the box.",
                "point_outside_slice",
            )
        return float(x), float(y), bool(isInObject)

    def _nodes(self, roiNode):
        return {
            node.GetNthControlPointLabel(0): node
            for node in slicer.util.getNodesByClass("vtkMRMLMarkupsFiducialNode")
            if node.GetNodeReferenceID(BOX_ROLE) == roiNode.GetID() and node.GetNumberOfControlPoints() > 0
        }

    def _add(self, roiNode, sign):
        node = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLMarkupsFiducialNode", nodeName(f"{roiNode.GetName()} {sign}"))
        node.SetNodeReferenceID(BOX_ROLE, roiNode.GetID())
        # Tells points of boxes from the user's own also when the reference has gone with the box.
        node.SetAttribute(POINTS_ATTRIBUTE, sign)
        node.SetLocked(True)
        node.CreateDefaultDisplayNodes()
        displayNode = node.GetDisplayNode()
        for setColor in (displayNode.SetColor, displayNode.SetSelectedColor, displayNode.SetActiveColor):
            setColor(COLORS[sign])
        displayNode.SetPointLabelsVisibility(False)
        displayNode.SetVisibility3D(False)
        return node


def _layOut(node, volumeNode, prompt, places, sign):
    frame = IJKToRASOf(volumeNode)
    with slicer.util.NodeModify(node):
        noteFrame(node, volumeNode)
        node.SetAttribute(PLACES_ATTRIBUTE, json.dumps(places))
        node.RemoveAllControlPoints()
        for x, y in places:
            node.AddControlPoint((frame @ [*toIJK(prompt.axis, prompt.sliceIndex, x, y), 1.0])[:3], sign)


def _placesOf(node, volumeNode, prompt):
    """:return: [(x, y)] of the points of one markup. The markups are locked, so these places hold."""
    places = json.loads(node.GetAttribute(PLACES_ATTRIBUTE) or "[]")
    if len(places) == node.GetNumberOfControlPoints():
        change = np.linalg.inv(renumbering(node, volumeNode))
        inVoxels = [change @ [*toIJK(prompt.axis, prompt.sliceIndex, x, y), 1.0] for x, y in places]
        return [tuple(float(index) for index in fromIJK(prompt.axis, place)[1:]) for place in inVoxels]
    # The markup is from an earlier version, or somebody has deleted points.
    geometry = SliceGeometry(volumeNode)
    found = []
    for index in range(node.GetNumberOfControlPoints()):
        place = [0.0, 0.0, 0.0]
        node.GetNthControlPointPositionWorld(index, place)
        _depth, x, y = fromIJK(prompt.axis, geometry.continuousIJK(place))
        found.append((round(float(x), 3), round(float(y), 3)))
    return found
