"""The server: how it is, which model it uses, and what to do when it fails."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import qt
from slicer.i18n import tr as _

from MedSAMSegLib.panel.frame.panelSection import PanelSection
from MedSAMSegLib.panel.parts.choiceBox import ChoiceBox
from MedSAMSegLib.panel.sections.serverMessages import messageOn
from MedSAMSegLib.runs.run import OneCall

if TYPE_CHECKING:
    from MedSAMSegLib.panel.frame.panelSession import PanelSession

POLL_MILLISECONDS = 300

#: Words of more characters than this may be wider than the line of the server …
LONG_WORD = 16
#: … and are then broken after these.
SEPARATORS = re.compile(r"[\\/._:-]+(?=.)")


class ServerSection(PanelSection):
    """The status line of the server, and the part of "Advanced" that is about it.

    :param ui: the panel's widgets by name.
    :param session: the :class:`PanelSession`.
    """

    def __init__(self, ui: Any, session: PanelSession) -> None:
        super().__init__(ui, session)
        self._guiTag = None
        self._askedClient: Any = None
        self._modelBox = ChoiceBox(session.connections, ui.modelComboBox, self._onModelChosen)
        self._timer = qt.QTimer()
        self._timer.interval = POLL_MILLISECONDS
        self.connect(self._timer, "timeout()", self._poll)
        self.connect(ui.recoverServerButton, "clicked()", self._onRestart)
        self.connect(ui.restartServerButton, "clicked()", self._onRestart)
        self.connect(ui.showLogButton, "clicked()", self._onShowLog)
        session.modelsChanged.connect(self._forgetModels)
        session.monitor.watch()
        self._timer.start()
        self._poll()

    def useScene(self) -> None:
        """Show the scene's settings."""
        widgets = {"backgroundEncoding": self.ui.backgroundEncodingCheckBox}
        self._guiTag = self.session.parameters.connectParametersToGui(widgets)

    def forgetScene(self) -> None:
        """Let go of the settings."""
        self.session.parameters.disconnectGui(self._guiTag)
        self._askedClient = None

    def update(self) -> None:
        """Follow the chosen model."""
        model = self.session.parameters.model
        self._modelBox.setChoices(_modelChoices(self.session.models, model))
        self._modelBox.show(model)

    def cleanup(self) -> None:
        """Look no more."""
        self._timer.stop()

    def _poll(self):
        state = self.session.monitor.poll()
        self.session.breathing.start()
        self.ui.serverStatusLabel.text = _breakable(messageOn(state))
        self.ui.recoverServerButton.visible = state.kind in ("off", "error")
        self.ui.recoverServerButton.text = _("Start") if state.kind == "off" else _("Start again")
        if state.hasAnswered and self.session.parameters is not None:
            self._askForModels()

    def _askForModels(self):
        client = self.session.server.readyClient
        if client is None or client is self._askedClient:
            return
        self._askedClient = client
        # Without a list the default stays: nothing that the user has to hear of.
        self.session.work.add(OneCall(client.models), self._onModels, onError=lambda error: None)

    def _forgetModels(self):
        self._askedClient = None

    def _onModels(self, models):
        self.session.models = models

    def _onModelChosen(self, model):
        self.session.parameters.model = model
        chosen = next((known for known in self.session.models if known["name"] == model), None)
        if chosen is not None and not chosen["installed"]:
            sentence = _("{title} is not on this computer. Get it with 'Manage installation'.")
            self.session.showMessage(sentence.format(title=chosen["title"]))

    def _onRestart(self):
        self.session.monitor.restart()
        self._poll()

    def _onShowLog(self):
        path = Path(self.session.server.logPath)
        if not path.exists():
            self.session.showMessage(_("The server has not run yet, so there is no log."))
        elif not qt.QDesktopServices.openUrl(qt.QUrl(path.as_uri())):
            self.session.showMessage(_("The log cannot be opened here; it is the file {path}.").format(path=path))


def _breakable(sentence):
    """Let lines end within paths and addresses: after each separator of a long word, a space of no width."""
    return " ".join(
        SEPARATORS.sub("\\g<0>\u200b", word) if len(word) > LONG_WORD else word for word in sentence.split(" ")
    )


def _modelChoices(models, chosen):
    """Return [(value, title)]: the server's default first; a chosen model stays in the list while no server runs."""
    default = next((model["title"] for model in models if model["default"]), "")
    choices = [("", _("Default ({title})").format(title=default) if default else _("Default"))]
    for model in models:
        title = model["title"] if model["installed"] else _("{title}: not downloaded").format(title=model["title"])
        choices.append((model["name"], title))
    if chosen not in [value for value, _title in choices]:
        choices.append((chosen, chosen))
    return choices
