"""Objects that nobody has pointed at: proposed on the slice that is shown, accepted or hidden one after the other."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import vtk
from slicer.i18n import tr as _
from slicer.util import VTKObservationMixin

from MedSAMSegLib.panel.frame.panelSection import PanelSection
from MedSAMSegLib.panel.parts.encodingAhead import ViewedSlice
from MedSAMSegLib.panel.parts.proposalMessages import messageOnAcceptance, messageOnModel, messageOnSearch
from MedSAMSegLib.panel.parts.proposalTable import ACCEPT_KEYS, HIDE_KEYS, ProposalTable
from MedSAMSegLib.proposals.proposal import ProposalList
from MedSAMSegLib.views.outlinePicking import OutlinePicking, PickingCalls
from MedSAMSegLib.views.sliceViews import shownSlice
from MedSAMSegLib.volumes.sliceNames import sliceName

if TYPE_CHECKING:
    from MedSAMSegLib.panel.frame.panelSession import PanelSession


class ProposalsSection(PanelSection, VTKObservationMixin):
    """The search, the list of what it found, and the outlines in the slice views.

    :param ui: the panel's widgets by name.
    :param session: the :class:`PanelSession`.
    """

    def __init__(self, ui: Any, session: PanelSession) -> None:
        super().__init__(ui, session)
        VTKObservationMixin.__init__(self)
        self._run: Any = None
        self._list: Any = None
        self._source: Any = None
        self._viewed = ViewedSlice()
        self._isEntered = False
        self._picking = OutlinePicking(PickingCalls(self._onMove, self._onClick, self._onKey))
        self._table = ProposalTable(
            session.connections, ui.proposalsTable, self._showOutlines, self._onAccept, self._onHide
        )
        self.connect(ui.proposeButton, "clicked()", self._onPropose)
        self.connect(ui.cancelProposalsButton, "clicked()", self._onCancel)
        self.connect(ui.acceptProposalButton, "clicked()", self._onAccept)
        self.connect(ui.hideProposalButton, "clicked()", self._onHide)
        self.connect(ui.acceptAllProposalsButton, "clicked()", self._onAcceptAll)
        self.connect(ui.closeProposalsButton, "clicked()", self._close)
        session.activeTool.changed.connect(self._onTool)

    def enter(self) -> None:
        """Show the outlines again."""
        self._isEntered = True
        if self._list is not None:
            self._picking.start()

    def exit(self) -> None:
        """Give mouse and keys back; what is proposed is kept."""
        self._isEntered = False
        self._picking.stop()

    def forgetScene(self) -> None:
        """Let go of the proposals: their volume goes."""
        self._run = None
        self._forget()

    def cleanup(self) -> None:
        """Take the outlines away."""
        self._forget()

    def update(self) -> None:
        """Show what is still to be decided on."""
        session, ui = self.session, self.ui
        if self._source is not None and not self._isOfShownVolume:
            self._forget()
            session.showSceneMessage(_("The image was changed: have objects proposed again."))
        if session.geometry is not None:
            self._viewed.of(session.geometry)
        proposals = self._list.open if self._list is not None else []
        self._table.fill(proposals)
        self._showOutlines()
        isRunning = self._run is not None and not self._run.isOver
        ui.proposeButton.enabled = session.hasUsableVolume and not isRunning
        ui.cancelProposalsButton.enabled = isRunning
        ui.proposalsProgressBar.visible = isRunning
        ui.acceptAllProposalsButton.enabled = bool(proposals)
        ui.closeProposalsButton.enabled = self._list is not None
        chosen, proposer = self._models
        ui.proposalModelLabel.text = messageOnModel(chosen, proposer)
        ui.proposalModelLabel.visible = proposer is not None

    @property
    def _isOfShownVolume(self):
        return self._source.volume is self.session.parameters.volume and self._source.isCurrent

    @property
    def _models(self):
        """What the server says of the chosen model and of the one that proposes; None where it says nothing."""
        chosen = self.session.chosenModel
        # A server of an earlier version says nothing of proposals.
        able = [model for model in self.session.models if model.get("proposes")]
        if chosen in able:
            return chosen, chosen
        return chosen, next((model for model in able if model["installed"]), next(iter(able), None))

    def _onPropose(self):
        session = self.session
        with session.showingErrors():
            self._forget()
            volume, geometry = session.parameters.volume, session.geometry
            shown = self._viewed.of(geometry) or shownSlice(geometry)
            proposer = self._models[1]
            self._run = run = session.logic.startProposals(
                volume,
                shown.axis,
                shown.index,
                session.window,
                proposer and proposer["name"],
                progress=self._onProgress,
            )
            self.ui.proposalsProgressBar.setRange(0, 0)
            name = sliceName(geometry, shown.axis, shown.index)
            session.showMessage(_("Looking for objects on {slice} …").format(slice=name))
            session.work.add(run, lambda proposals: self._onProposals(run, proposals, name))

    def _onProgress(self, progress):
        self.ui.proposalsProgressBar.setRange(0, progress.total)
        self.ui.proposalsProgressBar.setValue(progress.done)

    def _onProposals(self, run, proposals, name):
        self.session.showMessage(messageOnSearch(run, name))
        if not proposals:
            return
        self._list, self._source = ProposalList(proposals), proposals[0].source
        # The volume of a sequence gets other voxels with every frame.
        volume = self._source.volume
        for event in (vtk.vtkCommand.ModifiedEvent, volume.ImageDataModifiedEvent, volume.TransformModifiedEvent):
            self.addObserver(volume, event, self._onVolume)
        self.session.activeTool.putAway()
        self._table.fill(self._list.open)
        self._table.select(proposals[0])
        self._showOutlines()
        if self._isEntered:
            self._picking.start()
            self.ui.proposalsTable.setFocus()

    def _onVolume(self, _caller, _event):
        self.session.changed.emit()

    def _onCancel(self):
        self._run.cancel()

    def _showOutlines(self):
        selected = self._table.selected
        for button in (self.ui.acceptProposalButton, self.ui.hideProposalButton):
            button.enabled = selected is not None
        if self._source is not None:
            masks = [proposal.mask for proposal in self._list.open]
            source = self._source
            self._picking.show(source.volume, source.axis, source.sliceIndex, masks, selected and selected.mask)

    def _onMove(self, x, y):
        under = self._list.at(x, y)
        if under is not None and under is not self._table.selected:
            self._table.select(under)
            self._showOutlines()

    def _onClick(self, x, y):
        under = self._list.at(x, y)
        if under is not None:
            self._accept([under])
        return under is not None

    def _onKey(self, key):
        if key in ACCEPT_KEYS:
            self._onAccept()
        elif key in HIDE_KEYS:
            self._onHide()
        return key in (*ACCEPT_KEYS, *HIDE_KEYS)

    def _onTool(self):
        # One tool has the mouse; the outlines stay.
        self._picking.takesPointer = self.session.activeTool.name is None

    def _onAccept(self):
        if self._table.selected is not None:
            self._accept([self._table.selected])

    def _onAcceptAll(self):
        self._accept(self._list.open)

    def _accept(self, proposals):
        session = self.session
        with session.showingErrors():
            parameters = session.parameters
            if parameters.segmentation is None:
                parameters.segmentation = session.logic.createSegmentation(parameters.volume)
            segmentation = parameters.segmentation
            accepted = session.logic.acceptProposals(segmentation, proposals)
            self._list.accept(segmentation, accepted)
            parameters.segmentID = list(accepted.values())[-1]
            session.showMessage(messageOnAcceptance(segmentation, accepted.values(), len(proposals)))

    def _onHide(self):
        if self._table.selected is not None:
            self._list.hide(self._table.selected)
            self.session.changed.emitNow()

    def _close(self):
        self._forget()
        self.session.changed.emitNow()

    def _forget(self):
        self._picking.stop()
        self.removeObservers()
        self._list = self._source = None
        self._table.fill([])
