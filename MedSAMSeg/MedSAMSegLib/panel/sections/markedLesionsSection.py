"""From what is drawn in the scene already, lines and ROIs of Slicer's Markups, to lesions."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from slicer.i18n import tr as _

from MedSAMSegLib.panel.frame.panelSection import PanelSection
from MedSAMSegLib.panel.parts.boxMessages import messageOnMarked

if TYPE_CHECKING:
    from MedSAMSegLib.panel.frame.panelSession import PanelSession


class MarkedLesionsSection(PanelSection):
    """The buttons "Use lines" and "Use ROIs".

    :param ui: the panel's widgets by name.
    :param session: the :class:`PanelSession`.
    """

    def __init__(self, ui: Any, session: PanelSession) -> None:
        super().__init__(ui, session)
        self.connect(ui.useLinesButton, "clicked()", self._onUseLines)
        self.connect(ui.useROIsButton, "clicked()", self._onUseROIs)

    def update(self) -> None:
        """Markups mean something on a volume."""
        self.ui.useLinesButton.enabled = self.ui.useROIsButton.enabled = self.session.hasUsableVolume

    def _onUseLines(self):
        session = self.session
        with session.showingErrors():
            self._start(
                session.logic.measuredLesions(session.target.volume),
                session.logic.startLines,
                _("There is no line to use. Draw one along each lesion, and maybe one across it: Markups, Line."),
                _("Looking for what was measured by lines: {count} …"),
            )

    def _onUseROIs(self):
        session = self.session
        with session.showingErrors():
            self._start(
                session.logic.unusedROIs(session.target.volume),
                session.logic.startROI,
                _("There is no unused ROI that is visible and wholly inside the volume. Draw one: Markups, ROI."),
                _("Looking into the ROIs: {count} …"),
            )

    def _start(self, marked: Sequence[Any], start: Any, nothing: str, looking: str) -> None:
        session = self.session
        if not marked:
            session.showMessage(nothing)
            return
        ends: list[Any] = []

        def onEnd(end):
            ends.append(end)
            if len(ends) == len(marked):
                session.showMessage(messageOnMarked(ends))

        for mark in marked:
            session.addSegment()
            run = start(*session.target, mark, window=session.window, model=session.model)
            session.work.add(run, onEnd, onEnd)
        session.showMessage(looking.format(count=len(marked)))
