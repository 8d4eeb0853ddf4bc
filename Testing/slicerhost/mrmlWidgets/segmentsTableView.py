"""The table of a segmentation's segments."""

import slicer
import vtk
from PySide6 import QtCore, QtGui

from slicerhost.mrmlWidgets.mrmlWidget import qMRMLWidget
from slicerhost.mrmlWidgets.segmentsModel import COLOR, NAME, VISIBILITY, qMRMLSegmentsModel
from slicerhost.mrmlWidgets.terminologyWindow import TerminologyWindow
from slicerhost.pythonQt import qt
from slicerhost.pythonQt.classes import standIn
from slicerhost.pythonQt.observations import Observations

SWATCH_SIZE = 14
_Segmentation = slicer.vtkSegmentation
_ID = QtCore.Qt.ItemDataRole.UserRole


def _columnProperty(column):
    def read(self):
        return not self._table.isColumnHidden(column)

    def write(self, visible):
        self._table.setColumnHidden(column, not visible)

    return QtCore.Property(bool, read, write), write


def _ignoredOption(name):
    """A property of a column or bar that the host does not draw."""

    def read(self):
        return self._ignored.get(name, False)

    def write(self, value):
        self._ignored[name] = value

    return QtCore.Property(bool, read, write), write


@standIn
class qMRMLSegmentsTableView(qMRMLWidget):
    """Stands in for qMRMLSegmentsTableView: visibility, color and name; names can be edited, visibility clicked.

    A double-click on a color opens the window for terminology.
    """

    selectionChanged = QtCore.Signal(QtCore.QItemSelection, QtCore.QItemSelection)
    segmentAboutToBeModified = QtCore.Signal(str)

    def __init__(self, parent=None):
        super().__init__(parent)
        self._node = None
        self._nodeObservations = Observations(self)
        self._isFilling = False
        self._ignored = {}
        self._model = qMRMLSegmentsModel(self)
        self._table = qt.QTableWidget(0, 3)
        self._table.setHorizontalHeaderLabels(["", "", "Name"])
        self._table.horizontalHeader().stretchLastSection = True
        self._table.verticalHeader().hide()
        self._table.setColumnWidth(VISIBILITY, 32)
        self._table.setColumnWidth(COLOR, 32)
        self._table.selectionBehavior = qt.QAbstractItemView.SelectRows
        self._table.selectionMode = qt.QAbstractItemView.ExtendedSelection
        layout = qt.QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self._table)
        self._table.connect("itemChanged(QTableWidgetItem*)", self._onItemChanged)
        self._table.connect("doubleClicked(QModelIndex)", self._onDoubleClicked)
        selectionModel = self._table.selectionModel()
        selectionModel.connect("selectionChanged(QItemSelection,QItemSelection)", self._onSelectionChanged)

    visibilityColumnVisible, setVisibilityColumnVisible = _columnProperty(VISIBILITY)
    colorColumnVisible, setColorColumnVisible = _columnProperty(COLOR)
    opacityColumnVisible, setOpacityColumnVisible = _ignoredOption("opacityColumnVisible")
    statusColumnVisible, setStatusColumnVisible = _ignoredOption("statusColumnVisible")
    layerColumnVisible, setLayerColumnVisible = _ignoredOption("layerColumnVisible")
    filterBarVisible, setFilterBarVisible = _ignoredOption("filterBarVisible")
    jumpToSelectedSegmentEnabled, setJumpToSelectedSegmentEnabled = _ignoredOption("jumpToSelectedSegmentEnabled")

    def _useTerminologySelector(self):
        return self._ignored.get("useTerminologySelector", True)

    def setUseTerminologySelector(self, useTerminologySelector):
        self._ignored["useTerminologySelector"] = useTerminologySelector

    useTerminologySelector = QtCore.Property(bool, _useTerminologySelector, setUseTerminologySelector)

    def _selectionMode(self):
        return int(self._table.selectionMode.value)

    def setSelectionMode(self, mode):
        self._table.selectionMode = qt.QAbstractItemView.SelectionMode(mode)

    selectionMode = QtCore.Property(int, _selectionMode, setSelectionMode)

    def _headerVisible(self):
        return not self._table.horizontalHeader().isHidden()

    def setHeaderVisible(self, visible):
        self._table.horizontalHeader().setVisible(visible)

    headerVisible = QtCore.Property(bool, _headerVisible, setHeaderVisible)

    def _readOnly(self):
        return self._ignored.get("readOnly", False)

    def setReadOnly(self, readOnly):
        self._ignored["readOnly"] = readOnly
        self._rebuild()

    readOnly = QtCore.Property(bool, _readOnly, setReadOnly)
    segmentCount = QtCore.Property(int, lambda self: self._table.rowCount)

    def tableWidget(self):
        """:return: the table inside."""
        return self._table

    def model(self):
        """:return: qMRMLSegmentsModel, which knows the columns."""
        return self._model

    def segmentationNode(self):
        """:return: the segmentation, or None."""
        return self._node

    def setSegmentationNode(self, node):
        """Show another segmentation, or none."""
        if node is self._node:
            return
        self._nodeObservations.clear()
        self._node = node
        if node is not None:
            self._observe()
        self._rebuild()

    def _observe(self):
        segmentation = self._node.GetSegmentation()
        for observed, event in (
            (segmentation, _Segmentation.SegmentAdded),
            (segmentation, _Segmentation.SegmentRemoved),
            (segmentation, _Segmentation.SegmentsOrderModified),
            (segmentation, _Segmentation.SegmentModified),
            (self._node, slicer.vtkMRMLDisplayableNode.DisplayModifiedEvent),
        ):
            self._nodeObservations.add(observed, event, self._onSegmentation)

    def selectedSegmentIDs(self):
        """:return: IDs of the selected rows."""
        rows = sorted(index.row() for index in self._table.selectionModel().selectedRows(NAME))
        return tuple(self.segmentIDForRow(row) for row in rows)

    def setSelectedSegmentIDs(self, segmentIDs):
        """Select rows by segment ID."""
        selection = QtCore.QItemSelection()
        model = self._table.model()
        for segmentID in segmentIDs:
            row = self.rowForSegmentID(segmentID)
            if row >= 0:
                selection.select(model.index(row, VISIBILITY), model.index(row, NAME))
        self._table.selectionModel().select(selection, QtCore.QItemSelectionModel.SelectionFlag.ClearAndSelect)

    def clearSelection(self):
        """Select nothing."""
        self._table.clearSelection()

    def rowForSegmentID(self, segmentID):
        """:return: the row of a segment, -1 if it has none."""
        return next((row for row in range(self._table.rowCount) if self.segmentIDForRow(row) == segmentID), -1)

    def segmentIDForRow(self, row):
        """:return: the segment ID of a row."""
        return self._table.item(row, NAME).data(_ID)

    def displayedSegmentIDs(self):
        """:return: the segment IDs of all rows."""
        return tuple(self.segmentIDForRow(row) for row in range(self._table.rowCount))

    def _onSegmentation(self, _caller, _event):
        if self.displayedSegmentIDs() == self._segmentIDs():
            self._updateRows()
        else:
            self._rebuild()

    def _segmentIDs(self):
        return tuple(self._node.GetSegmentation().GetSegmentIDs()) if self._node is not None else ()

    def _rebuild(self):
        selectedBefore = self.selectedSegmentIDs()
        wasFilling, self._isFilling = self._isFilling, True
        segmentIDs = self._segmentIDs()
        self._table.setRowCount(0)
        self._table.setRowCount(len(segmentIDs))
        for row, segmentID in enumerate(segmentIDs):
            self._makeRow(row, segmentID)
        self.setSelectedSegmentIDs(selectedBefore)
        self._isFilling = wasFilling
        self._updateRows()
        if self.selectedSegmentIDs() != selectedBefore:
            self.selectionChanged(QtCore.QItemSelection(), QtCore.QItemSelection())

    def _makeRow(self, row, segmentID):
        flags = QtCore.Qt.ItemFlag.ItemIsEnabled | QtCore.Qt.ItemFlag.ItemIsSelectable
        editable = QtCore.Qt.ItemFlag.NoItemFlags if self.readOnly else QtCore.Qt.ItemFlag.ItemIsEditable
        for column, extra in (
            (VISIBILITY, QtCore.Qt.ItemFlag.ItemIsUserCheckable),
            (COLOR, QtCore.Qt.ItemFlag.NoItemFlags),
            (NAME, editable),
        ):
            item = qt.QTableWidgetItem()
            item.setFlags(flags | extra)
            item.setData(_ID, segmentID)
            self._table.setItem(row, column, item)

    def _updateRows(self):
        wasFilling, self._isFilling = self._isFilling, True
        visibleIDs = self._visibleSegmentIDs()
        for row, segmentID in enumerate(self.displayedSegmentIDs()):
            segment = self._node.GetSegmentation().GetSegment(segmentID)
            isVisible = segmentID in visibleIDs
            checked = QtCore.Qt.CheckState.Checked if isVisible else QtCore.Qt.CheckState.Unchecked
            self._table.item(row, VISIBILITY).setCheckState(checked)
            color = QtGui.QColor.fromRgbF(*segment.GetColor())
            self._table.item(row, COLOR).setBackground(color)
            self._table.item(row, COLOR).setIcon(_swatch(color))
            self._table.item(row, NAME).setText(segment.GetName())
        self._isFilling = wasFilling

    def _visibleSegmentIDs(self):
        displayNode = self._node.GetDisplayNode() if self._node is not None else None
        if displayNode is None:
            return self._segmentIDs()
        # A segment that was added this moment has no display properties yet. Slicer's model asks for them without a
        # complaint, by a method that Python does not have.
        visibleIDs = []
        wasComplaining = vtk.vtkObject.GetGlobalWarningDisplay()
        vtk.vtkObject.SetGlobalWarningDisplay(0)
        displayNode.GetVisibleSegmentIDs(visibleIDs)
        vtk.vtkObject.SetGlobalWarningDisplay(wasComplaining)
        return visibleIDs

    def _onItemChanged(self, item):
        if self._isFilling:
            return
        segmentID = item.data(_ID)
        if item.column() == NAME:
            self.segmentAboutToBeModified(segmentID)
            self._node.GetSegmentation().GetSegment(segmentID).SetName(item.text())
        elif item.column() == VISIBILITY:
            isVisible = item.checkState() == QtCore.Qt.CheckState.Checked
            self._node.GetDisplayNode().SetSegmentVisibility(segmentID, isVisible)

    def _onDoubleClicked(self, index):
        """As onSegmentsTableDoubleClicked: qMRMLSegmentsTableView.cxx:644 of 5.12, 486 of 5.10."""
        if index.column() == COLOR and self.useTerminologySelector:
            segment = self._node.GetSegmentation().GetSegment(self.segmentIDForRow(index.row()))
            entry = TerminologyWindow.choose(segment)
            if entry is not None:
                segment.SetTerminology(entry)

    def _onSelectionChanged(self, selected, deselected):
        if not self._isFilling:
            self.selectionChanged(selected, deselected)


def _swatch(color):
    """:return: an icon of one color, the same in a selected row."""
    pixmap = QtGui.QPixmap(SWATCH_SIZE, SWATCH_SIZE)
    pixmap.fill(color)
    icon = QtGui.QIcon(pixmap)
    icon.addPixmap(pixmap, QtGui.QIcon.Mode.Selected)
    return icon
