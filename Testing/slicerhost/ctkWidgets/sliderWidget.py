"""A slider with a spin box beside it, over real numbers."""

from PySide6 import QtCore

from slicerhost.pythonQt import qt
from slicerhost.pythonQt.classes import forwarded, standIn

SLIDER_STEPS = 1000


@standIn
class ctkSliderWidget(qt.QWidget):
    """Stands in for ctkSliderWidget. The spin box holds the value; the slider shows it in steps."""

    valueChanged = QtCore.Signal(float)
    valueIsChanging = QtCore.Signal(float)

    def __init__(self, parent=None):
        super().__init__(parent)
        self._spinBox = qt.QDoubleSpinBox()
        self._spinBox.maximum = 99.0
        self._slider = qt.QSlider(QtCore.Qt.Orientation.Horizontal)
        self._slider.setRange(0, SLIDER_STEPS)
        self._tracking = True
        self._isShowing = False
        layout = qt.QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self._slider)
        layout.addWidget(self._spinBox)
        self._spinBox.valueChanged.connect(self._onSpinBox)
        self._slider.valueChanged.connect(self._onSlider)
        self._slider.sliderReleased.connect(self._onReleased)

    decimals, setDecimals = forwarded(int, "_spinBox", "decimals")
    singleStep, setSingleStep = forwarded(float, "_spinBox", "singleStep")
    minimum, setMinimum = forwarded(float, "_spinBox", "minimum")
    maximum, setMaximum = forwarded(float, "_spinBox", "maximum")
    value, setValue = forwarded(float, "_spinBox", "value")
    prefix, setPrefix = forwarded(str, "_spinBox", "prefix")
    suffix, setSuffix = forwarded(str, "_spinBox", "suffix")

    def _pageStep(self):
        return self._slider.pageStep / SLIDER_STEPS * self._span()

    def setPageStep(self, step):
        if self._span() > 0:
            self._slider.setPageStep(round(step / self._span() * SLIDER_STEPS))

    pageStep = QtCore.Property(float, _pageStep, setPageStep)

    def _hasTracking(self):
        return self._tracking

    def setTracking(self, enabled):
        self._tracking = enabled

    tracking = QtCore.Property(bool, _hasTracking, setTracking)

    def _isSpinBoxVisible(self):
        return not self._spinBox.isHidden()

    def setSpinBoxVisible(self, visible):
        self._spinBox.setVisible(visible)

    spinBoxVisible = QtCore.Property(bool, _isSpinBoxVisible, setSpinBoxVisible)

    def reset(self):
        """Back to 0, or to the end of the range that is nearest to it."""
        self.value = 0.0

    def _span(self):
        return self.maximum - self.minimum

    def _onSpinBox(self, value):
        self._showOnSlider(value)
        self.valueChanged(value)

    def _onSlider(self, position):
        if self._isShowing:
            return
        value = self.minimum + position / SLIDER_STEPS * self._span()
        if self._tracking or not self._slider.isSliderDown():
            self.value = value
        else:
            self.valueIsChanging(value)

    def _onReleased(self):
        self._onSlider(self._slider.value)

    def _showOnSlider(self, value):
        self._isShowing = True
        fraction = (value - self.minimum) / self._span() if self._span() > 0 else 0
        self._slider.setValue(round(fraction * SLIDER_STEPS))
        self._isShowing = False
