"""The panel in German, as in a Slicer whose language is German: all of it, and readable."""

import contextlib

import pytest
from panelWidgets import isCutOff, widgetsOf

from MedSAMSegLib.client.serverReplies import ServerError
from slicerhost import widgetDriver

TEXT_PROPERTIES = ("text", "title", "toolTip", "accessibleName", "placeholderText", "noneDisplay", "format")

#: Words of both languages, what is no word, and what a selector of Slicer's own says.
SAME_IN_BOTH = {"Installation", "Status", "Box", "Server:", "None", "%p%", "0", "0.50", "5 min"}


@pytest.fixture
def german(gui):
    """A Slicer in German; asked for before the panel is."""
    gui.speak("de_DE")


def shownTexts(panel):
    """:return: {(name of a widget, property): text}."""
    widgets = widgetsOf(panel).items()
    values = {(name, key): getattr(widget, key, "") for name, widget in widgets for key in TEXT_PROPERTIES}
    return {place: text for place, text in values.items() if isinstance(text, str) and text}


def test_fromTheTitleToTheSegment(gui, german, panel, dragInRed):
    assert panel.ui.statusLabel.text == "Zeichnen Sie zu Beginn eine Box um ein Objekt."
    assert panel.ui.drawButton.text == "Boxen zeichnen"
    assert panel.ui.inputsButton.text == "Volumen und Segmentierung"
    assert panel.ui.windowComboBox.currentText == "Automatisch: Perzentile (MR und andere)"
    widgetDriver.click(panel.ui.drawButton)
    dragInRed()
    gui.waitUntil(lambda: panel.ui.statusLabel.text.endswith("gefunden."))
    assert "Voxel auf Schicht" in panel.ui.statusLabel.text
    assert panel.ui.sliceLabel.text.startswith("Schicht ")
    assert "Box" in panel.ui.sliceLabel.text
    gui.waitUntil(lambda: panel.ui.serverStatusLabel.text.startswith("Bereit: Fake model auf dem Prozessor"))
    widgetDriver.click(panel.ui.propagateButton)
    gui.waitUntil(lambda: panel.ui.propagateButton.enabled)
    assert panel.ui.statusLabel.text.startswith("5 Schichten. Angehalten bei Schicht ")
    widgetDriver.click(panel.ui.undoButton)
    gui.waitUntil(lambda: panel.ui.statusLabel.text == "Rückgängig gemacht.")


def test_anErrorOfTheServerIsSaidWithItsValues(gui, german, panel, dragInRed, server, monkeypatch):
    error = ServerError(
        "The memory of the device 'cuda:1' is not enough for the network.",
        "Close other programs that use the graphics card, or use the device cpu.",
        "device_out_of_memory",
    )

    def fail(box):
        raise error

    monkeypatch.setattr(server, "maskOfBox", fail)
    widgetDriver.click(panel.ui.drawButton)
    dragInRed()
    gui.waitUntil(lambda: panel.ui.statusLabel.text.startswith("Der Speicher des Geräts „cuda:1“ reicht"))
    assert panel.ui.statusLabel.text.endswith("oder verwenden Sie das Gerät cpu.")


def test_buttonsAreCalledAsTheyReadInSentences(gui, german, openPanel):
    panel = openPanel()
    assert panel.ui.firstBoxLabel.text.startswith("1 von 4: ")
    widgetDriver.click(panel.ui.loadSampleButton)
    gui.processEvents()
    assert f"Drücken Sie „{panel.ui.drawButton.text}“" in panel.ui.firstBoxLabel.text


def test_noTextStaysEnglish(gui, openPanel):
    english = shownTexts(openPanel())
    gui.closeModules()
    gui.speak("de_DE")
    german = shownTexts(openPanel())
    assert len(german) > 150
    assert {text for place, text in german.items() if english.get(place) == text} == SAME_IN_BOTH


def test_otherLanguagesAreEnglish(gui, openPanel):
    gui.speak("fr_FR")
    assert openPanel().ui.drawButton.text == "Draw boxes"


def test_nothingIsCutOff(gui, german, openMainWindow, volume, openPanel):
    openMainWindow()
    panel = openPanel()
    widgetDriver.click(panel.ui.advancedButton, 20, 10)
    gui.processEvents()
    texts = ("QLabel", "QPushButton", "QCheckBox")
    shown = [widget for widget in widgetsOf(panel).values() if widget.isVisible() and widget.className() in texts]
    assert len(shown) > 25
    with contextlib.suppress(TimeoutError):
        # Layouts follow new texts a little later.
        gui.waitUntil(lambda: not any(isCutOff(widget) for widget in shown), 2)
    assert [widget.name for widget in shown if isCutOff(widget)] == []
