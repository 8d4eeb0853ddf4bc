"""A slider that gives something another threshold, and the number beside it."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from MedSAMSegLib.panel.parts.oneRequest import OneRequest

if TYPE_CHECKING:
    from MedSAMSegLib.panel.frame.panelSession import PanelSession

PERCENT = 100


class ThresholdSlider:
    """Lets masks follow the slider; one drag is one undo step, and so are keys that are pressed in succession.

    :param slider: the QSlider, in percent.
    :param spinBox: the QDoubleSpinBox beside it.
    :param session: the :class:`PanelSession`.
    :param thresholdOf: function of a subject, that is what `show` was called with, that returns its threshold.
    :param start: function that starts a run: of a subject, the threshold, the run before of the same step or None, and
        whether it is the last one for now.
    :param onResult: called with the run's result when the slider was let go and its last value is written.
    """

    def __init__(
        self,
        slider: Any,
        spinBox: Any,
        session: PanelSession,
        thresholdOf: Callable[..., float],
        start: Callable[..., Any],
        onResult: Callable[..., None],
    ) -> None:
        self._slider = slider
        self._spinBox = spinBox
        self._session = session
        self._thresholdOf = thresholdOf
        self._start = start
        self._onResult = onResult
        self._request = OneRequest(session, self._onFailure)
        self._subject = None
        # Values with the same number make one undo step.
        self._step = 0
        self._isMoved = False
        self._wanted = None
        self._previous: Any = None
        connect = session.connections.connect
        connect(slider, "sliderPressed()", self._onPressed)
        connect(slider, "valueChanged(int)", self._onSlider)
        connect(slider, "sliderReleased()", self._onReleased)
        connect(spinBox, "valueChanged(double)", self._onSpinBox)

    def show(self, subject: Any, toolTip: str) -> None:
        """Show the threshold of something.

        :param subject: what the slider is about now; None for nothing.
        :param toolTip: what the slider does, or why it does nothing.
        """
        if subject != self._subject:
            self._subject, self._wanted = subject, None
            self._step += 1
        for widget in (self._slider, self._spinBox):
            widget.enabled = subject is not None
            widget.toolTip = toolTip
        # What the user holds, or has just let go, is not overwritten.
        if subject is not None and not self._request.isUnderWay and not self._slider.isSliderDown():
            self._showValue(self._thresholdOf(subject))

    def forget(self, toolTip: str) -> None:
        """Ask nothing any more: the scene goes, and the runs with it."""
        self._request = OneRequest(self._session, self._onFailure)
        self._wanted = self._previous = None
        self.show(None, toolTip)

    def _showValue(self, threshold):
        for widget, value in ((self._slider, round(threshold * PERCENT)), (self._spinBox, threshold)):
            wasBlocked = widget.blockSignals(True)
            widget.value = value
            widget.blockSignals(wasBlocked)

    def _onPressed(self):
        self._step += 1
        self._isMoved = False

    def _onSlider(self, percent):
        self._isMoved = True
        self._want(percent / PERCENT, isLast=not self._slider.isSliderDown())

    def _onReleased(self):
        if self._isMoved:
            self._want(self._slider.value / PERCENT, isLast=True)
        self._step += 1

    def _onSpinBox(self, threshold):
        self._want(round(threshold, 2), isLast=True)

    def _want(self, threshold, isLast):
        self._showValue(threshold)
        if self._subject is not None:
            self._wanted = self._subject, threshold, isLast, self._step
            self._follow()

    def _follow(self):
        """Ask for the newest value, unless an answer is still to come: then, when it is there."""
        if self._request.isUnderWay or self._wanted is None:
            return
        (subject, threshold, isLast, step), self._wanted = self._wanted, None
        previousStep, previous = self._previous or (None, None)
        continues = previous if previousStep == step else None
        isAsked = self._request.ask(
            lambda: self._start(subject, threshold, continues, isLast), lambda run: self._onAnswer(run, isLast, step)
        )
        if not isAsked:
            self._onFailure()

    def _onAnswer(self, run, isLast, step):
        self._previous = step, run
        if isLast and run.result is not None:
            self._onResult(run.result)
        self._follow()

    def _onFailure(self):
        self._wanted = self._previous = None
        # Shows the threshold as it is again.
        self._session.changed.emit()
