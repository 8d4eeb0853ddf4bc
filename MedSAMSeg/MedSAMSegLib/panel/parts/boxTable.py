"""The list of boxes: where each is, which segment it is for, and the way to it."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import qt
from slicer.i18n import tr as _

from MedSAMSegLib.panel.frame.errorMessages import inUsersLanguage
from MedSAMSegLib.panel.parts.rowTable import setUpRows
from MedSAMSegLib.views.sliceJump import jumpToSlice
from MedSAMSegLib.volumes.sliceGeometry import SliceGeometry
from MedSAMSegLib.volumes.sliceNames import sliceName

if TYPE_CHECKING:
    import slicer

    from MedSAMSegLib.logicBoxes import BoxEntry
    from MedSAMSegLib.panel.frame.connections import Connections


class BoxTable:
    """Fills a table with boxes, and moves the views to the one that the user selects.

    :param connections: the :class:`Connections` of the panel.
    :param table: the QTableWidget.
    :param onDelete: called without arguments when the delete key is pressed.
    :param onSelection: called without arguments when another row, or none, is selected.
    """

    def __init__(
        self,
        connections: Connections,
        table: qt.QTableWidget,
        onDelete: Callable[..., None],
        onSelection: Callable[..., None],
    ) -> None:
        self._table = table
        self._onSelection = onSelection
        self._entries = []
        self._rows = []
        self._toSelect = None
        self._isFilling = False
        _setUp(table)
        connections.connect(table, "itemSelectionChanged()", self._onSelected)
        # A click on the row that is selected already leads to its slice, too.
        connections.connect(table, "itemClicked(QTableWidgetItem*)", self._onClicked)
        self._deleteKey = qt.QShortcut(table)
        self._deleteKey.setKey(qt.QKeySequence("Del"))
        self._deleteKey.setContext(qt.Qt.WidgetWithChildrenShortcut)
        connections.connect(self._deleteKey, "activated()", onDelete)

    @property
    def selected(self) -> BoxEntry | None:
        """The BoxEntry of the selected row, or None."""
        row = self._table.currentRow()
        isSelected = bool(self._table.selectedItems()) and 0 <= row < len(self._entries)
        return self._entries[row] if isSelected else None

    def selectNext(self, node: slicer.vtkMRMLMarkupsROINode) -> None:
        """Select a box when it is in the table next, without moving the views.

        :param node: the ROI markup of a box that is new in the scene.
        """
        self._toSelect = node

    def fill(
        self,
        geometry: SliceGeometry | None,
        segmentation: slicer.vtkMRMLSegmentationNode | None,
        entries: list[BoxEntry],
    ) -> None:
        """Show boxes; the selection stays with its box.

        :param geometry: :class:`SliceGeometry` of the volume; None where no entry is one that can be read.
        :param segmentation: the segmentation, or None.
        :param entries: the BoxEntries.
        """
        selected = self._toSelect or (self.selected and self.selected.node)
        self._entries = entries
        rows = [(entry.node.GetID(), *_texts(geometry, segmentation, entry)) for entry in entries]
        if rows != self._rows:
            self._rows = rows
            self._isFilling = True
            self._write(rows)
            nodes = [entry.node for entry in entries]
            if selected in nodes:
                self._toSelect = None
                self._table.selectRow(nodes.index(selected))
            else:
                self._table.setCurrentCell(-1, -1)
            self._isFilling = False
            self._onSelection()

    def _write(self, rows):
        self._table.setRowCount(len(rows))
        for number, (_nodeID, slicePlace, segmentName, toolTip) in enumerate(rows):
            for column, text in enumerate((slicePlace, segmentName)):
                item = qt.QTableWidgetItem(text)
                item.setToolTip(toolTip)
                self._table.setItem(number, column, item)

    def _onSelected(self):
        if not self._isFilling:
            self._jump()
            self._onSelection()

    def _onClicked(self, _item):
        self._jump()

    def _jump(self):
        entry = self.selected
        if entry is not None and not entry.problem and entry.node.GetScene() is not None:
            jumpToSlice(SliceGeometry(entry.volume), entry.prompt.axis, entry.prompt.sliceIndex)


def _setUp(table):
    setUpRows(table, [_("Slice"), _("Segment")])
    table.horizontalHeader().setStretchLastSection(True)


def _texts(geometry, segmentation, entry):
    """:return: (slice, segment, tool tip) of a row."""
    segment = segmentation.GetSegmentation().GetSegment(entry.segmentID)
    name = segment.GetName() if segment is not None else ""
    if entry.problem:
        return _("unknown"), name, inUsersLanguage(entry.problem)
    if entry.volume is not geometry.volumeNode:
        geometry = SliceGeometry(entry.volume)
    return sliceName(geometry, entry.prompt.axis, entry.prompt.sliceIndex), name, _("Click to see this slice")
