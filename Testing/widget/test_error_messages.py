"""Errors in German: what the module and the server say, with the values that are in it."""

import ast
import functools
import re
import string
import types
from pathlib import Path

import numpy as np
import pytest
import slicer
from pages.errorCodes import ELLIPSIS, readErrorCodes, readModuleTexts

import medsamseg_server
import MedSAMSegLib
from medsamseg_server.engine.masks import SliceMask
from medsamseg_server.propagation import Confidence, trust
from medsamseg_server.propagation.planes import why_one_plane
from MedSAMSegLib.boxes.boxArguments import rotationNotes
from MedSAMSegLib.errors import UserError

#: Rooms of the server whose errors come to the panel; files, tables and options of the command line do not.
ROOMS = {"serving", "engine", "propagation", "volumes", "runtime", "models", "weights", "system"}

#: What is said to somebody else: who runs a server for others, …
FOR_ADMINISTRATORS = {
    *("address_in_use", "host_unknown", "package_missing", "port_invalid", "bad_origin"),
    *("store_not_installed", "store_unusable"),
    *("tls_incomplete", "tls_unusable", "token_invalid", "token_missing", "token_required", "token_source_invalid"),
    *("user_exists", "user_name_invalid", "user_unknown", "users_and_token", "users_file_busy", "users_file_damaged"),
    *("users_file_missing", "users_file_open", "users_file_unreadable"),
}
#: … who writes programs that ask it, in ways in which the module never does, …
FOR_PROGRAMMERS = {
    *("axis_invalid", "exclude_without_box", "image_invalid", "job_exists", "key_mismatch", "length_required"),
    *("mask_invalid", "method_not_allowed", "method_unknown", "not_encoded", "not_found", "npy_invalid"),
    *("object_duplicate", "objects_and_prompts", "planes_invalid", "point_label_invalid", "probabilities_too_many"),
    *("prompt_duplicate", "prompt_empty", "prompt_invalid", "prompt_without_box", "proposal_option"),
    *("range_outside_volume", "range_reversed", "request_invalid", "spacing_invalid", "volume_not_3d", "volume_type"),
}
#: … and who types commands.
FOR_THE_COMMAND_LINE = {
    *("address_invalid", "cancelled", "click_head_exists", "device_unknown", "file_missing", "file_unreadable"),
    *("folder_missing", "image_missing", "model_exists", "model_name_invalid", "model_unsuitable", "output_exists"),
    *("points_show_nothing", "read_only_folder", "runtime_unknown", "scans_missing", "threshold_invalid"),
    *("times_differ", "weights_unknown", "wrong_model", "internal"),
}
#: Texts of the command line with a code that the panel shows as well.
OF_THE_COMMAND_LINE = {
    "The file could not be written to the folder …: the image writer failed.",
    "Choose another folder or format.",
    "Frame … is outside of …, which has frames 0 to ….",
    "Give another --slice: of a film, it is the number of a frame.",
    "The points on slice … are outside the range …:….",
    "Widen the range, or leave the points out.",
    "Films are fused frame by frame: export them with the same frames and in one size.",
    "… has …, but … has ….",
}

MODULE_FOLDER = Path(MedSAMSegLib.__file__).parents[1]
SERVER_FOLDER = Path(medsamseg_server.__file__).parent


@functools.cache
def moduleTexts():
    """:return: error code of the module -> its texts."""
    return readModuleTexts(MODULE_FOLDER / "MedSAMSegLib")


@functools.cache
def serverTexts():
    """:return: error code of the server that the panel can show -> its texts."""
    return {
        name: [text for text in (*code.messages, *code.hints) if text not in OF_THE_COMMAND_LINE]
        for name, code in readErrorCodes().items()
        if code.rooms & ROOMS and name not in FOR_ADMINISTRATORS | FOR_PROGRAMMERS | FOR_THE_COMMAND_LINE
    }


@pytest.fixture
def german(gui):
    """What translates in a Slicer in German."""
    gui.speak("de_DE")
    slicer.app.loadTranslations(str(MODULE_FOLDER / "Resources" / "Translations"))
    from MedSAMSegLib.panel.frame import errorMessages

    return errorMessages


def test_valuesStandInTheTranslation(german):
    error = UserError("The point 3, 70 is not on the slice, whose pixels are x 0 to 39 and y 0 to 31.", "", "code")
    said = "Der Punkt 3, 70 liegt nicht auf der Schicht, deren Pixel x 0 bis 39 und y 0 bis 31 sind."
    assert german.messageOn(error) == said
    hint = "Draw it where the view shows something of the volume. Undo."
    error = UserError("The box lies outside the volume 'CT. Thorax'.", hint)
    assert german.messageOn(error) == (
        "Die Box liegt außerhalb des Volumens „CT. Thorax“."
        " Zeichnen Sie sie dort, wo die Ansicht etwas vom Volumen zeigt. Undo."
    )


