"""Boxes in the scene: one ROI markup each, tied to the segment that it belongs to."""

from __future__ import annotations

import contextlib
from collections.abc import Sequence

import numpy as np
import slicer

from MedSAMSegLib.boxes.boxAlignment import noteAlignment
from MedSAMSegLib.boxes.boxDisplay import newDisplayNode, newNode
from MedSAMSegLib.boxes.boxFrame import frameOf, isOnShownFrame, isOnSomeFrame, noteFrame
from MedSAMSegLib.boxes.boxMarkup import isHalfMoved, isLaidOut, layOut, readBack, readInWorld, renumbering
from MedSAMSegLib.boxes.storedBox import storedPrompt, storePrompt, storeRequest
from MedSAMSegLib.client.sliceProbability import DEFAULT_THRESHOLD
from MedSAMSegLib.errors import UserError
from MedSAMSegLib.segments.segmentChecks import presentSegment
from MedSAMSegLib.segments.segmentTarget import SegmentContext
from MedSAMSegLib.views.viewsAlongAxes import viewsAlongAxes
from MedSAMSegLib.volumes.nodeNames import nodeName
from MedSAMSegLib.volumes.obliqueStack import STACK_ATTRIBUTE, sourceOf, stackAt, textOf
from MedSAMSegLib.volumes.phases import NO_PHASES, Phases
from MedSAMSegLib.volumes.segmentableVolumes import checkVolume
from MedSAMSegLib.volumes.sliceGeometry import SliceGeometry
from MedSAMSegLib.volumes.slicePrompt import SlicePrompt

VOLUME_ROLE = "MedSAMSegVolume"
SEGMENTATION_ROLE = "MedSAMSegSegmentation"
SEGMENT_ATTRIBUTE = "MedSAMSeg.SegmentID"

# Markups keep positions in single precision; what differs by more than this, in pixels, was moved by somebody.
UNMOVED_TOLERANCE = 1e-3


