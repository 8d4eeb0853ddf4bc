"""Slice and 3D views: the real render windows, displayable managers and interactor styles, in widgets of `qt`.

VTK draws off screen; the widget shows the picture and passes Qt's mouse and key events on to VTK, as the widget that
Slicer uses (QVTKOpenGLNativeWidget) does.
"""
