"""Points of a box in the scene: one list of control points for each box, green in the object, red beside it."""

import slicer

from MedSAMSegLib.errors import UserError
from MedSAMSegLib.volumes.sliceAxes import fromIJK
from MedSAMSegLib.volumes.sliceGeometry import SliceGeometry

BOX_ROLE = "MedSAMSegBox"
POINTS_ATTRIBUTE = "MedSAMSeg.Points"
IN_OBJECT = "+"
BESIDE_OBJECT = "−"

COLORS = {IN_OBJECT: (0.2, 0.9, 0.3), BESIDE_OBJECT: (0.95, 0.25, 0.2)}


class PointPrompts:
    """Keeps the points of boxes as markups, which are saved with the scene. ::

        points = PointPrompts()
        points.show(roiNode, volumeNode, prompt, [(70.0, 180.0, True)])
        points.read(roiNode)

    A point is (x, y, whether it belongs to the object) in voxels of the box's slice.
    """

    def read(self, roiNode, volumeNode, prompt):
        """:return: the points of a box, those in the object first, as its markups show them now.

        :param roiNode: the box's ROI markup.
        :param volumeNode: the volume that the box is on.
        :param prompt: the box's BoxPrompt.
        """
        geometry = SliceGeometry(volumeNode)
        found = []
        for sign, node in self._nodes(roiNode).items():
            for index in range(node.GetNumberOfControlPoints()):
                place = [0.0, 0.0, 0.0]
                node.GetNthControlPointPositionWorld(index, place)
                _depth, x, y = fromIJK(prompt.axis, geometry.continuousIJK(place))
                found.append((round(float(x), 3), round(float(y), 3), sign == IN_OBJECT))
        return tuple(found)

    def show(self, roiNode, volumeNode, prompt, points):
        """Make the scene show exactly these points of a box.

        :param roiNode: the box's ROI markup.
        :param volumeNode: the volume that the box is on.
        :param prompt: the box's BoxPrompt.
        :param points: the points.
        """
        geometry = SliceGeometry(volumeNode)
        nodes = self._nodes(roiNode)
        for sign in (IN_OBJECT, BESIDE_OBJECT):
            places = [point[:2] for point in points if point[2] == (sign == IN_OBJECT)]
            if not places and sign not in nodes:
                continue
            node = nodes.get(sign) or self._add(roiNode, sign)
            with slicer.util.NodeModify(node):
                node.RemoveAllControlPoints()
                for x, y in places:
                    node.AddControlPointWorld(geometry.worldFromContinuous(prompt.axis, prompt.sliceIndex, x, y), sign)
            if not places:
                slicer.mrmlScene.RemoveNode(node)

    def isOn(self, roiNode):
        """:return: whether a box has points."""
        return bool(self._nodes(roiNode))

    def remove(self, roiNode):
        """Take all points of a box out of the scene."""
        for node in self._nodes(roiNode).values():
            slicer.mrmlScene.RemoveNode(node)

    def removeOrphans(self):
        """Take the points of boxes that are gone out of the scene."""
        for node in slicer.util.getNodesByClass("vtkMRMLMarkupsFiducialNode"):
            isOrphan = node.GetAttribute(POINTS_ATTRIBUTE) is not None and node.GetNodeReference(BOX_ROLE) is None
            if isOrphan and node.GetScene() is not None:
                slicer.mrmlScene.RemoveNode(node)

    def pointOn(self, volumeNode, prompt, place, isInObject):
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
        node = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLMarkupsFiducialNode", f"{roiNode.GetName()} {sign}")
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
