"""What the scene shows of a box beside its own markup: points, and what is not the object."""


class BoxMarks:
    """Keeps both with their box.

    :param points: PointPrompts.
    :param excluded: ExcludedBoxes.
    """

    def __init__(self, points, excluded):
        self._points = points
        self._excluded = excluded

    def show(self, roiNode, volumeNode, prompt):
        """Make the scene show exactly the points of a prompt, and what it excludes.

        :param roiNode: the box's ROI markup.
        :param volumeNode: the volume that the box is on.
        :param prompt: the box's SlicePrompt.
        """
        self._points.show(roiNode, volumeNode, prompt)
        self._excluded.show(roiNode, volumeNode, prompt)

    def follow(self, roiNode, volumeNode, prompt):
        """Lay the marks of a box out where its voxels are now; arguments as for `show`."""
        self._points.follow(roiNode, volumeNode, prompt)
        self._excluded.show(roiNode, volumeNode, prompt)

    def nodes(self, roiNode):
        """:return: the markups that belong to a box."""
        return [*self._points.nodes(roiNode), *self._excluded.nodes(roiNode)]

    def remove(self, roiNode):
        """Take all marks of a box out of the scene."""
        self._points.remove(roiNode)
        self._excluded.remove(roiNode)

    def removeOrphans(self):
        """Take the marks of boxes that are gone out of the scene."""
        self._points.removeOrphans()
        self._excluded.removeOrphans()
