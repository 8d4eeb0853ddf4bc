"""Further volumes of the same patient, such as phases of contrast, that are asked along with the shown one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import slicer
from slicer.i18n import tr as _

from MedSAMSegLib.errors import UserError
from MedSAMSegLib.panel.frame.errorMessages import inUsersLanguage, messageOn
from MedSAMSegLib.panel.frame.panelSection import PanelSection
from MedSAMSegLib.panel.parts.boxMessages import messageOnBoxes
from MedSAMSegLib.panel.parts.choiceBox import ChoiceBox
from MedSAMSegLib.panel.parts.phaseList import PhaseChoice, PhaseList
from MedSAMSegLib.volumes.phases import Phases, checkPhases
from MedSAMSegLib.volumes.resampling import hasSameVoxels
from MedSAMSegLib.volumes.volumeChecks import choosableVolumes

if TYPE_CHECKING:
    from MedSAMSegLib.panel.frame.panelSession import PanelSession


class PhasesSection(PanelSection):
    """The list of the scene's other volumes, how they are fused, and the boxes asked again with them.

    :param ui: the panel's widgets by name.
    :param session: the :class:`PanelSession`.
    """

    def __init__(self, ui: Any, session: PanelSession) -> None:
        super().__init__(ui, session)
        self._list = PhaseList(session.connections, ui.phasesList, self._onChosen)
        self._fuse = ChoiceBox(session.connections, ui.fuseComboBox, lambda _fuse: self._onChosen())
        self._fuse.setChoices([("mean", _("mean")), ("max", _("maximum"))])
        self._fuse.show("mean")
        self.connect(ui.askAgainButton, "clicked()", self._onAskAgain)

    def forgetScene(self) -> None:
        """Let go of the volumes."""
        self._list.fill([])

    def update(self) -> None:
        """Show which volumes are asked."""
        session, ui = self.session, self.ui
        volume, segmentation, segmentID = session.target
        isUsable = session.hasUsableVolume
        choices = _choices(volume) if isUsable else []
        self._list.fill(choices)
        count = sum(choice.isTicked for choice in choices)
        title = _("Further volumes")
        ui.phasesButton.text = f"{title} ({count})" if count else title
        ui.phasesList.visible = bool(choices)
        ui.phasesLabel.text = _hint(volume.GetName() if isUsable else "", choices)
        ui.fuseComboBox.enabled = bool(count)
        self._fuse.show(session.logic.fuse(volume) if isUsable else "mean")
        ui.askAgainButton.enabled = isUsable and bool(session.logic.boxNodes(segmentation, volume, segmentID))

    def _onChosen(self):
        """Ask what is ticked from now on; what cannot be asked loses its tick again."""
        session = self.session
        if session.parameters is None or not session.hasUsableVolume:
            return
        with session.showingErrors():
            volume = session.target.volume
            phases = [slicer.mrmlScene.GetNodeByID(volumeID) for volumeID in self._list.ticked]
            notes = map(inUsersLanguage, session.logic.setPhases(volume, phases, self._fuse.value))
            session.showMessage(" ".join([_sentence(volume, session.logic.phases(volume), self._fuse.value), *notes]))

    def _onAskAgain(self):
        session = self.session
        volume, segmentation, segmentID = session.target
        with session.showingErrors():
            nodes = session.logic.boxNodes(segmentation, volume, segmentID)
            run = session.logic.startBoxUpdates(nodes, session.window, session.model)
            session.showMessage(_("Asking for the boxes of the segment again …"))
            session.work.add(run, lambda results: session.showMessage(messageOnBoxes(results)))


def _choices(volume):
    """:return: the PhaseChoices of all volumes but this one."""
    asked = Phases.of(volume).volumeIDs
    others = [other for other in choosableVolumes() if other is not volume]
    return [_choice(volume, other, other.GetID() in asked) for other in others]


def _choice(volume, other, isTicked):
    name = other.GetName()
    try:
        checkPhases(volume, Phases((other.GetID(),)))
    except UserError as error:
        # A tick can be taken away from one that was damaged since.
        return PhaseChoice(other.GetID(), name, isTicked, "" if isTicked else messageOn(error))
    title = name if hasSameVoxels(volume, other) else _("{name} (other voxels: is resampled)").format(name=name)
    return PhaseChoice(other.GetID(), title, isTicked)


def _hint(name, choices):
    if not name:
        return _("Choose a volume first.")
    if not choices:
        return _("Load further volumes of the same patient: boxes on '{name}' can ask them, too.").format(name=name)
    return _("Boxes and propagations on '{name}' ask the ticked volumes as well. None is registered.").format(name=name)


def _sentence(volume, phases, fuse):
    if not phases:
        return _("'{name}' is asked alone from now on.").format(name=volume.GetName())
    names = ", ".join(f"'{phase.GetName()}'" for phase in phases)
    sentence = {
        "mean": _("Asked along with '{name}' from now on, by the mean of the probabilities: {names}."),
        "max": _("Asked along with '{name}' from now on, by the maximum of the probabilities: {names}."),
    }[fuse]
    return sentence.format(name=volume.GetName(), names=names)
