"""What slice views and 3D views have in common."""

import slicer
import vtk
from PySide6 import QtCore, QtGui

from slicerhost.pythonQt import qt
from slicerhost.pythonQt.classes import standIn
from slicerhost.views.vtkWidget import QVTKOpenGLNativeWidget


@standIn
class ctkVTKAbstractView(qt.QWidget):
    """Stands in for ctkVTKAbstractView: a render window, rendered when somebody asks and the event loop is free."""

    def __init__(self, parent=None):
        super().__init__(parent)
        self._pauseCount = 0
        self._isRenderEnabled = True
        # Whether it follows the scene, and whether it renders whenever something changes or when a picture is needed.
        self._isSeen = True
        self._isWatched = True
        self._followsScene = False
        self._isStale = False
        self._defaultCursor = None
        self._vtkWidget = QVTKOpenGLNativeWidget(self)
        self._vtkWidget._aboutToBeSeen = self._show
        layout = qt.QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self._vtkWidget)
        self._renderer = vtk.vtkRenderer()
        self.renderWindow().AddRenderer(self._renderer)
        self._requestTimer = qt.QTimer(self)
        self._requestTimer.setSingleShot(True)
        self._requestTimer.connect("timeout()", self.forceRender)

    def VTKWidget(self):
        """:return: the widget that gets the mouse and the keys."""
        return self._vtkWidget

    def renderWindow(self):
        """:return: the vtkRenderWindow."""
        return self._vtkWidget.renderWindow()

    def interactor(self):
        """:return: the vtkRenderWindowInteractor."""
        return self._vtkWidget.interactor()

    def interactorStyle(self):
        """:return: the interactor's own style; what handles the mouse is `interactorObserver()`."""
        return self.interactor().GetInteractorStyle()

    def scheduleRender(self):
        """Render soon; several requests make one rendering."""
        if not self._isWatched:
            # Hundreds of times while a scene is emptied.
            if not self._isStale:
                self._isStale = True
        elif self._pauseCount == 0 and not self._requestTimer.active:
            self._requestTimer.start(0)

    def forceRender(self):
        """Render now, if rendering is enabled."""
        self._requestTimer.stop()
        if self._isRenderEnabled:
            self._isStale = False
            self._vtkWidget._render()

    def _see(self):
        # Somebody looks now and then from now on: at what the view would have shown all the time.
        self._isSeen = True
        self._followScene()

    def _watch(self):
        self._isWatched = True
        self._show()

    def _show(self):
        # Somebody looks at this moment.
        self._see()
        if self._isStale:
            self.forceRender()

    def _lookAway(self):
        # Nobody looks: what changes is drawn when somebody does. Managers that follow each change of the scene in every
        # view take most of the time of a test that looks at none, and pictures between two looks a tenth of all.
        self._isSeen = self._isWatched = False
        self._isStale = True
        self._requestTimer.stop()
        self._ignoreScene()

    def _ignoreScene(self):
        if not self._followsScene:
            return
        self._followsScene = False
        self._group.SetMRMLDisplayableNode(None)
        # That of markups goes on observing this one, and would complain when it does so again.
        interactionNode = slicer.mrmlScene.GetNodeByID("vtkMRMLInteractionNodeSingleton")
        manager = self._group.GetDisplayableManagerByClassName("vtkMRMLMarkupsDisplayableManager")
        slicer.vtkEventBroker.GetInstance().RemoveObservations(interactionNode, manager)

    def _followScene(self):
        if not self._followsScene:
            self._followsScene = True
            self._group.SetMRMLDisplayableNode(self._viewNode)
            # Managers ask where the view is only when it changes.
            self._viewNode.Modified()

    def pauseRender(self):
        """Render nothing until `resumeRender` was called as often as this.

        :return: how often that is.
        """
        self._pauseCount += 1
        return self._pauseCount

    def resumeRender(self):
        """:return: how often it has to be called still."""
        self._pauseCount -= 1
        if self._pauseCount == 0:
            self.scheduleRender()
        return self._pauseCount

    def isRenderPaused(self):
        """:return: whether rendering waits for `resumeRender`."""
        return self._pauseCount > 0

    def _renderEnabled(self):
        return self._isRenderEnabled

    def setRenderEnabled(self, enabled):
        self._isRenderEnabled = enabled
        if enabled:
            self.scheduleRender()

    renderEnabled = QtCore.Property(bool, _renderEnabled, setRenderEnabled)

    def _backgroundColor(self):
        return QtGui.QColor.fromRgbF(*self._renderer.GetBackground())

    def setBackgroundColor(self, color):
        self._renderer.SetBackground(color.redF(), color.greenF(), color.blueF())
        self.scheduleRender()

    backgroundColor = QtCore.Property(QtGui.QColor, _backgroundColor, setBackgroundColor)

    def setViewCursor(self, cursor):
        """Show a mouse pointer over the view."""
        self._vtkWidget.setCursor(cursor)

    def unsetViewCursor(self):
        """Show the default mouse pointer again."""
        if self._defaultCursor is not None:
            self._vtkWidget.setCursor(self._defaultCursor)
        else:
            self._vtkWidget.unsetCursor()

    def setDefaultViewCursor(self, cursor):
        """Set the mouse pointer that `unsetViewCursor` goes back to."""
        self._defaultCursor = cursor
        self.unsetViewCursor()

    def displayableManagerByClassName(self, name):
        """:return: a displayable manager of this view, or None."""
        self._followScene()
        return self._group.GetDisplayableManagerByClassName(name)

    def getDisplayableManagers(self, collection):
        """Put the displayable managers of this view into a vtkCollection."""
        self._followScene()
        for index in range(self._group.GetDisplayableManagerCount()):
            collection.AddItem(self._group.GetNthDisplayableManager(index))

    def interactorObserver(self):
        """:return: what handles the mouse (vtkMRMLViewInteractorStyle)."""
        return self._observer

    def _shutDown(self):
        self._requestTimer.stop()
        self._isRenderEnabled = False
        for tag in self._sceneTags:
            slicer.mrmlScene.RemoveObserver(tag)
        self._observer.SetInteractor(None)
        self._group.SetMRMLDisplayableNode(None)
        self.interactor().SetInteractorStyle(None)
        self.renderWindow().Finalize()

    def _setUp(self, group, observer, viewNode):
        self._group = group
        self._observer = observer
        self._viewNode = viewNode
        observer.SetDisplayableManagers(group)
        self.interactor().SetInteractorStyle(vtk.vtkInteractorStyleUser())
        scheduleRender = self.scheduleRender
        group.AddObserver(vtk.vtkCommand.UpdateEvent, lambda _caller, _event: scheduleRender())
        scene = slicer.mrmlScene
        self._sceneTags = [
            scene.AddObserver(scene.StartBatchProcessEvent, lambda _caller, _event: self.setRenderEnabled(False)),
            scene.AddObserver(scene.EndBatchProcessEvent, lambda _caller, _event: self.setRenderEnabled(True)),
        ]
