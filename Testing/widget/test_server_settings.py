"""Model, start and log of the server, as chosen under "Advanced" and beside the server's status."""

import pytest
from PySide6 import QtGui

from slicerhost import widgetDriver

MODELS = [
    {"name": "small", "title": "Small model", "installed": True, "default": True},
    {"name": "large", "title": "Large model", "installed": True, "default": False},
    {"name": "absent", "title": "Absent model", "installed": False, "default": False},
]


@pytest.fixture
def settings(gui, server, panel, monkeypatch):
    """The panel with "Advanced" open and the server's models listed."""
    monkeypatch.setattr(server, "models", lambda timeout=None: MODELS)
    if not server.isRunning:
        widgetDriver.click(panel.ui.recoverServerButton)
    widgetDriver.click(panel.ui.advancedButton, 20, 10)
    gui.waitUntil(lambda: panel.ui.modelComboBox.count == 4)
    return panel


def entries(comboBox):
    return [comboBox.itemText(index) for index in range(comboBox.count)]


def test_modelsAreListedInstalledOrNot(settings):
    expected = ["Default (Small model)", "Small model", "Large model", "Absent model: not downloaded"]
    assert entries(settings.ui.modelComboBox) == expected
    assert settings.ui.modelComboBox.currentText == "Default (Small model)"


def test_chosenModelIsAskedForBoxAndPropagation(gui, settings, server, dragInRed, monkeypatch):
    asked = []
    segment = server.segment

    def noting(key, prompts, window, model, **options):
        asked.append(model)
        return segment(key, prompts, window, model, **options)

    monkeypatch.setattr(server, "segment", noting)
    widgetDriver.choose(settings.ui.modelComboBox, "Large model")
    widgetDriver.click(settings.ui.drawButton)
    dragInRed()
    gui.waitUntil(lambda: settings.ui.statusLabel.text.startswith("Found"))
    widgetDriver.click(settings.ui.propagateButton)
    gui.waitUntil(lambda: settings.ui.propagateButton.enabled)
    assert server.requests[-1]["model"] == "large"
    assert set(asked) == {"large"}


def test_modelThatIsNotHereSaysHowToGetIt(settings):
    widgetDriver.choose(settings.ui.modelComboBox, "Absent model: not downloaded")
    assert settings.ui.statusLabel.text.startswith("Absent model is not on this computer. Get it")


def test_serverIsStartedByItsButtonWithoutAVolume(gui, server, openPanel):
    panel = openPanel()
    assert panel.ui.serverStatusLabel.text == "Off; starts with the first box"
    widgetDriver.click(panel.ui.recoverServerButton)
    gui.waitUntil(lambda: panel.ui.serverStatusLabel.text == "Ready: Fake model on the processor")
    assert not panel.ui.recoverServerButton.isVisible()
    assert server.starts == 1


def test_restartedServerIsANewOne(gui, settings, server):
    starts = server.starts
    widgetDriver.click(settings.ui.restartServerButton)
    gui.waitUntil(lambda: settings.ui.serverStatusLabel.text.startswith("Ready"))
    assert server.starts == starts + 1


def test_logIsOpenedOnceThereIsOne(settings, server, tmp_path, monkeypatch):
    opened = []
    monkeypatch.setattr(QtGui.QDesktopServices, "openUrl", lambda url: opened.append(url.toLocalFile()) or True)
    server.logPath = str(tmp_path / "server log.txt")
    widgetDriver.click(settings.ui.showLogButton)
    assert opened == []
    assert settings.ui.statusLabel.text == "The server has not run yet, so there is no log."
    (tmp_path / "server log.txt").write_text("ready")
    widgetDriver.click(settings.ui.showLogButton)
    assert opened == [server.logPath]


def test_logThatCannotBeOpenedIsNamed(settings, server, tmp_path, monkeypatch):
    monkeypatch.setattr(QtGui.QDesktopServices, "openUrl", lambda url: False)
    server.logPath = str(tmp_path / "log.txt")
    (tmp_path / "log.txt").touch()
    widgetDriver.click(settings.ui.showLogButton)
    assert settings.ui.statusLabel.text == f"The log cannot be opened here; it is the file {server.logPath}."
