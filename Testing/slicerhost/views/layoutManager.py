"""`slicer.app.layoutManager()`: the views and how they are laid out."""

import slicer
from PySide6 import QtCore

from slicerhost.pythonQt import qt
from slicerhost.pythonQt.classes import standIn
from slicerhost.views.sliceWidget import qMRMLSliceWidget
from slicerhost.views.threeDWidget import qMRMLThreeDWidget

_Layout = slicer.vtkMRMLLayoutNode

# Layout -> view name: (row, column, rows, columns). "1" is the 3D view; extra views go below.
ARRANGEMENTS = {
    _Layout.SlicerLayoutConventionalView: {
        "1": (0, 0, 1, 3),
        "Red": (1, 0, 1, 1),
        "Yellow": (1, 1, 1, 1),
        "Green": (1, 2, 1, 1),
    },
    _Layout.SlicerLayoutFourUpView: {
        "Red": (0, 0, 1, 1),
        "1": (0, 1, 1, 1),
        "Yellow": (1, 0, 1, 1),
        "Green": (1, 1, 1, 1),
    },
    _Layout.SlicerLayoutOneUpRedSliceView: {"Red": (0, 0, 1, 1)},
    _Layout.SlicerLayoutOneUpYellowSliceView: {"Yellow": (0, 0, 1, 1)},
    _Layout.SlicerLayoutOneUpGreenSliceView: {"Green": (0, 0, 1, 1)},
    _Layout.SlicerLayoutOneUp3DView: {"1": (0, 0, 1, 1)},
}


@standIn
class qSlicerLayoutManager(qt.QObject):
    """Stands in for qSlicerLayoutManager, with the layouts in `ARRANGEMENTS`."""

    layoutChanged = QtCore.Signal(int)

    def __init__(self, applicationLogic):
        super().__init__()
        self._applicationLogic = applicationLogic
        self._sliceWidgets = {}
        self._viewport = qt.QWidget()
        self._grid = qt.QGridLayout(self._viewport)
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setSpacing(2)
        self._threeDWidget = self._createThreeDWidget()
        self._layout = _Layout.SlicerLayoutFourUpView

    def _createThreeDWidget(self):
        viewLogic = slicer.vtkMRMLViewLogic()
        viewLogic.SetMRMLApplicationLogic(self._applicationLogic)
        viewLogic.SetMRMLScene(slicer.mrmlScene)
        viewLogic.AddViewNode("1")
        self._applicationLogic.GetViewLogics().AddItem(viewLogic)
        widget = qMRMLThreeDWidget(self._viewport)
        widget._attach(viewLogic, self._applicationLogic)
        return widget

    def _addSliceWidget(self, name, sliceLogic):
        widget = qMRMLSliceWidget(self._viewport)
        widget._attach(sliceLogic, self._applicationLogic)
        self._sliceWidgets[name] = widget
        self._arrange()
        return widget

    def _removeSliceWidget(self, name):
        widget = self._sliceWidgets.pop(name)
        self._grid.removeWidget(widget)
        widget.sliceView()._shutDown()
        widget.setParent(None)
        widget.deleteLater()
        self._arrange()

    def _arrange(self):
        places = dict(ARRANGEMENTS[self._layout])
        row = 1 + max(place[0] for place in places.values())
        extra = [name for name in self._sliceWidgets if name not in ("Red", "Yellow", "Green")]
        places.update({name: (row, column, 1, 1) for column, name in enumerate(extra)})
        for name, widget in [("1", self._threeDWidget), *self._sliceWidgets.items()]:
            self._grid.removeWidget(widget)
            widget.visible = name in places
            self._viewNodeOf(widget).SetMappedInLayout(name in places)
            if name in places:
                self._grid.addWidget(widget, *places[name])
        for row in range(self._grid.rowCount()):
            self._grid.setRowStretch(row, any(place[0] == row for place in places.values()))

    def _viewNodeOf(self, widget):
        return widget.mrmlViewNode() if widget is self._threeDWidget else widget.mrmlSliceNode()

    def viewport(self):
        """:return: the widget that holds all views."""
        return self._viewport

    def sliceViewNames(self):
        """:return: layout names of the slice views, hidden ones too."""
        return tuple(self._sliceWidgets)

    def sliceWidget(self, name):
        """:return: the slice widget of a layout name, or None."""
        return self._sliceWidgets.get(name)

    def threeDWidget(self, index):
        """:return: the 3D widget, for index 0."""
        return self._threeDWidget if index == 0 else None

    def viewWidget(self, node):
        """:return: the widget that shows a view node, or None."""
        widgets = [self._threeDWidget, *self._sliceWidgets.values()]
        return next((widget for widget in widgets if self._viewNodeOf(widget) is node), None)

    def mrmlSliceLogics(self):
        """:return: vtkCollection of the slice logics."""
        return self._applicationLogic.GetSliceLogics()

    def mrmlScene(self):
        """:return: the scene."""
        return slicer.mrmlScene

    def activeMRMLThreeDViewNode(self):
        """:return: the node of the 3D view."""
        return self._threeDWidget.mrmlViewNode()

    def _layoutNow(self):
        return self._layout

    def setLayout(self, layout):
        if layout not in ARRANGEMENTS:
            raise NotImplementedError(f"The host has no layout {layout}; add it to {__name__}.ARRANGEMENTS")
        if layout != self._layout:
            self._layout = layout
            self._arrange()
            self.layoutChanged(layout)

    layout = QtCore.Property(int, _layoutNow, setLayout)
    threeDViewCount = QtCore.Property(int, lambda self: 1)
    tableViewCount = QtCore.Property(int, lambda self: 0)
    plotViewCount = QtCore.Property(int, lambda self: 0)

    def resetSliceViews(self):
        """Fit all slice views to what they show."""
        for widget in self._sliceWidgets.values():
            widget.sliceLogic().FitSliceToBackground()

    def resetThreeDViews(self):
        """Fit the 3D view to what it shows."""
        self._threeDWidget.threeDView().resetFocalPoint()
        self._threeDWidget.threeDView().resetCamera()

    def pauseRender(self):
        """Pause all views."""
        for view in self._views():
            view.pauseRender()

    def resumeRender(self):
        """Resume all views."""
        for view in self._views():
            view.resumeRender()

    def _sliceViewSizes(self):
        return {name: widget.sliceView().renderWindow().GetSize() for name, widget in self._sliceWidgets.items()}

    def _views(self):
        return [self._threeDWidget.threeDView(), *(widget.sliceView() for widget in self._sliceWidgets.values())]
