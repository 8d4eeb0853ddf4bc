"""What lies in a box and is not the object: boxes in a box, shown in red, and the rules for them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import slicer

from MedSAMSegLib.boxes.boxMarkup import layOut
from MedSAMSegLib.boxes.pointStore import BESIDE_OBJECT, BOX_ROLE, COLORS
from MedSAMSegLib.errors import UserError
from MedSAMSegLib.volumes.nodeNames import nodeName

if TYPE_CHECKING:
    from MedSAMSegLib.volumes.slicePrompt import SlicePrompt

EXCLUDED_ATTRIBUTE = "MedSAMSeg.Excluded"

#: As many as the server takes.
MOST_EXCLUDED = 16


class ExcludedBoxes:
    """Shows what is excluded from boxes as locked ROI markups. What counts is stored with the box itself. ::

    excluded = ExcludedBoxes()
    excluded.show(roiNode, volumeNode, prompt.changed(exclude=((70.0, 175.0, 85.0, 190.0),)))
    """

    def show(
        self, roiNode: slicer.vtkMRMLMarkupsROINode, volumeNode: slicer.vtkMRMLVolumeNode, prompt: SlicePrompt
    ) -> None:
        """Make the scene show exactly what a prompt excludes.

        :param roiNode: the box's ROI markup.
        :param volumeNode: the volume that the box is on.
        :param prompt: the box's SlicePrompt.
        """
        nodes = self.nodes(roiNode)
        for node in nodes[len(prompt.exclude) :]:
            slicer.mrmlScene.RemoveNode(node)
        for number, box in enumerate(prompt.exclude):
            node = nodes[number] if number < len(nodes) else _add(roiNode)
            layOut(node, volumeNode, prompt.changed(box=box, exclude=()))

    def nodes(self, roiNode: slicer.vtkMRMLMarkupsROINode) -> list:
        """:return: the markups of what is excluded from a box, in its order."""
        return [node for node in _allNodes() if node.GetNodeReferenceID(BOX_ROLE) == roiNode.GetID()]

    def remove(self, roiNode: slicer.vtkMRMLMarkupsROINode) -> None:
        """Take all of a box's markups out of the scene."""
        for node in self.nodes(roiNode):
            slicer.mrmlScene.RemoveNode(node)

    def removeOrphans(self) -> None:
        """Take the markups of boxes that are gone out of the scene."""
        for node in _allNodes():
            if node.GetNodeReference(BOX_ROLE) is None and node.GetScene() is not None:
                slicer.mrmlScene.RemoveNode(node)


def withExcluded(prompt: SlicePrompt, place: SlicePrompt) -> SlicePrompt:
    """:return: a box's SlicePrompt that excludes one box more.

    :param prompt: the box's SlicePrompt.
    :param place: SlicePrompt of the box to be excluded.
    :raises UserError: when that is on another slice, outside of the box, or covers it, or there are too many.
    """
    if (place.axis, place.sliceIndex) != (prompt.axis, prompt.sliceIndex):
        raise UserError(
            f"What is not the object was marked on slice {place.sliceIndex}, but the box is on slice"
            f" {prompt.sliceIndex}.",
            "Draw it on the slice of the box.",
            "exclude_outside_slice",
        )
    if not _overlaps(prompt.box, place.box):
        raise UserError(
            "What is not the object was marked outside of the object's box.",
            "Draw it round something inside of the box.",
            "exclude_outside_box",
        )
    if _covers(place.box, prompt.box):
        raise UserError(
            "What is not the object covers all of the object's box, so nothing would be left.",
            "Draw it round what is inside alone.",
            "exclude_covers_box",
        )
    if len(prompt.exclude) == MOST_EXCLUDED:
        raise UserError(
            f"The box has {MOST_EXCLUDED} excluded parts already.",
            "Exclude what is largest, and correct the rest by hand.",
            "exclude_too_many",
        )
    return prompt.changed(exclude=(*prompt.exclude, place.box))


def fitting(prompt: SlicePrompt) -> SlicePrompt:
    """:return: a SlicePrompt without what it excludes that is no part of its box any more, since that was moved."""
    fits = [box for box in prompt.exclude if _overlaps(prompt.box, box) and not _covers(box, prompt.box)]
    return prompt.changed(exclude=tuple(fits))


def _overlaps(first, second):
    return first[0] < second[2] and second[0] < first[2] and first[1] < second[3] and second[1] < first[3]


def _covers(outer, inner):
    return outer[0] <= inner[0] and outer[1] <= inner[1] and outer[2] >= inner[2] and outer[3] >= inner[3]


def _allNodes():
    nodes = slicer.util.getNodesByClass("vtkMRMLMarkupsROINode")
    return [node for node in nodes if node.GetAttribute(EXCLUDED_ATTRIBUTE) is not None]


def _add(roiNode):
    node = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLMarkupsROINode", nodeName(f"{roiNode.GetName()}: not this"))
    node.SetNodeReferenceID(BOX_ROLE, roiNode.GetID())
    node.SetAttribute(EXCLUDED_ATTRIBUTE, "1")
    node.SetLocked(True)
    node.CreateDefaultDisplayNodes()
    displayNode, boxDisplay = node.GetDisplayNode(), roiNode.GetDisplayNode()
    for setColor in (displayNode.SetColor, displayNode.SetSelectedColor, displayNode.SetActiveColor):
        setColor(COLORS[BESIDE_OBJECT])
    displayNode.SetHandlesInteractive(False)
    displayNode.SetPropertiesLabelVisibility(False)
    displayNode.SetFillOpacity(0.0)
    displayNode.SetUseGlyphScale(True)
    displayNode.SetGlyphScale(boxDisplay.GetGlyphScale())
    displayNode.SetVisibility3D(False)
    for number in range(boxDisplay.GetNumberOfViewNodeIDs()):
        displayNode.AddViewNodeID(boxDisplay.GetNthViewNodeID(number))
    return node
