"""What a person does with the widgets of a panel, for tests; what a person could not do fails."""

from PySide6 import QtCore, QtGui
from PySide6.QtTest import QTest

BUTTONS = {"left": QtCore.Qt.MouseButton.LeftButton, "right": QtCore.Qt.MouseButton.RightButton}


def click(widget, x=None, y=None, button="left"):
    """Click into a widget, in its middle unless a position is given."""
    _checkUsable(widget)
    position = QtCore.QPoint(x, y) if x is not None else _middle(widget)
    QTest.mouseClick(widget, BUTTONS[button], QtCore.Qt.KeyboardModifier.NoModifier, position)


def doubleClick(widget, x, y):
    """Click twice into a widget, fast, at a position."""
    _checkUsable(widget)
    click(widget, x, y)
    # This is the second click alone.
    QTest.mouseDClick(widget, BUTTONS["left"], QtCore.Qt.KeyboardModifier.NoModifier, QtCore.QPoint(x, y))


def typeText(widget, text):
    """Replace the text of a line edit or spin box, and press Return."""
    _checkUsable(widget)
    widget.setFocus()
    widget.selectAll()
    QTest.keyClicks(widget, text)
    QTest.keyClick(widget, QtCore.Qt.Key.Key_Return)


def pressKeys(widget, keys):
    """Press keys over a widget, shortcuts first, as Qt does when its window is active.

    :param keys: such as "Ctrl+Z" or "Escape".
    """
    combination = QtGui.QKeySequence(keys)[0]
    QTest.keyClick(widget, combination.key(), combination.keyboardModifiers())


def choose(comboBox, text):
    """Choose an entry of a combo box or node selector by its text.

    :raises ValueError: if it has no such entry.
    """
    _checkUsable(comboBox)
    inner = comboBox if comboBox.className() in ("QComboBox", "ctkComboBox") else comboBox._comboBox
    index = inner.findText(text)
    if index < 0:
        raise ValueError(f"There is no '{text}' among {[inner.itemText(row) for row in range(inner.count)]}")
    inner.setCurrentIndex(index)
    QtCore.QObject.__getattribute__(inner, "activated").emit(index)


def _middle(widget):
    center = widget.rect.center()
    if widget.className() == "QCheckBox":
        # However wide it is, it hears clicks only where its box and its text are.
        center.setX(min(center.x(), widget.sizeHint.width() // 2))
    return center


def _checkUsable(widget):
    if not widget.isVisible():
        raise AssertionError(f"{widget.className()} '{widget.name}' is not shown, nobody could use it")
    if not widget.isEnabled():
        raise AssertionError(f"{widget.className()} '{widget.name}' is disabled, nobody could use it")
