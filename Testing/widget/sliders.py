"""What a person does with the handle of a slider."""

from PySide6 import QtCore, QtWidgets
from PySide6.QtTest import QTest

LEFT = QtCore.Qt.MouseButton.LeftButton
NO_KEYS = QtCore.Qt.KeyboardModifier.NoModifier


def handleAt(slider, percent):
    """Where the middle of the slider's handle is, or would be, at a value."""
    option = QtWidgets.QStyleOptionSlider()
    slider.initStyleOption(option)
    option.sliderPosition = option.sliderValue = percent
    control = QtWidgets.QStyle.ComplexControl.CC_Slider
    handle = QtWidgets.QStyle.SubControl.SC_SliderHandle
    return QtWidgets.QApplication.style().subControlRect(control, option, handle, None).center()


def press(slider):
    QTest.mousePress(slider, LEFT, NO_KEYS, handleAt(slider, slider.value))


def moveTo(slider, percent):
    QTest.mouseMove(slider, handleAt(slider, percent))


def release(slider, percent):
    QTest.mouseRelease(slider, LEFT, NO_KEYS, handleAt(slider, percent))
