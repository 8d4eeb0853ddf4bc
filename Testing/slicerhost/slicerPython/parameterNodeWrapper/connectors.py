"""Which widget can show which type, and how (Slicer's guiConnectors.py)."""

import enum
import pathlib
from dataclasses import dataclass

import slicer

from slicerhost.slicerPython.parameterNodeWrapper.validators import Choice, Maximum, Minimum, WithinRange


@dataclass
class Decimals:
    """Annotation: digits that a spin box shows."""

    value: int


@dataclass
class SingleStep:
    """Annotation: what one step of a slider or spin box changes."""

    value: float


class Connector:
    """Reads and writes a value through one property of a widget, and hears when it changes."""

    def __init__(self, widget, signal, read, write):
        self.read = read
        self.write = write
        self._signal = getattr(widget, signal)
        self._callback = None

    def onChanged(self, callback):
        """Call back when the user changes the value; None to stop."""
        if self._callback is not None:
            self._signal.disconnect(self._callback)
        if callback is not None:
            self._signal.connect(callback)
        self._callback = callback


def connectorFor(widget, valueType, annotations):
    """:raises RuntimeError: if the widget cannot show the type."""
    make = _maker(widget.className(), valueType)
    if make is None:
        raise RuntimeError(f"Unable to create GUI connector from datatype '{valueType}' to {widget.className()}")
    return make(widget, valueType, annotations)


def _maker(className, valueType):
    if valueType is bool:
        return {"QCheckBox": _checkBox, "QPushButton": _checkableButton}.get(className)
    if className == "QComboBox" and (valueType in (int, float, str) or issubclass(valueType, enum.Enum)):
        return _comboBox
    if valueType is int:
        return _number if className in ("QSlider", "QSpinBox") else None
    if valueType is float:
        return _number if className in ("QDoubleSpinBox", "ctkSliderWidget") else None
    if valueType is str:
        return {"QLineEdit": _lineEdit, "QTextEdit": _textEdit}.get(className)
    if issubclass(valueType, pathlib.PurePath):
        return {"ctkPathLineEdit": _pathLineEdit, "ctkDirectoryButton": _directoryButton}.get(className)
    if issubclass(valueType, slicer.vtkMRMLNode) and className == "qMRMLNodeComboBox":
        return _nodeComboBox
    return None


def _throughProperty(widget, signal, name, fromWidget=None, toWidget=None):
    return Connector(
        widget,
        signal,
        lambda: fromWidget(getattr(widget, name)) if fromWidget else getattr(widget, name),
        lambda value: setattr(widget, name, toWidget(value) if toWidget else value),
    )


def _checkBox(widget, _valueType, _annotations):
    return _throughProperty(widget, "stateChanged", "checked")


def _checkableButton(widget, _valueType, _annotations):
    widget.checkable = True
    return _throughProperty(widget, "toggled", "checked")


def _number(widget, valueType, annotations):
    _applyLimits(widget, valueType, annotations)
    return _throughProperty(widget, "valueChanged", "value")


def _applyLimits(widget, valueType, annotations):
    lowest, highest = (-(2**31), 2**31 - 1) if valueType is int else (float("-inf"), float("inf"))
    isBounded = 0
    for annotation in annotations:
        if isinstance(annotation, Decimals):
            widget.decimals = annotation.value
        if isinstance(annotation, SingleStep):
            widget.singleStep = annotation.value
        if isinstance(annotation, WithinRange | Minimum):
            lowest = annotation.minimum
            isBounded += 1
        if isinstance(annotation, WithinRange | Maximum):
            highest = annotation.maximum
            isBounded += 1
    if widget.className() in ("QSlider", "ctkSliderWidget") and isBounded < 2:
        raise RuntimeError(f"Cannot connect an unbounded number to a {widget.className()}: annotate its range")
    widget.minimum = lowest
    widget.maximum = highest


def _comboBox(widget, valueType, annotations):
    labels = _labels(valueType, annotations)
    widget.clear()
    for label, _value in labels:
        widget.addItem(label)
    values = [value for _label, value in labels]
    return _throughProperty(widget, "currentIndexChanged", "currentIndex", values.__getitem__, values.index)


def _labels(valueType, annotations):
    if issubclass(valueType, enum.Enum):
        label = getattr(valueType, "label", lambda value: value.name)
        return [(label(value), value) for value in valueType]
    choice = next((annotation for annotation in annotations if isinstance(annotation, Choice)), None)
    if choice is None:
        raise RuntimeError("A combo box needs the Choice annotation")
    return [(str(value), value) for value in choice.choices]


def _lineEdit(widget, _valueType, _annotations):
    return _throughProperty(widget, "textChanged", "text")


def _textEdit(widget, _valueType, _annotations):
    return Connector(widget, "textChanged", widget.toPlainText, widget.setPlainText)


def _pathLineEdit(widget, valueType, _annotations):
    return _throughProperty(widget, "currentPathChanged", "currentPath", valueType, str)


def _directoryButton(widget, valueType, _annotations):
    return _throughProperty(widget, "directoryChanged", "directory", valueType, str)


def _nodeComboBox(widget, valueType, _annotations):
    widget.nodeTypes = [valueType.__name__]
    return Connector(widget, "currentNodeChanged", widget.currentNode, widget.setCurrentNode)
