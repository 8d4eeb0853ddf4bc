"""Advanced: the work of the scene written beside now and then, and offered again after a crash."""

from __future__ import annotations

import contextlib
import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import ctk
import qt
import slicer
from slicer.i18n import tr as _

from MedSAMSegLib.autosave.autosaveFolder import AutosaveFolder
from MedSAMSegLib.autosave.bundle import openBundle, pack, writeFiles
from MedSAMSegLib.autosave.sceneCopy import copyOf, stateOf, worksOf
from MedSAMSegLib.errors import UserError
from MedSAMSegLib.panel.frame.errorMessages import messageOn
from MedSAMSegLib.panel.frame.panelSection import PanelSection
from MedSAMSegLib.panel.frame.workList import WorkList
from MedSAMSegLib.runs.run import OneCall
from MedSAMSegLib.server.dataFolders import homeFolder

if TYPE_CHECKING:
    from MedSAMSegLib.panel.frame.panelSession import PanelSession

#: The user's settings.
ON_SETTING, MINUTES_SETTING, FOLDER_SETTING = (f"MedSAMSeg/autosave{name}" for name in ("", "Minutes", "Folder"))

DEFAULT_MINUTES = 5

MILLISECONDS_A_MINUTE = 60_000


class AutosaveSection(PanelSection):
    """Saves while it is on and something changed; off until it is switched on, since images of patients are written.

    :param ui: the panel's widgets by name.
    :param session: the :class:`PanelSession`.
    """

    def __init__(self, ui: Any, session: PanelSession) -> None:
        super().__init__(ui, session)
        self._work = WorkList(session.connections, self._onFailed, self._show)
        self._packing: OneCall | None = None
        self._savedState: Any = None
        self._savedAt = ""
        self._isRestored = False
        self._timer = qt.QTimer()
        self.connect(self._timer, "timeout()", self._onTimeout)
        ui.autosaveCheckBox.checked = slicer.util.settingsValue(ON_SETTING, False, converter=slicer.util.toBool)
        ui.autosaveSpinBox.value = slicer.util.settingsValue(MINUTES_SETTING, DEFAULT_MINUTES, converter=int)
        ui.autosavePathLineEdit.filters = ctk.ctkPathLineEdit.Dirs
        ui.autosavePathLineEdit.currentPath = str(
            slicer.util.settingsValue(FOLDER_SETTING, "") or homeFolder() / "autosave"
        )
        self._openFolder(Path(ui.autosavePathLineEdit.currentPath))
        self.connect(ui.autosaveCheckBox, "toggled(bool)", self._onSettings)
        self.connect(ui.autosaveSpinBox, "valueChanged(int)", self._onSettings)
        self.connect(ui.autosavePathLineEdit, "currentPathChanged(QString)", self._onFolder)
        self.connect(ui.restoreWorkButton, "clicked()", self._onRestore)
        self.connect(ui.discardWorkButton, "clicked()", self._onDiscard)
        self._start()
        self._show()

    def forgetScene(self) -> None:
        """The user closes the scene: what was saved of it is not needed any more."""
        self._finishPacking()
        self._folder.forgetOwn()
        self._savedState, self._savedAt = None, ""

    def cleanup(self) -> None:
        """The user ends Slicer: nothing is left behind."""
        self._timer.stop()
        self._finishPacking()
        self._folder.close()

    def update(self) -> None:
        """Offer what is left of a Slicer that crashed, while nothing could be lost by opening it."""
        self.ui.recoveredGroup.visible = bool(self._leftovers)
        if self._leftovers:
            self.ui.restoreWorkButton.enabled = not self._works()

    def _works(self):
        return worksOf(slicer.mrmlScene, "MedSAMSeg")

    def _start(self):
        if self.ui.autosaveCheckBox.checked:
            self._timer.start(self.ui.autosaveSpinBox.value * MILLISECONDS_A_MINUTE)
        else:
            self._timer.stop()

    def _show(self):
        ui = self.ui
        isOn = ui.autosaveCheckBox.checked
        ui.autosaveSpinBox.enabled = ui.autosavePathLineEdit.enabled = isOn
        sentence = (
            _("On: boxes, segments and images go into this folder alone, until you close the scene or end Slicer.")
            if isOn
            else _("Off: nothing is written until you save the scene.")
        )
        ui.autosaveLabel.text = " ".join([sentence, *([self._savedAt] if isOn and self._savedAt else [])])
        if self._leftovers:
            when = datetime.datetime.fromtimestamp(self._leftovers[0].stat().st_mtime)
            ui.recoveredLabel.text = _("Slicer ended unexpectedly. The work of {when} was saved.").format(
                when=f"{when:%Y-%m-%d %H:%M}"
            )

    def _onSettings(self, _value):
        settings = slicer.app.userSettings()
        settings.setValue(ON_SETTING, self.ui.autosaveCheckBox.checked)
        settings.setValue(MINUTES_SETTING, self.ui.autosaveSpinBox.value)
        if not self.ui.autosaveCheckBox.checked:
            self._finishPacking()
            self._folder.forgetOwn()
            self._savedState, self._savedAt = None, ""
        self._start()
        self._show()

    def _onFolder(self, path):
        slicer.app.userSettings().setValue(FOLDER_SETTING, path)
        self._finishPacking()
        self._folder.close()
        self._openFolder(Path(path or homeFolder() / "autosave"))
        self._savedState = None
        self._show()
        self.session.changed.emit()

    def _openFolder(self, path):
        self._folder = AutosaveFolder(path)
        with contextlib.suppress(OSError):
            # Of a folder that is not there, or no longer the user's, nothing can be removed.
            self._folder.discardUnfinished()
        self._leftovers = self._folder.leftovers()

    def _onTimeout(self):
        if self._packing is not None or self.session.parameters is None:
            return
        nodes = self._works()
        state = stateOf(nodes)
        if not nodes or state == self._savedState:
            return
        try:
            path = self._folder.nextPath()
            scene, scans = copyOf(nodes)
            files = writeFiles(scene, self._folder.path)
        except UserError as error:
            self._onFailed(error)
            return
        self._savedState = state
        scanFiles = self._folder.scanFiles
        self._packing = OneCall(lambda: pack(files, path, scans, scanFiles))
        self._work.add(self._packing, self._onSaved)

    def _onSaved(self, path):
        self._packing = None
        self._folder.prune()
        if self._isRestored:
            # What was opened again is in the new one.
            self._folder.discard()
            self._isRestored = False
        self._savedAt = _("Saved at {time}.").format(time=f"{datetime.datetime.now():%H:%M}")
        self._show()

    def _onFailed(self, error):
        self._packing, self._savedState = None, None
        self.session.showMessage(messageOn(error))

    def _finishPacking(self):
        packing, self._packing = self._packing, None
        if packing is not None:
            with contextlib.suppress(UserError):
                packing.finish()
        self._work.dropAll()

    def _onRestore(self):
        with self.session.showingErrors():
            path, self._leftovers = self._leftovers[0], []
            openBundle(path)
            self._isRestored = True
        if self._isRestored:
            # Over what is said about the volume that has come.
            self.session.showMessage(_("The work is open again. Save the scene to keep it."))

    def _onDiscard(self):
        with self.session.showingErrors():
            self._leftovers = []
            self._folder.discard()
            self.session.showMessage(_("The saved work was removed."))
