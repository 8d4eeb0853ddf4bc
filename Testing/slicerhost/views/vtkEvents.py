"""Qt's mouse and key events as VTK's, the way of VTK's QVTKInteractorAdapter (GUISupport/Qt).

Qt counts from the top in its own pixels, VTK from the bottom in device pixels.
"""

from PySide6 import QtCore

_Type = QtCore.QEvent.Type
_BUTTONS = {
    QtCore.Qt.MouseButton.LeftButton: "LeftButton",
    QtCore.Qt.MouseButton.RightButton: "RightButton",
    QtCore.Qt.MouseButton.MiddleButton: "MiddleButton",
}
_BUTTON_EVENTS = {
    _Type.MouseButtonPress: "PressEvent",
    _Type.MouseButtonRelease: "ReleaseEvent",
    _Type.MouseButtonDblClick: "DoubleClickEvent",
}
#: What a person does to what they see.
ON_WHAT_IS_SHOWN = {_Type.MouseButtonPress, _Type.MouseButtonDblClick, _Type.Wheel, _Type.KeyPress}
_KEY_SYMBOLS = {
    QtCore.Qt.Key.Key_Escape: "Escape",
    QtCore.Qt.Key.Key_Return: "Return",
    QtCore.Qt.Key.Key_Enter: "KP_Enter",
    QtCore.Qt.Key.Key_Delete: "Delete",
    QtCore.Qt.Key.Key_Backspace: "BackSpace",
    QtCore.Qt.Key.Key_Tab: "Tab",
    QtCore.Qt.Key.Key_Space: "space",
    QtCore.Qt.Key.Key_Left: "Left",
    QtCore.Qt.Key.Key_Right: "Right",
    QtCore.Qt.Key.Key_Up: "Up",
    QtCore.Qt.Key.Key_Down: "Down",
    QtCore.Qt.Key.Key_PageUp: "Prior",
    QtCore.Qt.Key.Key_PageDown: "Next",
    QtCore.Qt.Key.Key_Home: "Home",
    QtCore.Qt.Key.Key_End: "End",
    QtCore.Qt.Key.Key_Shift: "Shift_L",
    QtCore.Qt.Key.Key_Control: "Control_L",
    QtCore.Qt.Key.Key_Alt: "Alt_L",
}


def forward(event, interactor, devicePixelRatio):
    """:return: whether it was an event that VTK handles."""
    kind = event.type()
    if kind in _BUTTON_EVENTS:
        return _button(event, interactor, devicePixelRatio)
    if kind == _Type.MouseMove:
        return _invoke(event, interactor, devicePixelRatio, "MouseMoveEvent")
    if kind == _Type.Wheel:
        return _wheel(event, interactor, devicePixelRatio)
    if kind == _Type.Enter:
        return _invoke(event, interactor, devicePixelRatio, "EnterEvent", modifiers=False)
    if kind == _Type.Leave:
        interactor.InvokeEvent("LeaveEvent")
        return True
    if kind in (_Type.KeyPress, _Type.KeyRelease):
        return _key(event, interactor)
    return False


def _button(event, interactor, devicePixelRatio):
    button = _BUTTONS.get(event.button())
    if button is None:
        return False
    return _invoke(event, interactor, devicePixelRatio, button + _BUTTON_EVENTS[event.type()])


def _wheel(event, interactor, devicePixelRatio):
    delta = event.angleDelta().y()
    if delta == 0:
        return False
    name = "MouseWheelForwardEvent" if delta > 0 else "MouseWheelBackwardEvent"
    return _invoke(event, interactor, devicePixelRatio, name)


def _invoke(event, interactor, devicePixelRatio, name, modifiers=True):
    position = event.position() * devicePixelRatio
    _setModifiers(interactor, event.modifiers() if modifiers else QtCore.Qt.KeyboardModifier.NoModifier)
    interactor.SetEventPositionFlipY(round(position.x()), round(position.y()))
    interactor.InvokeEvent(name)
    return True


def _key(event, interactor):
    text = event.text()
    _setModifiers(interactor, event.modifiers())
    interactor.SetKeyCode(text[0] if text and text[0].isascii() else "\0")
    interactor.SetKeySym(_KEY_SYMBOLS.get(event.key(), text))
    isPress = event.type() == _Type.KeyPress
    interactor.InvokeEvent("KeyPressEvent" if isPress else "KeyReleaseEvent")
    if isPress and text:
        interactor.InvokeEvent("CharEvent")
    return True


def _setModifiers(interactor, modifiers):
    held = QtCore.Qt.KeyboardModifier
    interactor.SetControlKey(bool(modifiers & held.ControlModifier))
    interactor.SetShiftKey(bool(modifiers & held.ShiftModifier))
    interactor.SetAltKey(bool(modifiers & held.AltModifier))
