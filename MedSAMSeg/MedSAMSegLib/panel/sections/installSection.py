"""Installation: shown while the server or its weights are missing, and when asked for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import ctk
import qt
from slicer.i18n import tr as _

from MedSAMSegLib.errors import UserError
from MedSAMSegLib.install.installation import DEFAULT_MODEL, Installation
from MedSAMSegLib.panel.frame.errorMessages import messageOn
from MedSAMSegLib.panel.frame.panelSection import PanelSection
from MedSAMSegLib.panel.frame.workList import WorkList
from MedSAMSegLib.panel.parts.installMessages import planMessage, progressMessage
from MedSAMSegLib.runs.run import Run
from MedSAMSegLib.server.dataFolders import homeFolder, readableSize
from MedSAMSegLib.server.serverProgram import describeModel

if TYPE_CHECKING:
    from MedSAMSegLib.panel.frame.panelSession import PanelSession

POLL_MILLISECONDS = 500
PROGRESS_STEPS = 1000
TAKE_BACK_SECONDS = 5.0


class InstallSection(PanelSection):
    """Installs, updates and removes packages and weights. What will happen is said before the button is clicked.

    Its runs are not the scene's: they go on when a scene is closed.

    :param ui: the panel's widgets by name.
    :param session: the :class:`PanelSession`.
    """

    def __init__(self, ui: Any, session: PanelSession) -> None:
        super().__init__(ui, session)
        self._installation = Installation(session.server.stop)
        self._work = WorkList(session.connections, lambda error: session.showMessage(messageOn(error)), self.update)
        self._run = None
        self._models: Any = None
        self._shownModels: Any = None
        self._state = "own"
        self._timer = qt.QTimer()
        self._timer.interval = POLL_MILLISECONDS
        self.connect(self._timer, "timeout()", self._poll)
        ui.wheelsPathLineEdit.filters = ctk.ctkPathLineEdit.Dirs
        self.connect(ui.installButton, "clicked()", self._onInstall)
        self.connect(ui.cancelInstallButton, "clicked()", self._onCancel)
        self.connect(ui.downloadWeightsButton, "clicked()", self._onDownload)
        self.connect(ui.importWeightsButton, "clicked()", self._onImport)
        self.connect(ui.uninstallButton, "clicked()", self._onUninstall)
        self.connect(ui.removeWeightsButton, "clicked()", self._onRemoveWeights)
        self.connect(ui.installLogButton, "clicked()", self._onShowLog)
        self.connect(ui.manageInstallationButton, "toggled(bool)", self._onManage)
        self.connect(ui.processorOnlyCheckBox, "toggled(bool)", self._onChoice)
        self.connect(ui.wheelsPathLineEdit, "currentPathChanged(QString)", self._onChoice)

    def enter(self) -> None:
        """Look what is installed."""
        self._lookAgain()
        self._timer.start()

    def exit(self) -> None:
        """Look no more; what is under way goes on."""
        self._timer.stop()

    def cleanup(self) -> None:
        """An installation does not outlive the panel."""
        self._timer.stop()
        self._work.dropAll()
        if self._run is not None:
            # So that Slicer does not end before what was begun has been taken back.
            self._run.wait(TAKE_BACK_SECONDS)

    def update(self) -> None:
        """Show what is missing, and what can be done about it."""
        ui = self.ui
        isBusy = self._run is not None
        isManaging = ui.manageInstallationButton.checked
        needsPackages = self._state in ("missing", "outdated")
        needsWeights = self._needsWeights
        ui.installationButton.visible = isBusy or isManaging or needsPackages or needsWeights
        for widget in (ui.installButton, ui.wheelsLabel, ui.wheelsPathLineEdit):
            widget.visible = needsPackages and not isBusy
        ui.processorOnlyCheckBox.visible = needsPackages and not isBusy and self._installation.hasGraphicsCard
        canHaveWeights = self._state != "missing" and not isBusy and (needsWeights or isManaging)
        for widget in (ui.weightsComboBox, ui.downloadWeightsButton, ui.importWeightsButton):
            widget.visible = canHaveWeights
        ui.downloadWeightsButton.enabled = ui.weightsComboBox.count > 0
        ui.uninstallButton.visible = isManaging and self._state in ("installed", "outdated") and not isBusy
        ui.removeWeightsButton.visible = isManaging and self._state != "missing" and not isBusy
        ui.installProgressBar.visible = isBusy
        ui.cancelInstallButton.visible = isBusy
        ui.installLogButton.visible = self._installation.logPath.is_file()
        self._showModels()
        if not isBusy:
            ui.installLabel.text = self._explanation()

    @property
    def _needsWeights(self):
        if self.session.monitor.state.reason == "no weights":
            return True
        return bool(self._models) and not any(model["installed"] for model in self._models if model["default"])

    def _explanation(self):
        if self._state in ("missing", "outdated"):
            try:
                return planMessage(self._plan(), homeFolder(), self._state == "outdated")
            except UserError as error:
                # What stands in the way is what the user has to read here.
                return messageOn(error)
        if self._needsWeights:
            return _("The weights of {model} are not on this computer.").format(model=describeModel(DEFAULT_MODEL))
        return _("Everything is installed, in {folder}.").format(folder=homeFolder())

    def _plan(self):
        return self._installation.plan(self.ui.processorOnlyCheckBox.checked, self.ui.wheelsPathLineEdit.currentPath)

    def _poll(self):
        isMissing = self.session.monitor.state.reason == "no weights"
        if isMissing and self._models is None and self._run is None:
            self._listModels()

    def _lookAgain(self):
        # A server on another computer needs nothing here.
        self._state = "own" if self.session.server.remote is not None else self._installation.state
        # An environment of the user's own is asked when the server says that something is missing.
        if self._state in ("installed", "outdated"):
            self._listModels()
        self.update()

    def _listModels(self):
        # Set at once, so that the timer asks once only.
        self._models = self._models or []
        with self.session.showingErrors():
            self._work.add(self._installation.listModels(), self._onModels)

    def _onModels(self, models):
        self._models = models
        self.update()

    def _showModels(self):
        missing = [model for model in self._models or [] if not model["installed"]]
        if missing != self._shownModels:
            self._shownModels = missing
            self.ui.weightsComboBox.clear()
            for model in missing:
                self.ui.weightsComboBox.addItem(describeModel(model), model["name"])

    def _onInstall(self):
        with self.session.showingErrors():
            self._start(self._installation.install(self._plan(), self._onProgress), self._onInstalled)

    def _onDownload(self):
        model = self._shownModels[self.ui.weightsComboBox.currentIndex]
        with self.session.showingErrors():
            self._start(self._installation.download(model, self._onProgress), self._onInstalled)

    def _onImport(self):
        filters = _("Weights") + " (*.pth *.pt *.bin *.whl)"
        path = qt.QFileDialog.getOpenFileName(self.ui.importWeightsButton, _("Import weights"), "", filters)
        if path:
            with self.session.showingErrors():
                self._start(self._installation.importWeights(path), self._onImported)

    def _onUninstall(self):
        with self.session.showingErrors():
            self._start(self._installation.uninstall(), self._onFreed)

    def _onRemoveWeights(self):
        with self.session.showingErrors():
            self._start(self._installation.removeModels(), self._onFreed)

    def _start(self, run, onResult):
        self._run = run
        self.ui.installProgressBar.setRange(0, 0)
        self.ui.installLabel.text = _("Working …")
        self._work.add(_Ending(run, self._onEnd), onResult)

    def _onEnd(self, wasFinished):
        self._run = None
        self._models = None
        if not wasFinished:
            self.session.showMessage(_("Stopped. Nothing was left behind."))
        self._lookAgain()

    def _onProgress(self, progress):
        bar = self.ui.installProgressBar
        bar.setRange(0, PROGRESS_STEPS if progress.totalBytes and progress.phase in ("getting", "weights") else 0)
        # The total is an estimate; the bar must not say that it is over before it is.
        bar.setValue(int(PROGRESS_STEPS * min(progress.doneBytes / (progress.totalBytes or 1), 0.99)))
        self.ui.installLabel.text = progressMessage(progress)

    def _onInstalled(self, _result):
        self.session.showMessage(_("Installed. Draw a box round an object to begin."))
        # So that the network is loaded by the time the box is drawn.
        self.session.monitor.start()

    def _onImported(self, result):
        sentence = _("Imported {model}, checksum verified.") if result["published"] else _("Imported {model}.")
        self.session.showMessage(sentence.format(model=result["model"]))

    def _onFreed(self, size):
        self.session.showMessage(_("Removed: {size} are free again.").format(size=readableSize(size)))

    def _onCancel(self):
        if self._run is not None:
            self._run.close()
            self.ui.installLabel.text = _("Stopping …")

    def _onManage(self, isOn):
        if isOn and self._models is None and self._state != "missing":
            self._listModels()
        self.update()

    def _onChoice(self, _value):
        self.update()

    def _onShowLog(self):
        path = str(self._installation.logPath)
        if not qt.QDesktopServices.openUrl(qt.QUrl.fromLocalFile(path)):
            self.session.showMessage(_("The log cannot be opened here; it is the file {path}.").format(path=path))


class _Ending(Run):
    """A run that says when it is over, also when an error ended it."""

    def __init__(self, run, onEnd):
        self._run = run
        self._onEnd = onEnd

    @property
    def result(self):
        """What the run returned."""
        return self._run.result

    def advance(self, wait=False):
        """Advance the run."""
        isOver = True
        try:
            isOver = not self._run.advance(wait)
        except Exception:
            self._onEnd(True)
            raise
        if isOver:
            self._onEnd(self._run.result is not None)
        return not isOver

    def close(self):
        """End the run early."""
        self._run.close()
