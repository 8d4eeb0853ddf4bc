"""A slice view with its controller bar."""

import slicer
from PySide6 import QtCore, QtGui

from slicerhost.mrmlWidgets.mrmlWidget import qMRMLWidget
from slicerhost.pythonQt import qt
from slicerhost.pythonQt.classes import standIn
from slicerhost.views.sliceView import qMRMLSliceView

# vtkMRMLSliceNode::redColor() and the others
VIEW_COLORS = {"Red": "#f34a33", "Yellow": "#edd54c", "Green": "#6eb04b"}
OTHER_VIEW_COLOR = "#8c8c8c"


@standIn
class qMRMLSliceControllerWidget(qMRMLWidget):
    """Stands in for qMRMLSliceControllerWidget: a bar in the color of the view that says where the slice is."""

    def _attach(self, sliceLogic):
        self._sliceLogic = sliceLogic
        layout = qt.QHBoxLayout(self)
        layout.setContentsMargins(4, 1, 4, 1)
        self._nameLabel = qt.QLabel(sliceLogic.GetSliceNode().GetName())
        self._offsetLabel = qt.QLabel()
        layout.addWidget(self._nameLabel)
        layout.addStretch(1)
        layout.addWidget(self._offsetLabel)
        self._color = QtGui.QColor(VIEW_COLORS.get(sliceLogic.GetSliceNode().GetLayoutName(), OTHER_VIEW_COLOR))
        self.setFixedHeight(self.fontMetrics().height() + 4)
        sliceLogic.GetSliceNode().AddObserver("ModifiedEvent", self._onSliceNode)
        self._onSliceNode()

    def _onSliceNode(self, _caller=None, _event=None):
        self._offsetLabel.text = f"{self._sliceLogic.GetSliceOffset():.1f} mm"

    def paintEvent(self, _event):
        """Fill with the color of the view."""
        painter = QtGui.QPainter(self)
        painter.fillRect(self.rect, self._color)
        painter.end()

    def sliceLogic(self):
        """:return: the slice logic."""
        return self._sliceLogic

    def mrmlSliceNode(self):
        """:return: the slice node."""
        return self._sliceLogic.GetSliceNode()

    def mrmlSliceCompositeNode(self):
        """:return: the node that says which volumes are shown."""
        return self._sliceLogic.GetSliceCompositeNode()

    def setSliceOffsetValue(self, offset):
        """Move to another slice.

        :param offset: in mm along the normal of the view.
        """
        self._sliceLogic.StartSliceOffsetInteraction()
        self._sliceLogic.SetSliceOffset(offset)
        self._sliceLogic.EndSliceOffsetInteraction()

    def fitSliceToBackground(self):
        """Show the whole background volume."""
        self._sliceLogic.FitSliceToBackground()
        self.mrmlSliceNode().UpdateMatrices()


@standIn
class qMRMLSliceWidget(qMRMLWidget):
    """Stands in for qMRMLSliceWidget."""

    def _attach(self, sliceLogic, applicationLogic):
        self._sliceLogic = sliceLogic
        self._controller = qMRMLSliceControllerWidget(self)
        self._controller._attach(sliceLogic)
        self._view = qMRMLSliceView(self)
        self._view._attach(sliceLogic, applicationLogic)
        layout = qt.QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addWidget(self._controller)
        layout.addWidget(self._view, 1)
        self.setMRMLScene(slicer.mrmlScene)

    def sliceLogic(self):
        """:return: the slice logic."""
        return self._sliceLogic

    def sliceView(self):
        """:return: the view (qMRMLSliceView)."""
        return self._view

    def sliceController(self):
        """:return: the bar above the view."""
        return self._controller

    def mrmlSliceNode(self):
        """:return: the slice node."""
        return self._sliceLogic.GetSliceNode()

    def mrmlSliceCompositeNode(self):
        """:return: the node that says which volumes are shown."""
        return self._sliceLogic.GetSliceCompositeNode()

    def interactorObserver(self):
        """:return: what handles the mouse."""
        return self._view.interactorObserver()

    def fitSliceToBackground(self):
        """Show the whole background volume."""
        self._controller.fitSliceToBackground()

    def _sliceOrientation(self):
        return self.mrmlSliceNode().GetOrientation()

    def setSliceOrientation(self, orientation):
        self.mrmlSliceNode().SetOrientation(orientation)

    sliceOrientation = QtCore.Property(str, _sliceOrientation, setSliceOrientation)
