"""What the scene shows of a box beside its own markup: points, and what is not the object."""

from __future__ import annotations

from typing import TYPE_CHECKING

import slicer

if TYPE_CHECKING:
    from MedSAMSegLib.boxes.excludedBoxes import ExcludedBoxes
    from MedSAMSegLib.boxes.pointStore import PointPrompts
    from MedSAMSegLib.volumes.slicePrompt import SlicePrompt


class BoxMarks:
    """Keeps both with their box.

    :param points: PointPrompts.
    :param excluded: ExcludedBoxes.
    """

    def __init__(self, points: PointPrompts, excluded: ExcludedBoxes) -> None:
        self._points = points
        self._excluded = excluded

    def show(
        self, roiNode: slicer.vtkMRMLMarkupsROINode, volumeNode: slicer.vtkMRMLVolumeNode, prompt: SlicePrompt
    ) -> None:
        """Make the scene show exactly the points of a prompt, and what it excludes.

        :param roiNode: the box's ROI markup.
        :param volumeNode: the volume that the box is on.
        :param prompt: the box's SlicePrompt.
        """
        self._points.show(roiNode, volumeNode, prompt)
        self._excluded.show(roiNode, volumeNode, prompt)

    def follow(
        self, roiNode: slicer.vtkMRMLMarkupsROINode, volumeNode: slicer.vtkMRMLVolumeNode, prompt: SlicePrompt
    ) -> None:
        """Lay the marks of a box out where its voxels are now; arguments as for `show`."""
        self._points.follow(roiNode, volumeNode, prompt)
        self._excluded.show(roiNode, volumeNode, prompt)

    def nodes(self, roiNode: slicer.vtkMRMLMarkupsROINode) -> list:
        """:return: the markups that belong to a box."""
        return [*self._points.nodes(roiNode), *self._excluded.nodes(roiNode)]

    def remove(self, roiNode: slicer.vtkMRMLMarkupsROINode) -> None:
        """Take all marks of a box out of the scene."""
        self._points.remove(roiNode)
        self._excluded.remove(roiNode)

    def removeOrphans(self) -> None:
        """Take the marks of boxes that are gone out of the scene."""
        self._points.removeOrphans()
        self._excluded.removeOrphans()
