"""What lies in a box and is not the object: a box drawn round it, inside of the object's."""

from slicer.i18n import tr as _

from MedSAMSegLib.boxes.pointStore import BESIDE_OBJECT, COLORS
from MedSAMSegLib.panel.frame.panelSection import PanelSection
from MedSAMSegLib.panel.parts.boxSentences import sentenceOnBox
from MedSAMSegLib.views.boxDrawing import BoxDrawing
from MedSAMSegLib.volumes.sliceGeometry import SliceGeometry


class ExclusionSection(PanelSection):
    """The tool "Not this".

    :param ui: the panel's widgets by name.
    :param session: the :class:`PanelSession`.
    """

    def __init__(self, ui, session):
        super().__init__(ui, session)
        self._drawing = BoxDrawing(self._onBox, color=COLORS[BESIDE_OBJECT])
        self.connect(ui.notThisButton, "toggled(bool)", self._onToggled)
        for other in self._otherTools:
            self.connect(other, "toggled(bool)", self._onOtherToggled)

    def exit(self):
        """Give the mouse back."""
        self.ui.notThisButton.checked = False

    def forgetScene(self):
        """Give the mouse back: the volume goes."""
        self.ui.notThisButton.checked = False

    def cleanup(self):
        """Give the mouse back."""
        self.ui.notThisButton.checked = False

    def update(self):
        """There has to be a box of the chosen segment."""
        volume, segmentation, segmentID = self.session.target
        hasBoxes = bool(segmentID and self.session.logic.boxNodes(segmentation, volume, segmentID))
        self.ui.notThisButton.enabled = hasBoxes
        if not hasBoxes:
            self.ui.notThisButton.checked = False

    @property
    def _otherTools(self):
        return self.ui.drawButton, self.ui.positivePointButton, self.ui.negativePointButton

    def _onToggled(self, isOn):
        if not isOn:
            self._drawing.stop()
            return
        # One tool has the mouse.
        for other in self._otherTools:
            other.checked = False
        self._drawing.start()
        self.session.say(_("Draw a box round what is not the object, inside of its box: it is taken away."))

    def _onOtherToggled(self, isOn):
        if isOn:
            self.ui.notThisButton.checked = False

    def _onBox(self, cornerA, cornerB, sliceNode):
        session = self.session
        with session.sayingErrors():
            where = {"boxRAS": (cornerA, cornerB), "view": sliceNode.GetLayoutName()}
            box = self._boxRound(cornerA, cornerB, sliceNode)
            if box is None:
                session.say(_("There is no box of this segment on this slice: draw the object's box first."))
                return
            run = session.logic.startExclusion(box.node, session.window, session.model, **where)
            session.work.add(run, lambda result: session.say(sentenceOnBox(result)))

    def _boxRound(self, cornerA, cornerB, sliceNode):
        """:return: the BoxEntry on the slice whose middle is nearest to that of what was drawn; None without one."""
        volume, segmentation, segmentID = self.session.target
        if not segmentID:
            return None
        drawn = SliceGeometry(volume).boxFromView(cornerA, cornerB, sliceNode)
        onSlice = [
            entry
            for entry in self.session.logic.boxes(segmentation, volume, segmentID)
            if (entry.prompt.axis, entry.prompt.sliceIndex) == (drawn.axis, drawn.sliceIndex)
        ]
        return min(onSlice, key=lambda entry: _distance(entry.prompt.box, drawn.box), default=None)


def _distance(first, second):
    (x0, y0, x1, y1), (left, top, right, bottom) = first, second
    return abs(x0 + x1 - left - right) + abs(y0 + y1 - top - bottom)
