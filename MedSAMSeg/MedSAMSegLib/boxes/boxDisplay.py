"""New nodes for a box, whose markup is a frame in the views along its slice and in no others."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import slicer

# Percent of the view's size.
CENTER_DOT_SCALE = 0.01


def newNode(className: str) -> Any:
    """:return: a node that is in no scene yet, with the user's defaults for its class."""
    node = slicer.mrmlScene.CreateNodeByClass(className)
    node.UnRegister(None)
    return node


def newDisplayNode(color: Sequence[float], viewNodeIDs: Iterable[str]) -> slicer.vtkMRMLMarkupsROIDisplayNode:
    """:return: the display node of a new box, in no scene yet.

    :param color: red, green and blue of its segment.
    :param viewNodeIDs: IDs of the views that show it.
    """
    displayNode = newNode("vtkMRMLMarkupsROIDisplayNode")
    for setColor in (displayNode.SetColor, displayNode.SetSelectedColor, displayNode.SetActiveColor):
        setColor(color)
    displayNode.SetHandlesInteractive(False)
    displayNode.SetPropertiesLabelVisibility(False)
    displayNode.SetFillOpacity(0.05)
    # The dot in the middle would hide what was found.
    displayNode.SetUseGlyphScale(True)
    displayNode.SetGlyphScale(CENTER_DOT_SCALE)
    # Turned against the voxels, or as a slab in the 3D view, a box on one slice means nothing.
    displayNode.SetRotationHandleVisibility(False)
    displayNode.SetVisibility3D(False)
    # Across other views it would be a line of handles, and each view that shows a box takes time to build it.
    for viewNodeID in viewNodeIDs:
        displayNode.AddViewNodeID(viewNodeID)
    return displayNode
