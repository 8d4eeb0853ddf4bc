"""A sequence of segmentations that plays together with a sequence of images."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import slicer

from MedSAMSegLib.errors import UserError
from MedSAMSegLib.segments.segmentWriter import SegmentWriter
from MedSAMSegLib.slices.protectedSegments import acceptedSlices
from MedSAMSegLib.slices.sliceStates import SliceStates
from MedSAMSegLib.volumes.imageSequence import framesShownBy, sequenceShownBy
from MedSAMSegLib.volumes.nodeNames import nodeName

if TYPE_CHECKING:
    from MedSAMSegLib.volumes.imageSequence import ImageSequence


#: Tag of a segment on a frame that was never worked on there.
COPY_TAG = "MedSAMSeg.CopiedToFrame"


class SegmentationSequence:
    """Gives each frame of an image sequence a segmentation of its own; the segmentation in the scene shows them. ::

        frames = SegmentationSequence.make(images, segmentationNode, segmentID)
        frames.writer(3).write(segmentID, axis=0, sliceIndex=12, mask=mask, x0=54, y0=160, mode="replace")
        frames.showChanges()

    What is drawn while a frame is shown is kept with that frame: Slicer calls it "save changes". It is never switched
    off here: Slicer 5.12 then copies the shown frame onto itself, and empties it.

    :param images: :class:`ImageSequence`.
    :param segmentationNode: the segmentation that shows the frames.
    :param sequence: vtkMRMLSequenceNode of segmentations.
    """

    def __init__(
        self,
        images: ImageSequence,
        segmentationNode: slicer.vtkMRMLSegmentationNode,
        sequence: slicer.vtkMRMLSequenceNode,
    ) -> None:
        self.images = images
        self.segmentationNode = segmentationNode
        self.sequence = sequence

    @classmethod
    def of(cls, images: ImageSequence, segmentationNode: slicer.vtkMRMLSegmentationNode) -> SegmentationSequence | None:
        """:return: the SegmentationSequence that a segmentation shows a frame of; None if it is the same on all.

        :raises UserError: if it plays with other images.
        """
        browser, sequence = sequenceShownBy(segmentationNode)
        if sequence is None:
            return None
        if browser is not images.browser:
            raise UserError(
                f"The segmentation '{segmentationNode.GetName()}' plays with other images than"
                f" '{images.volumeNode.GetName()}'.",
                "Choose or create another segmentation for these.",
                "other_sequence",
            )
        return cls(images, segmentationNode, sequence)

    @classmethod
    def make(
        cls, images: ImageSequence, segmentationNode: slicer.vtkMRMLSegmentationNode, segmentID: str
    ) -> SegmentationSequence:
        """Give each frame a copy of a segmentation; a segment stays on the shown frame alone.

        Other segments were seen on every frame, and stay on every frame.

        :param images: :class:`ImageSequence`.
        :param segmentationNode: the segmentation, of no sequence.
        :param segmentID: ID of the segment that is about to be followed.
        """
        sequence = slicer.mrmlScene.AddNewNodeByClass(
            "vtkMRMLSequenceNode", nodeName(f"{segmentationNode.GetName()} frames")
        )
        sequence.CopySequenceIndex(images.sequence)
        # Empty at first: of one with frames, Slicer would show a second segmentation. The shown frame is the first.
        slicer.modules.sequences.logic().AddSynchronizedNode(sequence, segmentationNode, images.browser)
        images.browser.SetSaveChanges(sequence, True)
        shown = images.shownFrame
        for number in sorted(range(images.frameCount), key=lambda number: number != shown):
            frame = sequence.SetDataNodeAtValue(segmentationNode, images.value(number))
            if number != shown:
                cls._clear(frame, segmentID)
                _markCopies(frame)
        # The name is the user's, and no title of a frame.
        images.browser.SetOverwriteProxyName(sequence, False)
        return cls(images, segmentationNode, sequence)

    def frame(self, number: int) -> slicer.vtkMRMLSegmentationNode:
        """:return: the vtkMRMLSegmentationNode of a frame, made where the images have gained one since.

        :param number: number of the frame, from 0.
        """
        value = self.images.value(number)
        frame = self.sequence.GetDataNodeAtValue(value) or self._addFrame(value)
        self._addMissingSegments(frame)
        return frame

    def writer(self, number: int) -> SegmentWriter:
        """:return: a SegmentWriter of a frame's segmentation, under the same rules as for a segmentation in the scene.

        :param number: number of the frame, from 0.
        """
        return SegmentWriter(self.frame(number), self.images.volumeNode, acceptedSlices)

    def takeCopiesOut(self, segmentID: str, axis: int, onFrame: Callable[[int], None]) -> None:
        """Empty a segment that is about to be followed on the frames that it was only copied to and nobody touched.

        :param segmentID: ID of the segment.
        :param axis: array axis of its slices.
        :param onFrame: called with the number of each frame before it is changed.
        """
        for number in range(self.images.frameCount):
            frame = self.frame(number)
            segment = frame.GetSegmentation().GetSegment(segmentID)
            if number == self.images.shownFrame or not segment.HasTag(COPY_TAG):
                continue
            onFrame(number)
            segment.RemoveTag(COPY_TAG)
            states = SliceStates(frame, segmentID, self.images.volumeNode, axis).states()
            if not any(state.isLocked for state in states.values()):
                self._clear(frame, segmentID)

    def checkWritable(self, segmentID: str) -> None:
        """:raises UserError: if a segment cannot be written, such as because it is hidden."""
        SegmentWriter(self.segmentationNode, self.images.volumeNode).check(segmentID)

    def showChanges(self) -> None:
        """Show what was written into the frame that is shown."""
        slicer.modules.sequences.logic().UpdateProxyNodesFromSequences(self.images.browser)

    def _addFrame(self, value):
        frame = self.sequence.SetDataNodeAtValue(self.segmentationNode, value)
        for segmentID in frame.GetSegmentation().GetSegmentIDs():
            self._clear(frame, segmentID)
        return frame

    def _addMissingSegments(self, frame):
        """Give a frame the segments that were added while another one was shown."""
        shown = self.segmentationNode.GetSegmentation()
        for segmentID in shown.GetSegmentIDs():
            if frame.GetSegmentation().GetSegment(segmentID) is None:
                frame.GetSegmentation().AddSegment(_emptyLike(shown.GetSegment(segmentID)), segmentID)

    @staticmethod
    def _clear(frame, segmentID):
        """Take a segment's voxels, and what is known of them, out of a frame."""
        segmentation = frame.GetSegmentation()
        empty = _emptyLike(segmentation.GetSegment(segmentID))
        position = segmentation.GetSegmentIndex(segmentID)
        segmentation.RemoveSegment(segmentID)
        segmentation.AddSegment(empty, segmentID)
        segmentation.SetSegmentIndex(segmentID, position)


def _markCopies(frame):
    """Note that what the segments of a frame hold was copied from the frame that was shown."""
    for segmentID in frame.GetSegmentation().GetSegmentIDs():
        frame.GetSegmentation().GetSegment(segmentID).SetTag(COPY_TAG, "1")


def removeFromFrames(segmentationNode: slicer.vtkMRMLSegmentationNode, segmentID: str) -> None:
    """Remove a segment from all frames that a segmentation in the scene shows; from none if it shows no frames."""
    for frame in framesShownBy(segmentationNode):
        segmentation = frame.GetSegmentation()
        if segmentation.GetSegment(segmentID) is not None:
            segmentation.RemoveSegment(segmentID)


def _emptyLike(segment):
    empty = slicer.vtkSegment()
    empty.SetName(segment.GetName())
    empty.SetColor(segment.GetColor())
    return empty
