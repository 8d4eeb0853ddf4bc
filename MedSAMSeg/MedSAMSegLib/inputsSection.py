"""Volume, segmentation and window."""

import slicer
from slicer.i18n import tr as _

from .panelSection import PanelSection

#: Parameters that a widget shows as they are; Slicer keeps both the same.
BOUND_PARAMETERS = {"volume": "volumeSelector", "segmentation": "segmentationSelector", "window": "windowComboBox"}


class InputsSection(PanelSection):
    """What is segmented, and where results go.

    :param ui: the panel's widgets by name.
    :param session: the :class:`PanelSession`.
    """

    def __init__(self, ui, session):
        super().__init__(ui, session)
        self._guiTag = None
        ui.segmentationSelector.connect("nodeAddedByUser(vtkMRMLNode*)", self._onSegmentationAdded)

    def enter(self):
        """Preselect what the user looks at."""
        self._chooseVolume()

    def useScene(self):
        """Show the scene's settings."""
        self._chooseVolume()
        widgets = {name: getattr(self.ui, widgetName) for name, widgetName in BOUND_PARAMETERS.items()}
        self._guiTag = self.session.parameters.connectParametersToGui(widgets)

    def forgetScene(self):
        """Let go of the settings."""
        self.session.parameters.disconnectGui(self._guiTag)

    def update(self):
        """Say how to begin."""
        if self.session.parameters.volume is None:
            self.session.say(_("Load a volume to begin."))

    def _chooseVolume(self):
        parameters = self.session.parameters
        if parameters is not None and parameters.volume is None:
            parameters.volume = _volumeInViews()

    def _onSegmentationAdded(self, node):
        # A node that the selector made has no geometry yet.
        volume = self.session.parameters.volume
        if volume is not None:
            with self.session.sayingErrors():
                self.session.logic.adoptGeometry(node, volume)


def _volumeInViews():
    """Return the volume that the first slice view with one shows, or None."""
    for node in slicer.util.getNodesByClass("vtkMRMLSliceCompositeNode"):
        volume = slicer.mrmlScene.GetNodeByID(node.GetBackgroundVolumeID() or "")
        if volume is not None:
            return volume
    return None
