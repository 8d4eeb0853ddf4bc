"""Boxes in the scene: one ROI markup each, tied to the segment that it belongs to."""

import json

import slicer

from .boxMarkup import layOut, readBack
from .boxPrompt import BoxPrompt
from .errors import UserError
from .sliceGeometry import SliceGeometry

VOLUME_ROLE = "MedSAMSegVolume"
SEGMENTATION_ROLE = "MedSAMSegSegmentation"
SEGMENT_ATTRIBUTE = "MedSAMSeg.SegmentID"
BOX_ATTRIBUTE = "MedSAMSeg.Box"

# Markups keep positions in single precision; what differs by more than this, in pixels, was moved by somebody.
UNMOVED_TOLERANCE = 1e-3


class BoxPromptStore:
    """Keeps boxes as ROI markups, so that they can be dragged, saved with the scene and found again. ::

        store = BoxPromptStore()
        node = store.add(volumeNode, segmentationNode, segmentID, BoxPrompt(0, 24, 54, 160, 101, 204))
        for node, prompt in store.list(segmentationNode, segmentID, volumeNode):
            ...

    The markup's place is the truth: a box that was dragged reads as where it is now. The exact numbers are kept beside
    it and hold as long as the markup has not been moved.
    """

    def add(self, volumeNode, segmentationNode, segmentID, prompt):
        """Add a box to the scene.

        :param volumeNode: the volume that the box is on.
        :param segmentationNode: the segmentation.
        :param segmentID: ID of the segment that the box is for.
        :param prompt: BoxPrompt.
        :return: the new ROI markup.
        :raises UserError: if the volume or the segment is gone.
        """
        SliceGeometry(volumeNode)
        segment = segmentationNode.GetSegmentation().GetSegment(segmentID) if segmentationNode.GetScene() else None
        if segment is None:
            raise UserError(
                f"The segment '{segmentID}' is not in the segmentation '{segmentationNode.GetName()}'.",
                "It may have been deleted: choose or add another one.",
                "segment_missing",
            )
        name = slicer.mrmlScene.GenerateUniqueName(f"{segment.GetName()} box")
        roiNode = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLMarkupsROINode", name)
        roiNode.SetNodeReferenceID(VOLUME_ROLE, volumeNode.GetID())
        roiNode.SetNodeReferenceID(SEGMENTATION_ROLE, segmentationNode.GetID())
        roiNode.SetAttribute(SEGMENT_ATTRIBUTE, segmentID)
        _setUpDisplay(roiNode, segment.GetColor())
        self.setEditable(roiNode, False)
        self.update(roiNode, prompt)
        return roiNode

    def list(self, segmentationNode, segmentID, volumeNode=None):
        """Find the boxes of a segment.

        :param segmentationNode: the segmentation.
        :param segmentID: ID of the segment.
        :param volumeNode: only boxes on this volume, if given.
        :return: [(ROI markup, BoxPrompt)], oldest first.
        :raises UserError: if a box was moved out of its volume, turned or flattened.
        """
        return [
            (roiNode, self.read(roiNode))
            for roiNode in slicer.util.getNodesByClass("vtkMRMLMarkupsROINode")
            if roiNode.GetAttribute(SEGMENT_ATTRIBUTE) == segmentID
            and roiNode.GetNodeReference(SEGMENTATION_ROLE) is segmentationNode
            and roiNode.GetNodeReference(VOLUME_ROLE) is not None
            and volumeNode in (None, roiNode.GetNodeReference(VOLUME_ROLE))
        ]

    def read(self, roiNode):
        """:return: the BoxPrompt that a markup shows now, clipped to the image."""
        volumeNode = roiNode.GetNodeReference(VOLUME_ROLE)
        geometry = SliceGeometry(volumeNode)
        stored = json.loads(roiNode.GetAttribute(BOX_ATTRIBUTE))
        shown = BoxPrompt(stored["axis"], *readBack(roiNode, volumeNode, stored["axis"]))
        differences = [abs(a - b) for a, b in zip(shown.box, stored["box"], strict=True)]
        if shown.sliceIndex == stored["slice"] and max(differences) < UNMOVED_TOLERANCE:
            return BoxPrompt(stored["axis"], stored["slice"], *stored["box"])
        return geometry.clip(shown)

    def update(self, roiNode, prompt):
        """Move a markup to another box.

        :param roiNode: ROI markup made by `add`.
        :param prompt: the new BoxPrompt.
        """
        stored = {"axis": prompt.axis, "slice": prompt.sliceIndex, "box": [float(edge) for edge in prompt.box]}
        roiNode.SetAttribute(BOX_ATTRIBUTE, json.dumps(stored))
        layOut(roiNode, roiNode.GetNodeReference(VOLUME_ROLE), prompt)

    def remove(self, roiNode):
        """Take a box out of the scene."""
        slicer.mrmlScene.RemoveNode(roiNode)

    def setEditable(self, roiNode, isEditable):
        """Let the user drag a box by its handles, or keep it where it is.

        :param roiNode: ROI markup made by `add`.
        :param isEditable: whether handles are shown and the markup can be dragged.
        """
        roiNode.SetLocked(not isEditable)
        roiNode.GetDisplayNode().SetHandlesInteractive(isEditable)


def _setUpDisplay(roiNode, color):
    roiNode.CreateDefaultDisplayNodes()
    displayNode = roiNode.GetDisplayNode()
    for setColor in (displayNode.SetColor, displayNode.SetSelectedColor, displayNode.SetActiveColor):
        setColor(color)
    displayNode.SetPropertiesLabelVisibility(False)
    displayNode.SetFillOpacity(0.05)
    # Turned against the voxels, or as a slab in the 3D view, a box on one slice means nothing.
    displayNode.SetRotationHandleVisibility(False)
    displayNode.SetVisibility3D(False)
