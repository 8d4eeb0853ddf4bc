"""What a person does with a view, for tests: point, press, drag, scroll, type, look.

Positions are in display coordinates: device pixels from the bottom left, as `GetXYToRAS` takes them.
"""

import numpy as np
import vtk
from PySide6 import QtCore, QtGui, QtWidgets

from slicerhost import widgetDriver

BUTTONS = {
    "left": QtCore.Qt.MouseButton.LeftButton,
    "right": QtCore.Qt.MouseButton.RightButton,
    "middle": QtCore.Qt.MouseButton.MiddleButton,
}
WHEEL_STEP = 120


class ViewDriver:
    """Drives one view through Qt's events, so that event filters and VTK's conversions take part.

    :param view: qMRMLSliceView or qMRMLThreeDView.
    """

    def __init__(self, view):
        self.view = view
        self._target = view.VTKWidget()
        self._position = None
        self._held = QtCore.Qt.MouseButton.NoButton

    @property
    def size(self):
        """(width, height) in device pixels."""
        return self.view.renderWindow().GetSize()

    @property
    def center(self):
        """The position in the middle."""
        return self.size[0] // 2, self.size[1] // 2

    def moveTo(self, x, y, shift=False, control=False):
        """Move the mouse pointer, into the view if it is elsewhere."""
        if self._position is None:
            self._position = (x, y)
            local = self._localPosition()
            self._send(QtGui.QEnterEvent(local, local, self._globalPosition()))
        self._position = (x, y)
        self._sendMouse("MouseMove", QtCore.Qt.MouseButton.NoButton, shift, control)

    def leave(self):
        """Move the mouse pointer out of the view."""
        self._position = None
        self._send(QtCore.QEvent(QtCore.QEvent.Type.Leave))

    def press(self, button="left", shift=False, control=False):
        """Press a button where the pointer is."""
        self._held |= BUTTONS[button]
        self._sendMouse("MouseButtonPress", BUTTONS[button], shift, control)

    def release(self, button="left", shift=False, control=False):
        """Release a button where the pointer is."""
        self._held &= ~BUTTONS[button]
        self._sendMouse("MouseButtonRelease", BUTTONS[button], shift, control)

    def click(self, x, y, button="left", shift=False, control=False):
        """Move, press and release."""
        self.moveTo(x, y, shift, control)
        self.press(button, shift, control)
        self.release(button, shift, control)

    def doubleClick(self, x, y):
        """Click twice, the second time as Qt reports it."""
        self.click(x, y)
        self._held |= BUTTONS["left"]
        self._sendMouse("MouseButtonDblClick", BUTTONS["left"], False, False)
        self.release()

    def drag(self, start, end, button="left", steps=8, shift=False, control=False):
        """Press at one position, move to another in steps, and release there."""
        self.moveTo(*start, shift, control)
        self.press(button, shift, control)
        for step in range(1, steps + 1):
            self.moveTo(*(a + (b - a) * step / steps for a, b in zip(start, end, strict=True)), shift, control)
        self.release(button, shift, control)

    def wheel(self, steps=1, shift=False, control=False):
        """Turn the wheel where the pointer is; positive is away from the user."""
        for _step in range(abs(steps)):
            turn = QtCore.QPoint(0, WHEEL_STEP if steps > 0 else -WHEEL_STEP)
            self._send(
                QtGui.QWheelEvent(
                    self._localPosition(),
                    self._globalPosition(),
                    QtCore.QPoint(),
                    turn,
                    self._held,
                    _modifiers(shift, control),
                    QtCore.Qt.ScrollPhase.NoScrollPhase,
                    False,
                )
            )

    def pressKeys(self, keys):
        """Press keys over the view, shortcuts first; those of a panel need the main window.

        :param keys: such as "Ctrl+Z" or "Escape".
        """
        widgetDriver.pressKeys(self._target, keys)

    def rasToXY(self, ras):
        """:return: display position of a point in RAS, on or off the slice."""
        xyToRAS = self.view.mrmlSliceNode().GetXYToRAS()
        rasToXY = vtk.vtkMatrix4x4()
        vtk.vtkMatrix4x4.Invert(xyToRAS, rasToXY)
        return rasToXY.MultiplyPoint([*ras, 1])[:2]

    def xyToRAS(self, x, y):
        """:return: the point in RAS that is shown at a display position."""
        return self.view.mrmlSliceNode().GetXYToRAS().MultiplyPoint([x, y, 0, 1])[:3]

    def render(self):
        """Render now."""
        self.view.forceRender()

    def pixels(self):
        """:return: (H, W, 3) uint8, row 0 at the top, of what is rendered now."""
        self.render()
        return np.array(self._target._pixels())

    def pixel(self, x, y):
        """:return: (red, green, blue) at a display position."""
        pixels = self.pixels()
        return tuple(int(value) for value in pixels[pixels.shape[0] - 1 - round(y), round(x)])

    def screenshot(self, path):
        """Write what is rendered now to a PNG file."""
        self.render()
        self._target._picture().save(str(path), "PNG")

    def reset(self):
        """Let go of everything, for the next test."""
        for name, button in BUTTONS.items():
            if self._held & button:
                self.release(name)
        if self._position is not None:
            self.leave()

    def _sendMouse(self, kind, button, shift, control):
        local = self._localPosition()
        event = QtGui.QMouseEvent(
            getattr(QtCore.QEvent.Type, kind),
            local,
            self._globalPosition(),
            button,
            self._held,
            _modifiers(shift, control),
        )
        self._send(event)

    def _send(self, event):
        QtWidgets.QApplication.sendEvent(self._target, event)

    def _localPosition(self):
        if self._position is None:
            raise ValueError("The mouse pointer is not in the view: call moveTo first")
        ratio = self._target.devicePixelRatioF()
        x, y = (round(value) for value in self._position)
        return QtCore.QPointF(x / ratio, (self.size[1] - 1 - y) / ratio)

    def _globalPosition(self):
        return QtCore.QPointF(self._target.mapToGlobal(self._localPosition().toPoint()))


def _modifiers(shift, control):
    held = QtCore.Qt.KeyboardModifier.NoModifier
    if shift:
        held |= QtCore.Qt.KeyboardModifier.ShiftModifier
    if control:
        held |= QtCore.Qt.KeyboardModifier.ControlModifier
    return held
