"""Two numbers with the lower never above the upper."""

from PySide6 import QtCore

from slicerhost.pythonQt import qt
from slicerhost.pythonQt.classes import forwarded, standIn


@standIn
class ctkRangeWidget(qt.QWidget):
    """Stands in for ctkRangeWidget, with two spin boxes and no slider."""

    minimumValueChanged = QtCore.Signal(float)
    maximumValueChanged = QtCore.Signal(float)
    valuesChanged = QtCore.Signal(float, float)
    rangeChanged = QtCore.Signal(float, float)

    def __init__(self, parent=None):
        super().__init__(parent)
        self._lower = qt.QDoubleSpinBox()
        self._upper = qt.QDoubleSpinBox()
        self._upper.setValue(self._upper.maximum)
        layout = qt.QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self._lower)
        layout.addWidget(self._upper)
        self._isSetting = False
        self._lower.valueChanged.connect(self._onLower)
        self._upper.valueChanged.connect(self._onUpper)

    minimumValue, setMinimumValue = forwarded(float, "_lower", "value")
    maximumValue, setMaximumValue = forwarded(float, "_upper", "value")

    def _both(valueType, name):
        capitalized = name[0].upper() + name[1:]

        def read(self):
            return QtCore.QObject.property(self._lower, name)

        def write(self, value):
            for spinBox in (self._lower, self._upper):
                getattr(spinBox, f"set{capitalized}")(valueType(value))

        return QtCore.Property(valueType, read, write), write

    decimals, setDecimals = _both(int, "decimals")
    singleStep, setSingleStep = _both(float, "singleStep")
    minimum, setMinimum = _both(float, "minimum")
    maximum, setMaximum = _both(float, "maximum")
    prefix, setPrefix = _both(str, "prefix")
    suffix, setSuffix = _both(str, "suffix")
    del _both

    def setRange(self, minimum, maximum):
        """Set the limits of both numbers."""
        self.minimum = minimum
        self.maximum = maximum
        self.rangeChanged(minimum, maximum)

    def setValues(self, minimumValue, maximumValue):
        """Set both numbers, with one signal."""
        self._isSetting = True
        self.minimumValue = min(minimumValue, maximumValue)
        self.maximumValue = max(minimumValue, maximumValue)
        self._isSetting = False
        self.valuesChanged(self.minimumValue, self.maximumValue)

    def _onLower(self, value):
        self.minimumValueChanged(value)
        if not self._isSetting:
            self.setValues(value, max(value, self.maximumValue))

    def _onUpper(self, value):
        self.maximumValueChanged(value)
        if not self._isSetting:
            self.setValues(min(value, self.minimumValue), value)
