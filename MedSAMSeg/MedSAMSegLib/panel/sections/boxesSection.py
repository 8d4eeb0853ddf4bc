"""Boxes: drawn with the pointer, listed, dragged by their handles, given a threshold, deleted."""

from slicer.i18n import tr as _

from MedSAMSegLib.panel.frame.panelSection import PanelSection
from MedSAMSegLib.panel.parts.boxHandles import BoxHandles
from MedSAMSegLib.panel.parts.boxPreview import DragPreview
from MedSAMSegLib.panel.parts.boxSentences import sentenceOnBox, sentenceOnThreshold
from MedSAMSegLib.panel.parts.boxTable import BoxTable
from MedSAMSegLib.panel.parts.boxViews import BoxViews
from MedSAMSegLib.panel.parts.thresholdSlider import ThresholdSlider
from MedSAMSegLib.views.boxDrawing import BoxDrawing


class BoxesSection(PanelSection):
    """The draw tool, and the boxes that are there.

    :param ui: the panel's widgets by name.
    :param session: the :class:`PanelSession`.
    """

    def __init__(self, ui, session):
        super().__init__(ui, session)
        self._isEntered = False
        self._preview = DragPreview(session)
        self._handles = BoxHandles(session, self._sayResult)
        self._views = BoxViews()
        self._drawing = BoxDrawing(
            self._onBox, self._preview.follow, self._preview.stop, isOccupied=self._handles.isUnderPointer
        )
        self._table = BoxTable(
            session.connections, ui.boxesTable, onDelete=self._onDelete, onSelection=self._showSelected
        )
        self._threshold = ThresholdSlider(
            ui.thresholdSlider,
            ui.thresholdSpinBox,
            session,
            session.logic.threshold,
            session.logic.startThreshold,
            lambda result: session.say(sentenceOnThreshold(result)),
        )
        self.connect(ui.drawButton, "toggled(bool)", self._onDrawToggled)
        self.connect(ui.deleteBoxButton, "clicked()", self._onDelete)

    def enter(self):
        """Show the handles again."""
        self._isEntered = True

    def exit(self):
        """Give the mouse back."""
        self._isEntered = False
        self.ui.drawButton.checked = False
        self._handles.letGo()
        self._handles.hide()

    def forgetScene(self):
        """Stop drawing: volume and boxes go."""
        self.ui.drawButton.checked = False
        self._handles.hide()
        self._views.stop()
        self._table.fill(None, None, [])
        self._threshold.forget(_onSlider(None))

    def cleanup(self):
        """Let go of views and boxes."""
        self.exit()
        self._views.stop()

    def update(self):
        """Boxes need a volume; those of the chosen segment can be dragged."""
        volume, segmentation, segmentID = self.session.target
        logic = self.session.logic
        self.ui.drawButton.enabled = self.session.hasUsableVolume
        if not self.session.hasUsableVolume:
            # Nobody could switch it off.
            self.ui.drawButton.checked = False
        logic.settleBoxes()
        entries = logic.allBoxes(segmentation, volume)
        self._table.fill(volume, segmentation, entries)
        self._views.show(volume, entries)
        if self._isEntered:
            self._handles.show(entries, segmentID)
        self._showSelected()

    def _showSelected(self):
        entry = self._table.selected
        self.ui.deleteBoxButton.enabled = entry is not None
        isUsable = entry is not None and not entry.problem
        self._threshold.show(entry.node if isUsable else None, _onSlider(entry))

    def _onDrawToggled(self, isOn):
        if isOn:
            self._drawing.start()
            self.session.say(
                _("Press the left button at a corner of the object, drag to the opposite corner, release.")
            )
        else:
            self._drawing.stop()

    def _onBox(self, cornerA, cornerB, sliceNode):
        session = self.session
        with session.sayingErrors():
            session.ensureSegment()
            run = session.logic.startBox(
                *session.target,
                boxRAS=(cornerA, cornerB),
                view=sliceNode.GetLayoutName(),
                window=session.window,
                model=session.model,
            )
            session.say(_("Looking for the object in the box …"))
            session.work.add(run, self._onDrawn)

    def _onDrawn(self, result):
        self._table.selectNext(result.promptNode)
        self._sayResult(result)

    def _onDelete(self):
        entry = self._table.selected
        if entry is None:
            return
        with self.session.sayingErrors():
            run = self.session.logic.startBoxDeletion(entry.node)
            self.session.work.add(run, self._sayDeletion)

    def _sayDeletion(self, deletion):
        self.session.say(" ".join([_("The box was deleted."), *deletion.notes]))

    def _sayResult(self, result):
        self.session.say(sentenceOnBox(result))


def _onSlider(entry):
    """:return: what the threshold does of the box that is selected, a BoxEntry or None; or why nothing."""
    if entry is None:
        return _("Select a box in the list above: each has a threshold of its own")
    if entry.problem:
        return entry.problem
    return _("How likely a voxel has to be of the object for the mask of the selected box: lower for a larger mask")
