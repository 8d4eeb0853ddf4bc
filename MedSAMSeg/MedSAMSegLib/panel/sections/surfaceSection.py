"""Show the segments in 3D, or not."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import slicer

from MedSAMSegLib.panel.frame.panelSection import PanelSection

if TYPE_CHECKING:
    from MedSAMSegLib.panel.frame.panelSession import PanelSession


class SurfaceSection(PanelSection):
    """The button that makes and removes the surfaces of the segmentation.

    :param ui: the panel's widgets by name.
    :param session: the :class:`PanelSession`.
    """

    def __init__(self, ui: Any, session: PanelSession) -> None:
        super().__init__(ui, session)
        self.connect(ui.show3DButton, "clicked()", self._onClicked)

    def update(self) -> None:
        """Say whether there are surfaces; others may have made or removed them."""
        segmentation = self.session.parameters.segmentation
        self.ui.show3DButton.enabled = segmentation is not None
        self.ui.show3DButton.checked = segmentation is not None and _hasSurfaces(segmentation)

    def _onClicked(self):
        segmentation = self.session.parameters.segmentation
        if _hasSurfaces(segmentation):
            segmentation.RemoveClosedSurfaceRepresentation()
        else:
            segmentation.CreateClosedSurfaceRepresentation()
            _bringIntoSight()
        self.session.changed.emitNow()


def _hasSurfaces(segmentation):
    name = slicer.vtkSegmentationConverter.GetSegmentationClosedSurfaceRepresentationName()
    return segmentation.GetSegmentation().ContainsRepresentation(name)


def _bringIntoSight():
    layoutManager = slicer.app.layoutManager()
    if layoutManager is not None and layoutManager.threeDViewCount > 0:
        layoutManager.threeDWidget(0).threeDView().resetFocalPoint()
