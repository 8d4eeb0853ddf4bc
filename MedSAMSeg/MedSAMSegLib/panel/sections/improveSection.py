"""Advanced: let the model learn from the slices that a reader drew, edited or accepted."""

from __future__ import annotations

import datetime
from typing import TYPE_CHECKING, Any

import qt
import slicer
from slicer.i18n import tr as _

from MedSAMSegLib.errors import UserError
from MedSAMSegLib.install.installation import DEFAULT_MODEL
from MedSAMSegLib.panel.frame.errorMessages import messageOn
from MedSAMSegLib.panel.frame.panelSection import PanelSection
from MedSAMSegLib.panel.frame.workList import WorkList
from MedSAMSegLib.panel.sections.improveMessages import improvementText, trainingMessage
from MedSAMSegLib.runs.backgroundRun import BackgroundRun
from MedSAMSegLib.runs.watchedRun import WatchedRun
from MedSAMSegLib.server.pythonPrograms import externalEnvironment
from MedSAMSegLib.server.serverProcess import findServerCommand
from MedSAMSegLib.server.serverProgram import ServerProgram
from MedSAMSegLib.training.correctedSlices import correctedVolumes
from MedSAMSegLib.training.correctionTraining import CorrectionTraining
from MedSAMSegLib.training.sceneFiles import findScenes, readScene
from MedSAMSegLib.volumes.intensityWindows import resolvedWindow, suggestedWindow

if TYPE_CHECKING:
    from MedSAMSegLib.panel.frame.panelSession import PanelSession


class ImproveSection(PanelSection):
    """Trains a model in the background, says what it changed, and lets the user decide.

    Its runs are not the scene's: they go on when a scene is closed.

    :param ui: the panel's widgets by name.
    :param session: the :class:`PanelSession`.
    """

    def __init__(self, ui: Any, session: PanelSession) -> None:
        super().__init__(ui, session)
        self._work = WorkList(session.connections, self._onFailed, self.update)
        self._training: CorrectionTraining | None = None
        self._improvement: Any = None
        self.connect(ui.improveButton, "clicked()", self._onImprove)
        self.connect(ui.improveFolderButton, "clicked()", self._onImproveFolder)
        self.connect(ui.cancelImproveButton, "clicked()", self._onCancel)
        self.connect(ui.useImprovedButton, "clicked()", self._onUse)
        self.connect(ui.discardImprovedButton, "clicked()", self._onDiscard)
        ui.improveLabel.text = ""
        self.update()

    def cleanup(self) -> None:
        """A training does not outlive the panel."""
        self._work.dropAll()

    def update(self) -> None:
        """Show what can be done now."""
        ui = self.ui
        isBusy = self._training is not None
        hasScene = self.session.parameters is not None
        for button in (ui.improveButton, ui.improveFolderButton):
            button.visible = not isBusy
            button.enabled = hasScene
        ui.improveProgressBar.visible = ui.cancelImproveButton.visible = isBusy
        ui.improveLabel.visible = bool(ui.improveLabel.text)
        for button in (ui.useImprovedButton, ui.discardImprovedButton):
            button.visible = self._improvement is not None and not isBusy
        isNew = self._improvement is not None and hasScene
        ui.useImprovedButton.enabled = isNew and self.session.parameters.model != self._improvement.model

    def _onImprove(self):
        with self.session.showingErrors():
            self._start([self._presentScene])

    def _onImproveFolder(self):
        folder = qt.QFileDialog.getExistingDirectory(self.ui.improveFolderButton, _("Folder of scenes"), "")
        if not folder:
            return
        with self.session.showingErrors():
            self._start([self._sceneReader(path) for path in findScenes(folder)])

    def _presentScene(self):
        volume, segmentation, _segmentID = self.session.target
        return correctedVolumes(slicer.mrmlScene, self._windowChooser(), (volume, segmentation))

    def _sceneReader(self, path):
        chooseWindow = self._windowChooser()
        return lambda: correctedVolumes(readScene(path), chooseWindow)

    def _windowChooser(self):
        """:return: what gives each volume the window that the panel would ask with."""
        choice = self.session.parameters.window
        return lambda volume: resolvedWindow(choice, volume, suggestedWindow(volume))

    def _start(self, sources):
        if self.session.server.remote is not None:
            raise UserError(
                _("The model is on another computer and cannot be improved from here."),
                _("Use the server of this computer: clear the remote server's address."),
                "server_remote",
            )
        now = datetime.datetime.now()
        base = self.session.model
        title = _("{model}, improved on {date}").format(
            model=base or DEFAULT_MODEL["title"], date=f"{now:%Y-%m-%d %H:%M}"
        )
        program = ServerProgram(findServerCommand(), externalEnvironment())
        name = f"improved-{now:%Y%m%d-%H%M%S}"
        self._training = CorrectionTraining(sources, program, name, title, base, self._onProgress)
        self._improvement = None
        self.ui.improveProgressBar.setRange(0, 0)
        self.ui.improveLabel.text = _("Collecting slices …")
        self._work.add(WatchedRun(self._training), self._onEnd)

    def _onProgress(self, progress):
        self.ui.improveProgressBar.setRange(0, progress.total)
        self.ui.improveProgressBar.setValue(progress.done)
        self.ui.improveLabel.text = trainingMessage(progress)

    def _onEnd(self, watched):
        self._training = None
        self._improvement = watched.run.result
        if self._improvement is None:
            self.ui.improveLabel.text = ""
            self.session.showMessage(_("Stopped. The model is as it was."))
            return
        self.ui.improveLabel.text = improvementText(self._improvement)
        self.session.modelsChanged.emit()
        self.session.showMessage(_("The improved model is ready: see under 'Advanced'."))

    def _onFailed(self, error):
        self._training = None
        # Shown here and in the status line, which may show the next sentence before this one has been read.
        self.ui.improveLabel.text = messageOn(error)
        self.session.showMessage(messageOn(error))

    def _onCancel(self):
        if self._training is not None:
            self._training.cancel()
            self.ui.improveLabel.text = _("Stopping …")

    def _onUse(self):
        self.session.parameters.model = self._improvement.model
        self.session.showMessage(
            _("From now on the improved model is used. The list under 'Advanced' has the others, too.")
        )

    def _onDiscard(self):
        model = self._improvement.model
        with self.session.showingErrors():
            program = ServerProgram(findServerCommand(), externalEnvironment())
            self._improvement = None
            self.ui.improveLabel.text = ""
            if self.session.parameters is not None and self.session.parameters.model == model:
                self.session.parameters.model = ""
            run = BackgroundRun(lambda report: program.run("models", "remove", model))
            self._work.add(run, lambda _answer: self.session.modelsChanged.emit())
        self.session.showMessage(_("The improved model was removed."))
