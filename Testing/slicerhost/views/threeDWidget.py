"""The 3D view."""

import slicer

from slicerhost.mrmlWidgets.mrmlWidget import qMRMLWidget
from slicerhost.pythonQt import qt
from slicerhost.pythonQt.classes import standIn
from slicerhost.views import displayableManagers
from slicerhost.views.abstractView import ctkVTKAbstractView


@standIn
class qMRMLThreeDView(ctkVTKAbstractView):
    """Stands in for qMRMLThreeDView."""

    def _attach(self, viewLogic, applicationLogic):
        group = displayableManagers.createGroup(
            slicer.vtkMRMLThreeDViewDisplayableManagerFactory,
            displayableManagers.THREE_D_VIEW,
            applicationLogic,
            self._renderer,
        )
        observer = slicer.vtkMRMLThreeDViewInteractorStyle()
        self._setUp(group, observer, viewLogic.GetViewNode())
        self._viewNode.SetMappedInLayout(1)
        self._followScene()
        observer.SetInteractor(self.interactor())

    def mrmlViewNode(self):
        """:return: the view node."""
        return self._viewNode

    def resetFocalPoint(self):
        """Look at the center of what is shown, and lay the box of the view round it."""
        self._followScene()
        node = self._viewNode
        shown = node.GetBoxVisible(), node.GetAxisLabelsVisible()
        self._showBox(False, False)
        bounds = self._renderer.ComputeVisiblePropBounds()
        if bounds[0] <= bounds[1]:
            center = [(bounds[2 * axis] + bounds[2 * axis + 1]) / 2 for axis in range(3)]
            self._renderer.GetActiveCamera().SetFocalPoint(center)
        self._showBox(*shown)
        node.InvokeEvent(slicer.vtkMRMLViewNode.ResetFocalPointRequestedEvent)
        self.scheduleRender()

    def _showBox(self, isBoxShown, areLabelsShown):
        with slicer.util.NodeModify(self._viewNode):
            self._viewNode.SetBoxVisible(isBoxShown)
            self._viewNode.SetAxisLabelsVisible(areLabelsShown)

    def resetCamera(self):
        """Look at everything that is shown."""
        self._followScene()
        self._renderer.ResetCamera()
        self.scheduleRender()


@standIn
class qMRMLThreeDWidget(qMRMLWidget):
    """Stands in for qMRMLThreeDWidget."""

    def _attach(self, viewLogic, applicationLogic):
        self._viewLogic = viewLogic
        self._view = qMRMLThreeDView(self)
        self._view._attach(viewLogic, applicationLogic)
        layout = qt.QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self._view)
        self.setMRMLScene(slicer.mrmlScene)

    def threeDView(self):
        """:return: the view (qMRMLThreeDView)."""
        return self._view

    def mrmlViewNode(self):
        """:return: the view node."""
        return self._view.mrmlViewNode()

    def viewLogic(self):
        """:return: the vtkMRMLViewLogic."""
        return self._viewLogic
