"""The widget that shows what VTK renders and hands Qt's events to VTK."""

import numpy as np
import vtk
import vtk.util.numpy_support
from PySide6 import QtCore, QtGui, QtWidgets

from slicerhost.pythonQt import qt
from slicerhost.pythonQt.classes import standIn
from slicerhost.views import vtkEvents

# What QVTKOpenGLNativeWidget gives VTK for a device pixel ratio of 1
UNSCALED_DPI = 72


@standIn
class QVTKOpenGLNativeWidget(qt.QWidget):
    """Stands in for QVTKOpenGLNativeWidget: the same events, the picture copied instead of drawn in place, when
    somebody looks.
    """

    def __init__(self, parent=None):
        super().__init__(parent)
        # Off screen a widget is looked at when a test grabs it, which asks for its picture.
        self._isOnScreen = QtGui.QGuiApplication.platformName() != "offscreen"
        self._renderedSize = None
        self._image = None
        self._aboutToBeSeen = None
        self._devicePixelRatio = 1.0
        self._renderWindow = vtk.vtkRenderWindow()
        self._renderWindow.ShowWindowOff()
        self._renderWindow.SetOffScreenRendering(1)
        # What CTK's views take unless anti-aliasing is chosen in Slicer's settings
        self._renderWindow.SetMultiSamples(0)
        self._renderWindow.SetSize(100, 100)
        self._interactor = vtk.vtkGenericRenderWindowInteractor()
        self._interactor.SetRenderWindow(self._renderWindow)
        self._interactor.EnableRenderOff()
        self._interactor.Initialize()
        self._grabber = vtk.vtkWindowToImageFilter()
        self._grabber.SetInput(self._renderWindow)
        self._grabber.ReadFrontBufferOff()
        self._grabber.ShouldRerenderOff()
        self.mouseTracking = True
        self.focusPolicy = QtCore.Qt.FocusPolicy.WheelFocus
        self.setAttribute(QtCore.Qt.WidgetAttribute.WA_OpaquePaintEvent)

    def renderWindow(self):
        """:return: the vtkRenderWindow."""
        return self._renderWindow

    def interactor(self):
        """:return: the vtkRenderWindowInteractor."""
        return self._interactor

    def devicePixelRatioF(self):
        """:return: device pixels per pixel of Qt, which is what VTK counts in."""
        return self._devicePixelRatio

    def devicePixelRatio(self):
        """:return: devicePixelRatioF, rounded as Qt does."""
        return round(self._devicePixelRatio)

    def _setDevicePixelRatio(self, ratio):
        self._devicePixelRatio = ratio
        self._resizeRenderWindow()

    def _render(self):
        self._renderWindow.Render()
        self._renderedSize = self._renderWindow.GetSize()
        self._image = None
        if self._isOnScreen:
            self.update()

    def _picture(self):
        """:return: QImage of what was rendered last, None before."""
        if self._image is None and self._renderedSize is not None:
            if self._renderedSize != self._renderWindow.GetSize():
                # A resized window has forgotten what was in it.
                self._render()
            self._image = _toQImage(self._pixels(), self._devicePixelRatio)
        return self._image

    def _pixels(self):
        self._grabber.Modified()
        self._grabber.Update()
        image = self._grabber.GetOutput()
        width, height, _depth = image.GetDimensions()
        scalars = vtk.util.numpy_support.vtk_to_numpy(image.GetPointData().GetScalars())
        return scalars.reshape(height, width, -1)[::-1, :, :3]

    def _resizeRenderWindow(self):
        size = self.size * self._devicePixelRatio
        self._renderWindow.SetDPI(round(UNSCALED_DPI * self._devicePixelRatio))
        self._renderWindow.SetSize(size.width(), size.height())
        self._interactor.SetSize(size.width(), size.height())
        self._interactor.ConfigureEvent()

    def resizeEvent(self, _event):
        """Give VTK as many pixels as the widget has."""
        self._resizeRenderWindow()

    def paintEvent(self, _event):
        """Show the last picture."""
        self._aboutToBeSeen()
        picture = self._picture()
        if picture is not None:
            painter = QtGui.QPainter(self)
            painter.drawImage(0, 0, picture)
            painter.end()

    def event(self, event):
        """Give VTK the events that it knows, and Qt the others."""
        if event.type() in vtkEvents.ON_WHAT_IS_SHOWN:
            self._aboutToBeSeen()
        if vtkEvents.forward(event, self._interactor, self._devicePixelRatio):
            event.accept()
            return True
        return QtWidgets.QWidget.event(self, event)


def _toQImage(pixels, devicePixelRatio):
    pixels = np.ascontiguousarray(pixels)
    height, width, _channels = pixels.shape
    image = QtGui.QImage(pixels.data, width, height, 3 * width, QtGui.QImage.Format.Format_RGB888).copy()
    image.setDevicePixelRatio(devicePixelRatio)
    return image
