"""A volume that shows one frame of a sequence after the other: cine MR, ultrasound, endoscopy, 4D CT."""

from __future__ import annotations

from typing import Any

import numpy as np
import slicer

from MedSAMSegLib.errors import UserError
from MedSAMSegLib.volumes.voxelPlaces import IJKToRASOf


def sequenceShownBy(node: slicer.vtkMRMLNode | None) -> tuple[Any, Any]:
    """Find the sequence whose frames a node of the scene shows.

    :param node: a volume, a segmentation, or None.
    :return: (vtkMRMLSequenceBrowserNode, vtkMRMLSequenceNode), both None for a node that stands alone.
    """
    for browser in slicer.util.getNodesByClass("vtkMRMLSequenceBrowserNode") if node is not None else ():
        sequence = browser.GetSequenceNode(node)
        if sequence is not None:
            return browser, sequence
    return None, None


def framesShownBy(node: slicer.vtkMRMLNode) -> list[slicer.vtkMRMLNode]:
    """:return: the nodes of all frames of the sequence whose frames a node shows; none for one that stands alone.

    :param node: a volume or a segmentation.
    """
    _browser, sequence = sequenceShownBy(node)
    count = sequence.GetNumberOfDataNodes() if sequence is not None else 0
    return [sequence.GetNthDataNode(number) for number in range(count)]


class ImageSequence:
    """The frames of a sequence, and the volume that shows one of them at a time (Slicer's "proxy node"). ::

        images = ImageSequence.of(volumeNode)
        film = images.film(axis=0, sliceIndex=12)
        images.show(3)

    :param volumeNode: the volume that shows the frames.
    :param browser: the vtkMRMLSequenceBrowserNode that chooses the frame.
    :param sequence: the vtkMRMLSequenceNode that holds the frames.
    """

    def __init__(
        self,
        volumeNode: slicer.vtkMRMLScalarVolumeNode,
        browser: slicer.vtkMRMLSequenceBrowserNode,
        sequence: slicer.vtkMRMLSequenceNode,
    ) -> None:
        self.volumeNode = volumeNode
        self.browser = browser
        self.sequence = sequence

    @classmethod
    def of(cls, volumeNode: slicer.vtkMRMLScalarVolumeNode | None) -> ImageSequence | None:
        """:return: the ImageSequence that a volume shows a frame of; None for a volume that stands alone."""
        browser, sequence = sequenceShownBy(volumeNode)
        return cls(volumeNode, browser, sequence) if sequence is not None and sequence.GetNumberOfDataNodes() else None

    @property
    def frameCount(self) -> int:
        """Number of frames."""
        return self.sequence.GetNumberOfDataNodes()

    @property
    def shownFrame(self) -> int:
        """Number of the frame that is shown, from 0."""
        return self.sequence.GetItemNumberFromIndexValue(self._shownValue, False)

    def show(self, frame: int) -> None:
        """Show a frame in all views.

        :param frame: its number, from 0.
        """
        self.browser.SetSelectedItemNumber(self._masterItem(self.value(frame)))

    def value(self, frame: int) -> str:
        """:return: the index value of a frame, such as "0.04": it stays the same when frames are added or removed.

        :param frame: its number, from 0.
        """
        return self.sequence.GetNthIndexValue(frame)

    def number(self, value: str) -> int:
        """:return: number of the frame of an index value, from 0; -1 where there is none any more.

        :param value: as `value` returns it.
        """
        return self.sequence.GetItemNumberFromIndexValue(value, False)

    def title(self, frame: int) -> str:
        """:return: what to call a frame, such as "4 of 25 (0.12 s)".

        :param frame: its number, from 0.
        """
        unit = self.sequence.GetIndexUnit()
        value = f"{self.value(frame)} {unit}".strip() if unit else ""
        return f"{frame + 1} of {self.frameCount}" + (f" ({value})" if value else "")

    def film(self, axis: int, sliceIndex: int) -> np.ndarray:
        """Lay the same slice of all frames behind each other; :meth:`check` tells whether that can be done.

        :param axis: array axis of the slice.
        :param sliceIndex: its index.
        :return: array (frames, rows, columns), with a last axis of colors for color images; the frames' own type.
        """
        arrays = [slicer.util.arrayFromVolume(self._frame(number)) for number in range(self.frameCount)]
        return np.stack([array.take(sliceIndex, axis) for array in arrays])

    def check(self) -> None:
        """:raises UserError: if a frame has other voxels, or lies elsewhere, than the one that is shown."""
        for number in range(self.frameCount):
            self._checkAlike(number, self._frame(number))

    def _frame(self, number):
        return self.sequence.GetNthDataNode(number)

    def _checkAlike(self, number, frame):
        shown = self.volumeNode
        image = frame.GetImageData()
        isAlike = (
            image is not None
            and image.GetDimensions() == shown.GetImageData().GetDimensions()
            and image.GetNumberOfScalarComponents() == shown.GetImageData().GetNumberOfScalarComponents()
            and np.allclose(IJKToRASOf(frame), IJKToRASOf(shown), atol=1e-3)
        )
        if not isAlike:
            raise UserError(
                f"Frame {self.title(number)} of '{shown.GetName()}' has other voxels than the frame that is shown,"
                " or they lie elsewhere.",
                "Follow the object within one frame, or resample the frames to one geometry first.",
                "frames_differ",
            )

    @property
    def _shownValue(self):
        master = self.browser.GetMasterSequenceNode()
        return master.GetNthIndexValue(self.browser.GetSelectedItemNumber())

    def _masterItem(self, value):
        return self.browser.GetMasterSequenceNode().GetItemNumberFromIndexValue(value, False)
