"""The main window: the panel of the open module beside the views."""

import slicer
from PySide6 import QtCore

from slicerhost.pythonQt import qt
from slicerhost.pythonQt.classes import standIn

SIZE = (1280, 800)
PANEL_WIDTH = 420


@standIn
class qSlicerModuleSelectorToolBar(qt.QToolBar):
    """Stands in for qSlicerModuleSelectorToolBar: says which module is open, and opens another."""

    moduleSelected = QtCore.Signal(str)

    def __init__(self, mainWindow):
        super().__init__(mainWindow)
        self._mainWindow = mainWindow
        self._title = qt.QLabel(self)
        self._title.setContentsMargins(6, 4, 6, 4)
        self.addWidget(self._title)
        self.movable = False

    def _selectedModule(self):
        return self._mainWindow._openModuleName

    selectedModule = QtCore.Property(str, _selectedModule)

    def selectModule(self, name):
        """Leave the module that is open, and open another."""
        self._mainWindow._open(name)
        self._title.text = f"Module: {getattr(slicer.modules, name.lower()).title}"
        self.moduleSelected(name)


@standIn
class qSlicerMainWindow(qt.QMainWindow):
    """Stands in for qSlicerMainWindow."""

    def __init__(self, layoutManager):
        super().__init__()
        self.objectName = "qSlicerMainWindow"
        self.windowTitle = "3D Slicer (test host)"
        self._layoutManager = layoutManager
        self._openModuleName = ""
        self._openPanel = None
        self._selector = qSlicerModuleSelectorToolBar(self)
        self.addToolBar(self._selector)
        self._addPanelDock()
        self.setCentralWidget(layoutManager.viewport())
        self.statusBar()
        self.resize(*SIZE)

    def _addPanelDock(self):
        self._scrollArea = qt.QScrollArea()
        self._scrollArea.widgetResizable = True
        self._scrollArea.horizontalScrollBarPolicy = QtCore.Qt.ScrollBarPolicy.ScrollBarAlwaysOff
        self._scrollArea.setMinimumWidth(PANEL_WIDTH)
        dock = qt.QDockWidget(self)
        dock.objectName = "PanelDockWidget"
        dock.setFeatures(qt.QDockWidget.NoDockWidgetFeatures)
        dock.setTitleBarWidget(qt.QWidget(dock))
        dock.setWidget(self._scrollArea)
        self.addDockWidget(QtCore.Qt.DockWidgetArea.LeftDockWidgetArea, dock)

    def moduleSelector(self):
        """:return: what opens modules."""
        return self._selector

    def _open(self, name):
        self._leave()
        self._openModuleName = name
        self._openPanel = getattr(slicer.modules, name.lower()).widgetRepresentation()
        self._scrollArea.setWidget(self._openPanel)
        self._openPanel.show()
        self._openPanel.enter()

    def _leave(self):
        if self._openPanel is not None:
            self._openPanel.exit()
            self._scrollArea.takeWidget()
            self._openPanel.hide()
        self._openPanel = None
        self._openModuleName = ""

    def _releaseViews(self):
        # The views live on without the window.
        self._leave()
        self._layoutManager.viewport().setParent(None)
