"""Follow the object through the volume."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import slicer
from slicer.i18n import tr as _

from MedSAMSegLib.panel.frame.panelSection import PanelSection
from MedSAMSegLib.panel.parts.choiceBox import ChoiceBox
from MedSAMSegLib.panel.parts.propagationMessages import (
    messageOn,
    messageOnPropagationThreshold,
    messageOnTime,
    segmentName,
)
from MedSAMSegLib.panel.parts.thresholdSlider import ThresholdSlider
from MedSAMSegLib.views.sliceViews import shownSlice

if TYPE_CHECKING:
    from MedSAMSegLib.panel.frame.panelSession import PanelSession

DIRECTIONS = ("both", "forward", "backward")


class PropagationSection(PanelSection):
    """Starts, watches and stops propagations.

    :param ui: the panel's widgets by name.
    :param session: the :class:`PanelSession`.
    """

    def __init__(self, ui: Any, session: PanelSession) -> None:
        super().__init__(ui, session)
        self._guiTag = None
        self._run: Any = None
        self._toolTips = [(button, button.toolTip) for button in (ui.propagateButton, ui.propagateHereButton)]
        self._directionBox = ChoiceBox(session.connections, ui.directionComboBox, self._onDirectionChosen)
        titles = (_("Both ways"), _("Forward (rising slice numbers)"), _("Backward (falling slice numbers)"))
        self._directionBox.setChoices(list(zip(DIRECTIONS, titles, strict=True)))
        logic = session.logic
        self._threshold = ThresholdSlider(
            ui.propagationThresholdSlider,
            ui.propagationThresholdSpinBox,
            session,
            lambda target: logic.propagationThreshold(target.segmentation, target.segmentID),
            lambda target, *how: logic.startPropagationThreshold(*target, *how),
            lambda result: session.showMessage(messageOnPropagationThreshold(result)),
        )
        self.connect(ui.firstSliceSpinBox, "valueChanged(int)", self._onFirstSlice)
        self.connect(ui.lastSliceSpinBox, "valueChanged(int)", self._onLastSlice)
        self.connect(ui.setFirstSliceButton, "clicked()", self._onSetFirstSlice)
        self.connect(ui.setLastSliceButton, "clicked()", self._onSetLastSlice)
        self.connect(ui.propagateButton, "clicked()", self._onPropagate)
        self.connect(ui.propagateHereButton, "clicked()", self._onPropagateHere)
        self.connect(ui.throughTimeButton, "clicked()", self._onThroughTime)
        self.connect(ui.cancelButton, "clicked()", self._onCancel)

    def useScene(self) -> None:
        """Show the scene's settings."""
        self._guiTag = self.session.parameters.connectParametersToGui(
            {
                "allSegments": self.ui.allSegmentsCheckBox,
                "threePlanes": self.ui.threePlanesCheckBox,
                "limitRange": self.ui.limitRangeCheckBox,
            }
        )

    def forgetScene(self) -> None:
        """Let go of the settings; the run was dropped with the rest of the work."""
        self.session.parameters.disconnectGui(self._guiTag)
        self._run = None
        self._threshold.forget(_("Propagate first"))

    def update(self) -> None:
        """One propagation at a time, within the slices that there are."""
        ui, parameters = self.ui, self.session.parameters
        isRunning = self._run is not None and not self._run.isOver
        hasBox = self.session.boxAxis is not None
        canGo = not isRunning and self._sliceCount() != 1
        ui.propagateButton.enabled = canGo and (hasBox or (parameters.allSegments and self.session.hasBoxes))
        ui.propagateHereButton.enabled = canGo and hasBox
        self._showToolTips()
        ui.throughTimeButton.visible = self.session.logic.isSequence(parameters.volume)
        ui.throughTimeButton.enabled = not isRunning and self.session.hasSegment and self.session.hasUsableVolume
        ui.cancelButton.enabled = isRunning
        ui.progressBar.visible = isRunning
        self._directionBox.show(parameters.direction)
        ui.rangeWidget.visible = parameters.limitRange
        ui.rangeWidget.enabled = self.session.hasUsableVolume
        self._showRange()
        self._showThreshold(isRunning)

    def _showToolTips(self):
        nowhere = ""
        if self._sliceCount() == 1:
            nowhere = (
                _("There is a single slice in this direction. 'Through time' leads to the other frames.")
                if self.session.logic.isSequence(self.session.parameters.volume)
                else _("There is a single slice in this direction, and nowhere to go: the box gives the whole object.")
            )
        for button, toolTip in self._toolTips:
            button.toolTip = nowhere or toolTip

    def _showThreshold(self, isRunning):
        if isRunning or not (self.session.hasSegment and self.session.hasUsableVolume):
            why = _("The slices that are propagated get a threshold when they are all there")
        else:
            why = self.session.logic.whyNoPropagationThreshold(*self.session.target)
        toolTip = _(
            "How likely a voxel has to be of the object on the propagated slices of the selected segment: lower for "
            "larger masks. Slices with boxes, manual edits and accepted ones stay."
        )
        self._threshold.show(None if why else self.session.target, why or toolTip)

    def _showRange(self):
        parameters = self.session.parameters
        last = self._sliceCount() - 1
        for spinBox, value, default in (
            (self.ui.firstSliceSpinBox, parameters.firstSlice, 0),
            (self.ui.lastSliceSpinBox, parameters.lastSlice, last),
        ):
            wasBlocked = spinBox.blockSignals(True)
            spinBox.maximum = max(0, last)
            spinBox.value = value if 0 <= value <= last else default
            spinBox.blockSignals(wasBlocked)

    def _axis(self):
        """The array axis along which a propagation would go: that of the segment's boxes, or of the first view."""
        axis = self.session.boxAxis
        return shownSlice(self.session.boxGeometry).axis if axis is None else axis

    def _sliceCount(self):
        geometry = self.session.boxGeometry
        return 0 if geometry is None else geometry.shape[self._axis()]

    def _onDirectionChosen(self, direction):
        self.session.parameters.direction = direction

    def _onFirstSlice(self, value):
        self._setRange(value, max(value, self.ui.lastSliceSpinBox.value))

    def _onLastSlice(self, value):
        self._setRange(min(value, self.ui.firstSliceSpinBox.value), value)

    def _onSetFirstSlice(self):
        self.ui.firstSliceSpinBox.value = shownSlice(self.session.boxGeometry, self._axis()).index

    def _onSetLastSlice(self):
        self.ui.lastSliceSpinBox.value = shownSlice(self.session.boxGeometry, self._axis()).index

    def _setRange(self, first, last):
        with slicer.util.NodeModify(self.session.parameters.parameterNode):
            self.session.parameters.firstSlice = first
            self.session.parameters.lastSlice = last
        self.session.changed.emitNow()

    def _range(self):
        if not self.session.parameters.limitRange:
            return {}
        return {"first": self.ui.firstSliceSpinBox.value, "last": self.ui.lastSliceSpinBox.value}

    def _onPropagate(self):
        with self.session.showingErrors():
            _volume, segmentation, segment = self.session.target
            if self.session.parameters.allSegments:
                volume, axis = self.session.boxVolume, self.session.boxAxis
                self._start(self.session.logic.boxedSegments(segmentation, volume, axis))
            else:
                self._start([segment])

    def _onPropagateHere(self):
        # To mend one object, whatever else has boxes.
        segment = self.session.target[2]
        self._start([segment], fromSlice=shownSlice(self.session.boxGeometry, self._axis()).index)

    def _onThroughTime(self):
        session = self.session
        with session.showingErrors():
            self._run = session.logic.startPropagationThroughTime(
                *session.target,
                axis=self._axis(),
                progress=self._onFrame,
                direction=session.parameters.direction,
                window=session.window,
                model=session.model,
            )
            self.ui.progressBar.setRange(0, 0)
            self.ui.progressBar.format = _("%v of at most %m frames")
            session.showMessage(_("Following the object through time …"))
            session.work.add(self._run, lambda result: session.showMessage(messageOnTime(result)))

    def _onFrame(self, progress):
        self._showProgress(progress, _("Frame {number} is done.").format(number=progress.frame + 1))

    def _start(self, segments, fromSlice=None):
        session = self.session
        with session.showingErrors():
            _volume, segmentation, _segment = session.target
            self._run = session.logic.startPropagation(
                session.boxVolume,
                segmentation,
                segments,
                progress=self._onProgress,
                direction=session.parameters.direction,
                fromSlice=fromSlice,
                window=session.window,
                model=session.model,
                planes=3 if session.parameters.threePlanes else 1,
                **self._range(),
            )
            self.ui.progressBar.setRange(0, 0)
            self.ui.progressBar.format = _("%v of at most %m slices")
            session.showMessage(
                _("Following the object through the volume …")
                if len(segments) == 1
                else _("Following {count} objects through the volume …").format(count=len(segments))
            )
            session.work.add(self._run, lambda result: session.showMessage(messageOn(result, segmentation)))

    def _onProgress(self, progress):
        self._showProgress(progress, self._messageOnProgress(progress))

    def _showProgress(self, progress, sentence):
        self.ui.progressBar.setRange(0, progress.total)
        self.ui.progressBar.setValue(progress.done)
        self.session.showMessage(sentence)
        self.session.changed.emit()

    def _messageOnProgress(self, progress):
        if progress.acrossAxis is not None:
            return _("Looking at it from the other sides: slice {done} of {total}.").format(
                done=progress.done, total=progress.total
            )
        if len(self._run.result.segments) == 1:
            return _("Slice {index} is done.").format(index=progress.sliceIndex)
        name = segmentName(self.session.parameters.segmentation, progress.segment)
        return _("Slice {index} of '{name}' is done.").format(index=progress.sliceIndex, name=name)

    def _onCancel(self):
        self._run.cancel()
        self.session.showMessage(_("Stopping; what is done is kept."))
