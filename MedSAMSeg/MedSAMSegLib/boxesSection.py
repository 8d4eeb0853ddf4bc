"""Boxes: drawn with the pointer, answered by the server."""

from slicer.i18n import tr as _

from .boxDrawing import BoxDrawing
from .panelSection import PanelSection


class BoxesSection(PanelSection):
    """The draw tool.

    :param ui: the panel's widgets by name.
    :param session: the :class:`PanelSession`.
    """

    def __init__(self, ui, session):
        super().__init__(ui, session)
        self._drawing = BoxDrawing(self._onBox)
        ui.drawButton.connect("toggled(bool)", self._onDrawToggled)

    def exit(self):
        """Give the mouse back."""
        self.ui.drawButton.checked = False

    def forgetScene(self):
        """Stop drawing: the volume goes."""
        self.ui.drawButton.checked = False

    def update(self):
        """Boxes need a volume."""
        self.ui.drawButton.enabled = self.session.parameters.volume is not None

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
            session.work.add(run, lambda result: session.say(_sentenceOnBox(result)))


def _sentenceOnBox(result):
    if result.voxelCount == 0:
        return _("Nothing was found in the box. Draw it closer round the object, or choose another window.")
    if not result.changedSegment:
        return _("Nothing changed: the segment had these voxels already, or the masking settings protect them.")
    return _("Found {count} voxels on slice {index}.").format(count=result.voxelCount, index=result.prompt.sliceIndex)
