"""A slice view."""

import slicer
import vtk

from slicerhost.pythonQt.classes import standIn
from slicerhost.views import displayableManagers
from slicerhost.views.abstractView import ctkVTKAbstractView


@standIn
class qMRMLSliceView(ctkVTKAbstractView):
    """Stands in for qMRMLSliceView: the picture of a slice logic below what the displayable managers draw."""

    def _attach(self, sliceLogic, applicationLogic):
        self._sliceLogic = sliceLogic
        self._sliceNode = sliceLogic.GetSliceNode()
        self._renderer.GetActiveCamera().ParallelProjectionOn()
        self._addImageLayer()
        group = displayableManagers.createGroup(
            slicer.vtkMRMLSliceViewDisplayableManagerFactory,
            displayableManagers.SLICE_VIEW,
            applicationLogic,
            self._renderer,
        )
        observer = slicer.vtkMRMLSliceViewInteractorStyle()
        observer.SetSliceLogic(sliceLogic)
        self._setUp(group, observer, self._sliceNode)
        self._followScene()
        observer.SetInteractor(self.interactor())
        self.renderWindow().AddObserver(vtk.vtkCommand.WindowResizeEvent, self._onResized)
        sliceLogic.AddObserver(vtk.vtkCommand.ModifiedEvent, self._onLogicModified)
        self._onResized()
        self._onLogicModified()

    def _addImageLayer(self):
        # In Slicer vtkLightBoxRendererManager draws it the same way; it is not in the wheel.
        self._imageMapper = vtk.vtkImageMapper()
        self._imageMapper.SetColorWindow(255)
        self._imageMapper.SetColorLevel(127.5)
        self._imageActor = vtk.vtkActor2D()
        self._imageActor.SetMapper(self._imageMapper)
        self._imageActor.GetProperty().SetDisplayLocationToBackground()
        self._renderer.AddViewProp(self._imageActor)

    def _onResized(self, _caller=None, _event=None):
        self._fit()
        self.scheduleRender()

    def _fit(self):
        """:return: whether the slice node had another size than the window."""
        size = self.renderWindow().GetSize()
        if self._sliceNode.GetDimensions()[:2] == size:
            return False
        self._sliceLogic.ResizeSliceNode(*size)
        return True

    def _onLogicModified(self, _caller=None, _event=None):
        connection = self._sliceLogic.GetImageDataConnection()
        self._imageMapper.SetInputConnection(connection)
        self._imageActor.SetVisibility(connection is not None)
        self.scheduleRender()

    def mrmlSliceNode(self):
        """:return: the slice node."""
        return self._sliceNode

    def convertDeviceToXYZ(self, xy):
        """:return: (x, y, z) for a position in device pixels, from the bottom left."""
        return self._converted("ConvertDeviceToXYZ", *xy)

    def convertRASToXYZ(self, ras):
        """:return: (x, y, z) in device pixels for a position in RAS."""
        return self._converted("ConvertRASToXYZ", ras)

    def convertXYZToRAS(self, xyz):
        """:return: RAS for a position in device pixels."""
        return self._converted("ConvertXYZToRAS", xyz)

    def _converted(self, method, *arguments):
        manager = self.displayableManagerByClassName("vtkMRMLCrosshairDisplayableManager")
        result = [0.0, 0.0, 0.0]
        getattr(manager, method)(*arguments, result)
        return tuple(result)