def test_aValueEndsWhereTheNextSentenceBegins(german):
    box = "The box 1, 2, 90, 4 is not inside the slice, whose pixels are x 0 to 39 and y 0 to 31."
    said = german.inUsersLanguage(f"{box} Give the box as x0, y0, x1, y1 in pixels of this slice.")
    assert said == f"{german.inUsersLanguage(box)} Geben Sie die Box als x0, y0, x1, y1 in Pixeln dieser Schicht an."


@pytest.mark.parametrize(
    ("note", "said"),
    [
        (
            rotationNotes(12.4)[0],
            "Die Ansicht ist um 12° gegen das Volumen gedreht: Es wird die nächste Schicht genommen.",
        ),
        (why_one_plane((5.0, 0.5, 0.5)), "Nur eine Ebene wurde genutzt: Die Voxel sind 5 mm lang und 0.5 mm breit,"),
        ("'Done' (completed) keeps its voxels.", "'Done' (abgeschlossen) behält seine Voxel."),
        ("'A and B' (hidden) keeps its voxels.", "'A and B' (ausgeblendet) behält seine Voxel."),
        (
            "'A' (flagged), 'B (hidden)' (completed) and 3 other segments keep their voxels.",
            "'A' (markiert), 'B (hidden)' (abgeschlossen) und 3 weitere Segmente behalten ihre Voxel.",
        ),
    ],
)
def test_notesAreGerman(german, note, said):
    (found,) = german.notesOn(types.SimpleNamespace(notes=[note]))
    assert found.startswith(said)


def test_thePanelDoesNotWaitForWhatAProgramPrinted(german, monkeypatch):
    compared = []
    pattern = german._pattern
    monkeypatch.setattr(german, "_pattern", lambda template: compared.append(template) or pattern(template))
    printed = "The scan a.b. of c is. " * 100
    assert german.inUsersLanguage(printed) == printed.strip()
    # Of some 400 texts, and 200 sentences.
    assert len(compared) < 15_000


def test_whatNobodyKnowsStaysAsItIs(german):
    error = UserError("A server of tomorrow says this.", "Do that.")
    assert german.messageOn(error) == "A server of tomorrow says this. Do that."


def test_inEnglishNothingIsLookedFor(gui):
    from MedSAMSegLib.panel.frame import errorMessages

    text = "The box lies outside the volume 'CT'."
    assert errorMessages.inUsersLanguage(text) == text


# The sources are read by the test, not by each process that collects it.
@pytest.mark.parametrize("readTexts", [moduleTexts, serverTexts], ids=["module", "server"])
def test_everyCodeThatThePanelCanShowHasAGermanText(german, readTexts):
    texts = readTexts()
    assert len(texts) > 50
    said = {text: _filledIn(text) for each in texts.values() for text in each if text}
    assert [text for text, example in said.items() if german.inUsersLanguage(example) == example] == []


def test_everyDoubtOfTheServerIsGerman(german):
    mask = SliceMask.from_mask(np.ones((2, 2), bool), 0.5)
    for sign in trust._SIGNS:
        doubt = trust.doubt_on_mask(12, mask, Confidence(0.1, {sign: 0.1}))
        said = german.inUsersLanguage(doubt)
        assert said.startswith("Die Maske auf Schicht 12 ist unsicher: "), doubt
        assert said.endswith(
            ". Zeichnen Sie die Box enger, oder fügen Sie einen Punkt oder eine Box auf einer anderen Schicht hinzu."
        )


def test_everyTextIsSaidByTheProgram(german):
    from MedSAMSegLib.panel.frame import errorTextsOfModule, errorTextsOfServer

    said = {text for folder in (MODULE_FOLDER, SERVER_FOLDER) for text in _textsIn(folder)}
    known = {_withEllipses(english) for english, _german in (*errorTextsOfModule.texts(), *errorTextsOfServer.texts())}
    assert sorted(text for text in known - said if not text.startswith("The mask on slice … is uncertain: ")) == []


def _filledIn(text):
    """:return: a text of the sources as it could be said: an ellipsis is filled in, one behind it stays."""
    text = text.removesuffix(ELLIPSIS) if text.endswith(f".{ELLIPSIS}") else text
    return text.replace(2 * ELLIPSIS, "7\0").replace(ELLIPSIS, "7").replace("\0", ELLIPSIS)


def _textsIn(folder):
    for path in folder.rglob("*.py"):
        if path.name.startswith("errorTexts"):
            continue
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                yield re.sub(r"\{\w+\}", ELLIPSIS, node.value)
            elif isinstance(node, ast.JoinedStr):
                parts = [part.value if isinstance(part, ast.Constant) else ELLIPSIS for part in node.values]
                yield "".join(parts)
                # A doubt is followed by what to do.
                yield parts[-1].removeprefix(". ")


def _withEllipses(template):
    return "".join(
        literal + ("" if name is None else ELLIPSIS) for literal, name, *_ in string.Formatter().parse(template)
    )
