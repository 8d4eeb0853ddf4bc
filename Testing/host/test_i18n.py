"""Texts in the language of the application: where they are looked up, and which translations are loaded."""

import pytest
import slicer
from translations.__main__ import compileTranslations
from translations.translationFile import writeTranslations

PACKAGE = "shownTexts"


@pytest.fixture
def folder(tmp_path):
    """A folder with a German translation of the texts of :func:`said`, and of a form's button."""
    texts = {f"{PACKAGE}.greeting": ["Hello {name}", "Bye {name}"], "greeting": ["Hello {name}"]}
    german = {
        (f"{PACKAGE}.greeting", "Hello {name}"): "Hallo {name}",
        (f"{PACKAGE}.greeting", "Bye {name}"): "Tschüs {wer}",
        ("greeting", "Hello {name}"): "Moin {name}",
    }
    writeTranslations(tmp_path / "german.ts", "de_DE", texts, german)
    return tmp_path


def load(folder, fileName):
    compileTranslations(folder / "german.ts", folder / fileName)
    slicer.app.loadTranslations(str(folder))


def said(folder, text, isInPackage=True):
    """:return: what a file, in a package or not, makes of a text."""
    package = folder / PACKAGE
    package.mkdir(exist_ok=True)
    if isInPackage:
        (package / "__init__.py").touch()
    path = package / "greeting.py"
    path.write_text("from slicer.i18n import tr\n\n\ndef say(text):\n    return tr(text)\n")
    names = {}
    exec(compile(path.read_text(), str(path), "exec"), names)
    return names["say"](text)


@pytest.mark.parametrize(("isInPackage", "expected"), [(True, "Hallo {name}"), (False, "Moin {name}")])
def test_textsAreLookedUpByFolderAndFile(gui, folder, isInPackage, expected):
    gui.speak("de_DE")
    load(folder, "greeting_de-DE.qm")
    assert said(folder, "Hello {name}", isInPackage) == expected
    assert said(folder, "Something else") == "Something else"


def test_placeholdersHaveToBeThoseOfTheSource(gui, folder, caplog):
    gui.speak("de_DE")
    load(folder, "greeting_de-DE.qm")
    assert said(folder, "Bye {name}") == "Bye {name}"
    assert "placeholders" in caplog.text


@pytest.mark.parametrize(
    ("language", "fileName", "isLoaded"),
    [
        ("de_DE", "greeting_de-DE.qm", True),
        ("de_DE", "greeting_de_DE.qm", True),
        ("de_DE", "greeting_de.qm", True),
        ("de_DE", "greeting_de-AT.qm", False),
        ("en_US", "greeting_de-DE.qm", False),
    ],
)
def test_filesAreChosenByTheLanguage(gui, folder, language, fileName, isLoaded):
    gui.speak(language)
    load(folder, fileName)
    assert (said(folder, "Hello {name}") == "Hallo {name}") == isLoaded


def test_theNextTestIsInEnglish(gui, folder):
    gui.speak("de_DE")
    load(folder, "greeting_de-DE.qm")
    gui.reset()
    assert slicer.app.applicationLocaleName == "en_US"
    assert said(folder, "Hello {name}") == "Hello {name}"
