"""The segments, and which of them receives results."""

from .panelSection import PanelSection


class SegmentsSection(PanelSection):
    """The table of segments with the buttons below it.

    :param ui: the panel's widgets by name.
    :param session: the :class:`PanelSession`.
    """

    def __init__(self, ui, session):
        super().__init__(ui, session)
        ui.addSegmentButton.connect("clicked()", self._onAdd)
        ui.segmentsTable.connect("selectionChanged(QItemSelection,QItemSelection)", self._onSelected)

    def update(self):
        """Follow the chosen segmentation."""
        table, parameters = self.ui.segmentsTable, self.session.parameters
        if table.segmentationNode() is not parameters.segmentation:
            table.setSegmentationNode(parameters.segmentation)
        if tuple(table.selectedSegmentIDs()) != (parameters.segmentID,):
            table.setSelectedSegmentIDs([parameters.segmentID])
        self.ui.addSegmentButton.enabled = parameters.volume is not None

    def _onAdd(self):
        with self.session.sayingErrors():
            self.session.addSegment()

    def _onSelected(self, selected=None, deselected=None):
        segmentIDs = self.ui.segmentsTable.selectedSegmentIDs()
        if segmentIDs and self.session.parameters is not None:
            self.session.parameters.segmentID = segmentIDs[0]
