"""A module in the place of Slicer's Segment Editor: it takes what its node says, as the real one does."""

import slicer
from slicer.ScriptedLoadableModule import ScriptedLoadableModule, ScriptedLoadableModuleWidget


class SegmentEditor(ScriptedLoadableModule):
    """Module description."""

    def __init__(self, parent):
        ScriptedLoadableModule.__init__(self, parent)
        parent.title = "Segment Editor"


class SegmentEditorWidget(ScriptedLoadableModuleWidget):
    """Notes what it would show when it is entered."""

    def enter(self):
        """Take the node of the scene."""
        node = slicer.mrmlScene.GetSingletonNode("SegmentEditor", "vtkMRMLSegmentEditorNode")
        self.shown = (node.GetSegmentationNode(), node.GetSourceVolumeNode(), node.GetSelectedSegmentID())

    def exit(self):
        """Another module is shown."""
