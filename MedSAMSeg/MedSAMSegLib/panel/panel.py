"""The panel: sections in the order of work, over one session. It holds no logic of its own."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import slicer
import vtk
from slicer.util import VTKObservationMixin

from MedSAMSegLib.panel.frame.panelLook import giveLook
from MedSAMSegLib.panel.frame.panelSession import PanelSession
from MedSAMSegLib.panel.frame.parameters import MedSAMSegParameters
from MedSAMSegLib.panel.sections.autosaveSection import AutosaveSection
from MedSAMSegLib.panel.sections.boxesSection import BoxesSection
from MedSAMSegLib.panel.sections.encodingSection import EncodingSection
from MedSAMSegLib.panel.sections.exclusionSection import ExclusionSection
from MedSAMSegLib.panel.sections.exportSection import ExportSection
from MedSAMSegLib.panel.sections.firstBoxSection import FirstBoxSection
from MedSAMSegLib.panel.sections.followUpSection import FollowUpSection
from MedSAMSegLib.panel.sections.historySection import HistorySection
from MedSAMSegLib.panel.sections.improveSection import ImproveSection
from MedSAMSegLib.panel.sections.inputsSection import InputsSection
from MedSAMSegLib.panel.sections.installSection import InstallSection
from MedSAMSegLib.panel.sections.lesionsSection import LesionsSection
from MedSAMSegLib.panel.sections.lesionTableSection import LesionTableSection
from MedSAMSegLib.panel.sections.lesionTermsSection import LesionTermsSection
from MedSAMSegLib.panel.sections.markedLesionsSection import MarkedLesionsSection
from MedSAMSegLib.panel.sections.phasesSection import PhasesSection
from MedSAMSegLib.panel.sections.pointsSection import PointsSection
from MedSAMSegLib.panel.sections.propagationSection import PropagationSection
from MedSAMSegLib.panel.sections.proposalsSection import ProposalsSection
from MedSAMSegLib.panel.sections.remoteSection import RemoteSection
from MedSAMSegLib.panel.sections.reviewSection import ReviewSection
from MedSAMSegLib.panel.sections.segmentsSection import SegmentsSection
from MedSAMSegLib.panel.sections.serverSection import ServerSection
from MedSAMSegLib.panel.sections.shortcutsSection import PanelShortcuts
from MedSAMSegLib.panel.sections.surfaceSection import SurfaceSection

if TYPE_CHECKING:
    from MedSAMSegLib.logic import MedSAMSegLogic

SECTIONS = (
    RemoteSection,
    InstallSection,
    FirstBoxSection,
    InputsSection,
    ServerSection,
    EncodingSection,
    SegmentsSection,
    SurfaceSection,
    BoxesSection,
    PointsSection,
    ExclusionSection,
    PhasesSection,
    ProposalsSection,
    PropagationSection,
    ReviewSection,
    LesionsSection,
    LesionTermsSection,
    MarkedLesionsSection,
    LesionTableSection,
    FollowUpSection,
    ExportSection,
    HistorySection,
    ImproveSection,
    AutosaveSection,
    PanelShortcuts,
)


class Panel(VTKObservationMixin):
    """Lets the sections of ``MedSAMSeg.ui`` live with the scene.

    :param ui: the loaded widgets by name.
    :param logic: :class:`MedSAMSegLogic`.
    :param getParameterNode: returns the module's vtkMRMLScriptedModuleNode in the present scene.
    """

    def __init__(self, ui: Any, logic: MedSAMSegLogic, getParameterNode: Callable[[], Any]) -> None:
        VTKObservationMixin.__init__(self)
        self._getParameterNode = getParameterNode
        self._isShown = False
        self._session = PanelSession(logic, ui.statusLabel)
        giveLook(ui)
        self._sections = [section(ui, self._session) for section in SECTIONS]
        self._session.changed.connect(self._update)
        self.addObserver(slicer.mrmlScene, slicer.mrmlScene.StartCloseEvent, self._onSceneStartClose)
        self.addObserver(slicer.mrmlScene, slicer.mrmlScene.EndCloseEvent, self._onSceneEndClose)
        self.addObserver(slicer.mrmlScene, slicer.mrmlScene.EndImportEvent, self._onSceneEndImport)
        self.addObserver(slicer.mrmlScene, slicer.mrmlScene.NodeAddedEvent, self._session.changed.emit)
        self.addObserver(slicer.mrmlScene, slicer.mrmlScene.NodeRemovedEvent, self._session.changed.emit)
        self._useScene()

    def enter(self) -> None:
        """The module is shown."""
        self._isShown = True
        for section in self._sections:
            section.enter()
        self._session.changed.emitNow()

    def exit(self) -> None:
        """Another module is shown: mouse and keys are given back; work under way goes on."""
        self._isShown = False
        self._session.activeTool.putAway()
        for section in self._sections:
            section.exit()

    def cleanup(self) -> None:
        """The panel goes: nothing calls it any more."""
        self.exit()
        self._forgetScene()
        for section in self._sections:
            section.cleanup()
        self._session.monitor.close()
        self._session.breathing.close()
        self._session.connections.disconnectAll()
        self.removeObservers()

    def _useScene(self):
        parameters = MedSAMSegParameters(self._getParameterNode())
        self._session.parameters = parameters
        for section in self._sections:
            section.useScene()
        self.addObserver(parameters.parameterNode, vtk.vtkCommand.ModifiedEvent, self._session.changed.emit)
        self._session.changed.emitNow()

    def _forgetScene(self):
        self._session.work.dropAll()
        parameters = self._session.parameters
        if parameters is not None:
            self.removeObserver(parameters.parameterNode, vtk.vtkCommand.ModifiedEvent, self._session.changed.emit)
            self._session.activeTool.putAway()
            for section in self._sections:
                section.forgetScene()
            self._session.parameters = None
        self._session.changed.stop()

    def _onSceneStartClose(self, caller, event):
        self._forgetScene()

    def _onSceneEndClose(self, caller, event):
        self._useScene()

    def _onSceneEndImport(self, caller, event):
        # The nodes that the parameters refer to arrive after the parameters; now the widgets can show them.
        self._session.parameters.parameterNode.Modified()

    def _update(self):
        if self._session.parameters is None:
            return
        if not self._isShown:
            # Whatever changes until then, the widgets follow once, when the module is entered.
            for section in self._sections:
                section.updateHidden()
            return
        with self._session.lookingUpOnce():
            for section in self._sections:
                section.update()
        self._session.forgetNews()