class BoxPromptStore:
    """Keeps boxes as ROI markups, so that they can be dragged, saved with the scene and found again. ::

        store = BoxPromptStore()
        node = store.add(volumeNode, segmentationNode, segmentID, SlicePrompt(0, 24, (54, 160, 101, 204)))
        for node, prompt in store.list(segmentationNode, segmentID, volumeNode):
            ...

    A box belongs to the volume's voxels, and its markup follows them under any transform. Within them, the markup's
    place is the truth: a box that was dragged reads as where it is now. The exact numbers are kept beside it (see
    `storedBox`) and hold as long as the markup has not been dragged.
    """

    def __init__(self) -> None:
        #: The markup that is just being added; None at all other times.
        self.beingAdded: slicer.vtkMRMLMarkupsROINode | None = None
        self._readings = {}

    def add(
        self,
        volumeNode: slicer.vtkMRMLScalarVolumeNode,
        segmentationNode: slicer.vtkMRMLSegmentationNode,
        segmentID: str,
        prompt: SlicePrompt,
        window: str = "auto",
        model: str | None = None,
        threshold: float = DEFAULT_THRESHOLD,
        reach: int | None = None,
        phases: Phases = NO_PHASES,
        extent: tuple[int, int] | None = None,
        geometry: SliceGeometry | None = None,
    ) -> slicer.vtkMRMLMarkupsROINode:
        """Add a box to the scene.

        :param volumeNode: the volume that the box is on, or the stack.
        :param segmentationNode: the segmentation.
        :param segmentID: ID of the segment that the box is for.
        :param prompt: SlicePrompt with a box.
        :param window: what it was asked with, as for `storeRequest`; so is what follows it.
        :param geometry: SliceGeometry of the volume, where it is known already.
        :return: the new ROI markup.
        :raises UserError: if the volume or the segment is gone.
        """
        views = viewsAlongAxes(geometry or SliceGeometry(volumeNode))[prompt.axis]
        segment = presentSegment(segmentationNode, segmentID)
        # All is set before the node comes into the scene, where views would follow every single setting.
        roiNode = newNode("vtkMRMLMarkupsROINode")
        roiNode.SetName(slicer.mrmlScene.GenerateUniqueName(nodeName(f"{segment.GetName()} box")))
        source = sourceOf(volumeNode)
        roiNode.SetNodeReferenceID(VOLUME_ROLE, source.GetID())
        roiNode.SetAttribute(STACK_ATTRIBUTE, textOf(volumeNode))
        roiNode.SetNodeReferenceID(SEGMENTATION_ROLE, segmentationNode.GetID())
        roiNode.SetAttribute(SEGMENT_ATTRIBUTE, segmentID)
        roiNode.SetLocked(True)
        storePrompt(roiNode, prompt)
        storeRequest(roiNode, window, model, threshold, reach, phases, extent)
        noteAlignment(roiNode, volumeNode, segmentationNode)
        noteFrame(roiNode, source, segmentationNode)
        layOut(roiNode, volumeNode, prompt)
        displayNode = slicer.mrmlScene.AddNode(newDisplayNode(segment.GetColor(), views))
        roiNode.SetAndObserveDisplayNodeID(displayNode.GetID())
        self.beingAdded = roiNode
        try:
            slicer.mrmlScene.AddNode(roiNode)
        finally:
            self.beingAdded = None
        return roiNode

    def list(
        self,
        segmentationNode: slicer.vtkMRMLSegmentationNode,
        segmentID: str,
        volumeNode: slicer.vtkMRMLScalarVolumeNode | None = None,
    ) -> Sequence[tuple[slicer.vtkMRMLMarkupsROINode, SlicePrompt]]:
        """Find the boxes of a segment.

        :param segmentationNode: the segmentation.
        :param segmentID: ID of the segment; None for all segments.
        :param volumeNode: only boxes on the slices of this volume, or on the planes of this stack, if given.
        :return: [(ROI markup, SlicePrompt)], oldest first.
        :raises UserError: if a box was moved out of its volume, turned or flattened.
        """
        return [(roiNode, self.read(roiNode)) for roiNode in self.nodes(segmentationNode, segmentID, volumeNode)]

    def nodes(
        self,
        segmentationNode: slicer.vtkMRMLSegmentationNode,
        segmentID: str | None = None,
        volumeNode: slicer.vtkMRMLScalarVolumeNode | None = None,
        isAnyFrame: bool = False,
        withStacks: bool = False,
    ) -> Sequence[slicer.vtkMRMLMarkupsROINode]:
        """Find the ROI markups of a segment's boxes; arguments as for `list`.

        :param isAnyFrame: whether those on other frames of a sequence than the shown one are wanted as well.
        :param withStacks: whether those on planes of the volume's stacks are wanted as well.
        :return: the markups, oldest first.
        """
        return [
            roiNode
            for roiNode in slicer.util.getNodesByClass("vtkMRMLMarkupsROINode")
            if self.isBox(roiNode)
            and segmentID in (None, self.segmentID(roiNode))
            and self.segmentation(roiNode) is segmentationNode
            and self.source(roiNode) is not None
            and (volumeNode is None or self._isOn(roiNode, volumeNode, withStacks))
            and (isAnyFrame or isOnShownFrame(roiNode, self.source(roiNode)))
        ]

    @staticmethod
    def isBox(node: slicer.vtkMRMLNode) -> bool:
        """:return: whether a node of the scene is a box that a store made."""
        return node.IsA("vtkMRMLMarkupsROINode") and node.GetAttribute(SEGMENT_ATTRIBUTE) is not None

    @staticmethod
    def segmentID(roiNode: slicer.vtkMRMLMarkupsROINode) -> str:
        """:return: ID of the segment that a box is for."""
        return roiNode.GetAttribute(SEGMENT_ATTRIBUTE)

    @staticmethod
    def segmentation(roiNode: slicer.vtkMRMLMarkupsROINode) -> slicer.vtkMRMLSegmentationNode:
        """:return: the segmentation that a box is for, None if it is gone."""
        return roiNode.GetNodeReference(SEGMENTATION_ROLE)

    @staticmethod
    def source(roiNode: slicer.vtkMRMLMarkupsROINode) -> slicer.vtkMRMLScalarVolumeNode | None:
        """:return: the volume that a box was drawn on, None if it is gone."""
        return roiNode.GetNodeReference(VOLUME_ROLE)

    def volume(self, roiNode: slicer.vtkMRMLMarkupsROINode) -> slicer.vtkMRMLScalarVolumeNode | None:
        """:return: the volume whose slices a box is on, or the stack whose planes; None if the volume is gone."""
        source, text = self.source(roiNode), roiNode.GetAttribute(STACK_ATTRIBUTE)
        if source is None or text is None or source.GetImageData() is None:
            return source
        return stackAt(source, text)

    def _isOn(self, roiNode, volumeNode, withStacks):
        isOfSource = self.source(roiNode) is sourceOf(volumeNode)
        return isOfSource and (withStacks or roiNode.GetAttribute(STACK_ATTRIBUTE) == textOf(volumeNode))

    def context(self, roiNode: slicer.vtkMRMLMarkupsROINode) -> SegmentContext:
        """:return: the SegmentContext that a box is for; what is gone of it is None."""
        return SegmentContext(self.volume(roiNode), self.segmentation(roiNode), self.segmentID(roiNode))

    def isOrphan(self, roiNode: slicer.vtkMRMLMarkupsROINode) -> bool:
        """:return: whether the volume, the segmentation or the segment of a box is gone."""
        segmentationNode = self.segmentation(roiNode)
        return (
            self.source(roiNode) is None
            or segmentationNode is None
            or not isOnSomeFrame(segmentationNode, self.segmentID(roiNode))
        )

    def read(self, roiNode: slicer.vtkMRMLMarkupsROINode) -> SlicePrompt:
        """:return: the SlicePrompt that a markup shows now, clipped to the image, with the points that are stored."""
        # The panel reads all boxes whenever anything happens; most of them are where they were.
        state = _stateOf(roiNode, self.volume(roiNode))
        known = self._readings.get(roiNode.GetID())
        if known is None or known[0] != state:
            known = self._readings[roiNode.GetID()] = (state, self._read(roiNode))
        return known[1]

    def _read(self, roiNode):
        shown = self._shown(roiNode)
        return shown if shown == self._renumbered(roiNode) else SliceGeometry(self.volume(roiNode)).clip(shown)

    def _shown(self, roiNode):
        """:return: the SlicePrompt that a markup shows, not clipped; the stored one itself if nobody dragged it."""
        volumeNode = self.volume(roiNode)
        checkVolume(volumeNode)
        stored = self._renumbered(roiNode)
        # A transform that was hardened changes the markup's own numbers, and leaves it where it is in the world.
        for read in (readBack, readInWorld):
            with contextlib.suppress(UserError):
                if _isSame(stored, read(roiNode, volumeNode, stored.axis)):
                    return stored
        sliceIndex, *edges = readBack(roiNode, volumeNode, stored.axis)
        return stored.changed(sliceIndex=sliceIndex, box=tuple(edges))

    def follow(self, roiNode: slicer.vtkMRMLMarkupsROINode) -> bool:
        """Lay a markup out where its voxels are now, if a transform or the volume's own geometry has changed.

        :param roiNode: ROI markup made by `add`.
        :return: whether it was laid out anew.
        :raises UserError: if the volume is where no box can be, such as under a transform that is not linear.
        """
        volumeNode = self.volume(roiNode)
        if isLaidOut(roiNode, volumeNode):
            return False
        shown, stored = self._shown(roiNode), self._renumbered(roiNode)
        if shown != stored and isHalfMoved(roiNode, volumeNode):
            return False
        storePrompt(roiNode, stored)
        layOut(roiNode, volumeNode, shown)
        return True

    def showWithFrame(self, roiNode: slicer.vtkMRMLMarkupsROINode) -> None:
        """Show a box of a sequence while its frame is shown, and hide it on other frames."""
        if frameOf(roiNode) is None:
            return
        displayNode, isShown = roiNode.GetDisplayNode(), isOnShownFrame(roiNode, self.source(roiNode))
        if displayNode is not None and bool(displayNode.GetVisibility()) != isShown:
            displayNode.SetVisibility(isShown)

    def _renumbered(self, roiNode):
        """:return: the stored SlicePrompt, in the volume's voxel indices of now."""
        return storedPrompt(roiNode).renumbered(np.linalg.inv(renumbering(roiNode, self.volume(roiNode))))

    def update(self, roiNode: slicer.vtkMRMLMarkupsROINode, prompt: SlicePrompt) -> None:
        """Move a markup to another box.

        :param roiNode: ROI markup made by `add`.
        :param prompt: the new SlicePrompt.
        """
        storePrompt(roiNode, prompt)
        layOut(roiNode, self.volume(roiNode), prompt)

    def remove(self, roiNode: slicer.vtkMRMLMarkupsROINode) -> None:
        """Take a box out of the scene, if it is there."""
        if roiNode.GetScene() is not None:
            slicer.mrmlScene.RemoveNode(roiNode)

    def setEditable(self, roiNode: slicer.vtkMRMLMarkupsROINode, isEditable: bool) -> None:
        """Let the user drag a box by its handles, or keep it where it is.

        :param roiNode: ROI markup made by `add`.
        :param isEditable: whether handles are shown and the markup can be dragged.
        """
        displayNode = roiNode.GetDisplayNode()
        if displayNode.GetHandlesInteractive() != isEditable or roiNode.GetLocked() == isEditable:
            roiNode.SetLocked(not isEditable)
            displayNode.SetHandlesInteractive(isEditable)


def _isSame(prompt, numbers):
    sliceIndex, *edges = numbers
    largest = max(abs(a - b) for a, b in zip(prompt.box, edges, strict=True))
    return sliceIndex == prompt.sliceIndex and largest < UNMOVED_TOLERANCE


def _stateOf(roiNode, volumeNode):
    """:return: a value that changes whenever a box may have to be read again."""
    image = volumeNode.GetImageData() if volumeNode is not None else None
    nodes = [node for node in (roiNode, volumeNode) if node is not None]
    transforms = [node.GetParentTransformNode() for node in nodes]
    return (
        [(node.GetID(), node.GetMTime()) for node in nodes],
        [(node.GetID(), node.GetTransformToWorldMTime()) for node in transforms if node is not None],
        image and image.GetDimensions(),
    )
