"""Boxes: drawn with the pointer, listed, dragged by their handles, given a threshold, deleted."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from slicer.i18n import tr as _

from MedSAMSegLib.panel.frame.activeTool import DRAW_BOX
from MedSAMSegLib.panel.frame.errorMessages import inUsersLanguage, notesOn
from MedSAMSegLib.panel.frame.panelSection import PanelSection
from MedSAMSegLib.panel.parts.boxHandles import BoxHandles
from MedSAMSegLib.panel.parts.boxMessages import messageOnBox, messageOnMeaning, messageOnThreshold
from MedSAMSegLib.panel.parts.boxPreview import DragPreview
from MedSAMSegLib.panel.parts.boxTable import BoxTable
from MedSAMSegLib.panel.parts.boxViews import BoxViews
from MedSAMSegLib.panel.parts.excludedSegmentChoice import ExcludedSegmentChoice
from MedSAMSegLib.panel.parts.thresholdSlider import ThresholdSlider
from MedSAMSegLib.panel.parts.toolButton import ToolButton
from MedSAMSegLib.views.boxDrawing import BoxDrawing
from MedSAMSegLib.views.sliceViews import isAnyViewTurned

if TYPE_CHECKING:
    from MedSAMSegLib.panel.frame.panelSession import PanelSession


class BoxesSection(PanelSection):
    """The draw tool, and the boxes that are there.

    :param ui: the panel's widgets by name.
    :param session: the :class:`PanelSession`.
    """

    def __init__(self, ui: Any, session: PanelSession) -> None:
        super().__init__(ui, session)
        self._preview = DragPreview(session)
        self._handles = BoxHandles(session, self._sayResult)
        self._views = BoxViews()
        drawing = BoxDrawing(
            self._onBox,
            self._preview.follow,
            self._preview.stop,
            isOccupied=self._handles.isUnderPointer,
            onClick=self._onClick,
        )
        sentence = _("Press the left button at a corner of the object, drag to the opposite corner, release.")
        self._tool = ToolButton(session, ui.drawButton, DRAW_BOX, drawing, sentence)
        self._table = BoxTable(
            session.connections, ui.boxesTable, onDelete=self._onDelete, onSelection=self._showSelected
        )
        self._threshold = ThresholdSlider(
            ui.thresholdSlider,
            ui.thresholdSpinBox,
            session,
            session.logic.threshold,
            session.logic.startThreshold,
            lambda result: session.showMessage(messageOnThreshold(result)),
        )
        self._excludedSegment = ExcludedSegmentChoice(session, ui.notThisSegmentComboBox)
        self.connect(ui.deleteBoxButton, "clicked()", self._onDelete)
        self.connect(ui.nextMeaningButton, "clicked()", self._onNextMeaning)
        self._aboutMeanings = ui.nextMeaningButton.toolTip

    def exit(self) -> None:
        """Let go of the handles."""
        self._handles.letGo()
        self._handles.hide()

    def forgetScene(self) -> None:
        """Volume and boxes go."""
        self._handles.hide()
        self._views.stop()
        self._table.fill(None, None, [])
        self._threshold.forget(_onSlider(None))
        self._excludedSegment.forget()

    def cleanup(self) -> None:
        """Let go of views and boxes."""
        self.exit()
        self._views.stop()

    def update(self) -> None:
        """Boxes need a volume; those of the chosen segment can be dragged."""
        _volume, segmentation, segmentID = self.session.target
        geometry = self.session.geometry
        self._tool.enable(geometry is not None)
        self.ui.nearestSliceCheckBox.visible = geometry is not None and isAnyViewTurned(geometry)
        entries = self._showBoxes()
        self._table.fill(geometry, segmentation, entries)
        self._handles.show(entries, segmentID)
        self._showSelected()

    def updateHidden(self) -> None:
        """Boxes are in the views of every module."""
        self._showBoxes()

    def _showBoxes(self):
        volume, segmentation, _segmentID = self.session.target
        self.session.logic.realignBoxes()
        entries = self.session.logic.allBoxes(segmentation, volume)
        self._views.show(self.session.geometry if entries else None, entries)
        return entries

    def _showSelected(self):
        entry = self._table.selected
        self.ui.deleteBoxButton.enabled = entry is not None
        isUsable = entry is not None and not entry.problem
        self._showMeanings(isUsable)
        self._threshold.show(entry.node if isUsable else None, _onSlider(entry))
        self._excludedSegment.show(entry if isUsable else None)

    def _showMeanings(self, isUsable):
        chosen = self.session.chosenModel
        # A server that has not said whether it can returns an error when it is asked.
        hasOneMask = chosen is not None and not chosen.get("proposes", True)
        button = self.ui.nextMeaningButton
        button.enabled = isUsable and not hasOneMask
        button.toolTip = _aboutOneMask(chosen["title"]) if hasOneMask else self._aboutMeanings

    def _onBox(self, cornerA, cornerB, sliceNode):
        session = self.session
        with session.showingErrors(isAsking=True):
            session.ensureSegment()
            how = {"view": sliceNode.GetLayoutName(), "nearestSlice": session.parameters.nearestSlice}
            self._start(session.target, boxRAS=(cornerA, cornerB), **how)

    def _onClick(self, place, sliceNode):
        session = self.session
        # With other models, a click without a drag does nothing.
        if not session.takesClicks:
            return
        with session.showingErrors():
            session.ensureSegment()
            target, view = session.target, sliceNode.GetLayoutName()
            how = session.window, session.model, session.parameters.nearestSlice
            run = session.logic.startClick(target.volume, place, view, *how)
            session.showMessage(_("Looking for the box round the click …"))
            session.work.add(run, lambda found: self._onClicked(target, found))

    def _onClicked(self, target, found):
        prompt = found.prompt
        with self.session.showingErrors(isAsking=True):
            where = {"axis": prompt.axis, "slice": prompt.sliceIndex, "box": prompt.box}
            self._start(target._replace(volume=found.volume), **where)

    def _start(self, target, **where):
        session = self.session
        volume, segmentation, segmentID = target
        run = session.logic.startBox(volume, segmentation, segmentID, session.window, session.model, **where)
        session.showMessage(_("Looking for the object in the box …"))
        session.work.add(run, self._onDrawn, told="ends")

    def _onDrawn(self, result):
        self._table.selectNext(result.promptNode)
        self._sayResult(result)

    def _onDelete(self):
        entry = self._table.selected
        if entry is None:
            return
        with self.session.showingErrors():
            run = self.session.logic.startBoxDeletion(entry.node)
            self.session.work.add(run, self._sayDeletion)

    def _onNextMeaning(self):
        entry, session = self._table.selected, self.session
        with session.showingErrors():
            run = session.logic.startNextMeaning(entry.node, session.window, session.model)
            session.work.add(run, lambda result: session.showMessage(messageOnMeaning(result)))

    def _sayDeletion(self, deletion):
        self.session.showMessage(" ".join([_("The box was deleted."), *notesOn(deletion)]))

    def _sayResult(self, result):
        self.session.showMessage(messageOnBox(result))


def _aboutOneMask(title):
    sentence = _("{title} learned one mask for a box. MobileSAM and SAM tell part, object and whole apart.")
    return " ".join([sentence.format(title=title), _("Choose one of them as the model.")])


def _onSlider(entry):
    """:return: what the threshold does of the box that is selected, a BoxEntry or None; or why nothing."""
    if entry is None:
        return _("Select a box in the list above: each has a threshold of its own")
    if entry.problem:
        return inUsersLanguage(entry.problem)
    return _("How likely a voxel has to be of the object for the mask of the selected box: lower for a larger mask")
