"""The slider that gives the selected box another threshold, and the number beside it."""

from slicer.i18n import tr as _

from MedSAMSegLib.errors import UserError
from MedSAMSegLib.runs.watchedRun import WatchedRun

PERCENT = 100


class ThresholdSlider:
    """Lets the mask follow the slider; one drag is one undo step, and so are keys that are pressed in succession.

    :param ui: the panel's widgets by name.
    :param session: the :class:`PanelSession`.
    :param onResult: called with the :class:`BoxThreshold` when the slider was let go and its last value is written.
    """

    def __init__(self, ui, session, onResult):
        self._slider = ui.thresholdSlider
        self._spinBox = ui.thresholdSpinBox
        self._session = session
        self._onResult = onResult
        self._node = None
        # Values with one number make one undo step.
        self._step = 0
        self._isMoved = False
        self._isAsking = False
        self._wanted = None
        self._previous = None
        connect = session.connections.connect
        connect(self._slider, "sliderPressed()", self._onPressed)
        connect(self._slider, "valueChanged(int)", self._onSlider)
        connect(self._slider, "sliderReleased()", self._onReleased)
        connect(self._spinBox, "valueChanged(double)", self._onSpinBox)

    def show(self, entry):
        """Show the threshold of a box.

        :param entry: the BoxEntry that is selected, or None.
        """
        node = None if entry is None or entry.problem else entry.node
        if node is not self._node:
            self._node, self._wanted = node, None
            self._step += 1
        toolTip = _toolTip(entry)
        for widget in (self._slider, self._spinBox):
            widget.enabled = node is not None
            widget.toolTip = toolTip
        # What the user holds, or has just let go, is what is wanted.
        if node is not None and not self._isAsking and not self._slider.isSliderDown():
            self._showValue(self._session.logic.threshold(node))

    def forget(self):
        """Ask nothing any more: the scene goes, and the runs with it."""
        self._isAsking, self._wanted, self._previous = False, None, None
        self.show(None)

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
        if self._node is not None:
            self._wanted = self._node, threshold, isLast, self._step
            self._follow()

    def _follow(self):
        """Ask for the newest value, unless an answer is still to come: then, when it is there."""
        if self._isAsking or self._wanted is None:
            return
        (node, threshold, isLast, step), self._wanted = self._wanted, None
        if node.GetScene() is None:
            return
        previousStep, previous = self._previous or (None, None)
        continues = previous if previousStep == step else None
        self._isAsking = True
        try:
            run = self._session.logic.startThreshold(node, threshold, continues, isLast)
        except UserError as error:
            self._onError(error)
            return
        self._session.work.add(
            WatchedRun(run), onResult=lambda watched: self._onAnswer(watched.run, isLast, step), onError=self._onError
        )

    def _onAnswer(self, run, isLast, step):
        self._isAsking = False
        self._previous = step, run
        if isLast and run.result is not None:
            self._onResult(run.result)
        self._follow()

    def _onError(self, error):
        self._isAsking = False
        self._wanted = self._previous = None
        self._session.say(str(error))
        # Shows the box's own threshold again.
        self._session.changed.emit()


def _toolTip(entry):
    if entry is None:
        return _("Select a box in the list above: each has a threshold of its own")
    if entry.problem:
        return entry.problem
    return _("How likely a voxel has to be of the object for the mask of the selected box: lower for a larger mask")
