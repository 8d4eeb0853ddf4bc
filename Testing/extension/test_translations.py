"""The translations are whole: all texts of the sources, no others, and compiled as they are."""

import pytest
from translations.__main__ import FOLDER, LANGUAGES, MODULE, compileTranslations
from translations.messages import messages
from translations.translationFile import problems, readTranslations, writeTranslations

TEXTS = {"sections.boxSection": ["{count} voxels.", "Slice ", "%v of %m slices"]}
GERMAN = {
    ("sections.boxSection", "{count} voxels."): "{count} Voxel.",
    ("sections.boxSection", "Slice "): "Schicht ",
    ("sections.boxSection", "%v of %m slices"): "%v von %m Schichten",
}


def without(text):
    return {key: translation for key, translation in GERMAN.items() if key[1] != text}


def withAnother(text, translation):
    return GERMAN | {("sections.boxSection", text): translation}


@pytest.mark.parametrize("ending", LANGUAGES.values())
def test_everyTextIsTranslated(ending):
    texts = messages(MODULE)
    assert sum(map(len, texts.values())) > 350
    assert problems(texts, readTranslations(FOLDER / f"MedSAMSeg_{ending}.ts")) == []


@pytest.mark.parametrize("ending", LANGUAGES.values())
def test_whatSlicerLoadsIsCompiledFromWhatIsTranslated(ending, tmp_path):
    compileTranslations(FOLDER / f"MedSAMSeg_{ending}.ts", tmp_path / "new.qm")
    assert (FOLDER / f"MedSAMSeg_{ending}.qm").read_bytes() == (tmp_path / "new.qm").read_bytes()


@pytest.mark.parametrize("language", LANGUAGES)
def test_fileIsAsTheToolWritesIt(language, tmp_path):
    path = FOLDER / f"MedSAMSeg_{LANGUAGES[language]}.ts"
    writeTranslations(tmp_path / "new.ts", language, messages(MODULE), readTranslations(path))
    assert path.read_text(encoding="utf-8") == (tmp_path / "new.ts").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("translations", "problem"),
    [
        (without("Slice "), "'Slice ' is not translated"),
        (withAnother("Slices", "Schichten"), "'Slices' is gone from the sources"),
        (withAnother("{count} voxels.", "{anzahl} Voxel."), "other placeholders"),
        (withAnother("%v of %m slices", "%v Schichten"), "other placeholders"),
        (withAnother("Slice ", "Schicht"), "begin or end differently"),
        (withAnother("{count} voxels.", "{count} Voxel"), "begin or end differently"),
    ],
)
def test_problemsAreFound(translations, problem):
    assert problems(TEXTS, GERMAN) == []
    (found,) = problems(TEXTS, translations)
    assert problem in found


def test_untranslatedTextsAreKeptAsUnfinished(tmp_path):
    path = tmp_path / "new.ts"
    writeTranslations(path, "de_DE", TEXTS, without("Slice "))
    assert readTranslations(path) == withAnother("Slice ", "")
    assert path.read_text(encoding="utf-8").count('type="unfinished"') == 1


def test_textsAreFoundByContext(tmp_path):
    package = tmp_path / "Lib" / "sections"
    package.mkdir(parents=True)
    (package / "__init__.py").touch()
    (package / "boxSection.py").write_text(
        'def say():\n    return _("One "\n        "box"), tr("Two"), other("Three")\n'
    )
    (tmp_path / "Module.py").write_text('def title():\n    return _("Module")\n')
    (tmp_path / "Form.ui").write_text(
        "<ui><class>Form</class><widget><property name='text'><string>Draw</string></property>"
        "<property name='nodeTypes'><stringlist notr='true'><string>vtkNode</string></stringlist></property>"
        "<property name='name'><string notr='true'>box</string></property></widget></ui>"
    )
    assert messages(tmp_path) == {"Module": ["Module"], "sections.boxSection": ["One box", "Two"], "Form": ["Draw"]}


@pytest.mark.parametrize(
    ("source", "problem"),
    [('TITLE = _("Box")\n', "translated on import"), ('def say(name):\n    return _(f"{name}")\n', "no literal text")],
)
def test_whatCannotBeTranslatedIsRefused(tmp_path, source, problem):
    (tmp_path / "module.py").write_text(source)
    with pytest.raises(ValueError, match=problem):
        messages(tmp_path)
