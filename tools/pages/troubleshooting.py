"""The page of all error codes: what is written about them, and what the program says with them."""

import html
import tomllib
from http import HTTPStatus
from pathlib import Path

from medsamseg_server.errors import ErrorKind
from pages import errorCodes

TEXTS = Path(__file__).resolve().parents[2] / "docs" / "troubleshooting.toml"


def readTexts():
    """Return {subject: {code: (what it means, what to do or "")}}."""
    with TEXTS.open("rb") as file:
        subjects = tomllib.load(file)
    return {
        subject: {
            code: (text, "") if isinstance(text, str) else (text["means"], text["do"]) for code, text in codes.items()
        }
        for subject, codes in subjects.items()
    }


def findFaults(codes, subjects):
    """Yield a sentence for each code without a text, text without a code, and code that leaves one helpless.

    :param codes: as of `errorCodes.readErrorCodes`.
    :param subjects: as of `readTexts`.
    """
    texts = {code: text for described in subjects.values() for code, text in described.items()}
    for name in sorted(set(codes) - set(texts)):
        yield f"{name} has no text: say in docs/{TEXTS.name} what it means."
    for name in sorted(set(texts) - set(codes)):
        yield f"{name} is no error's code any more: take its text out of docs/{TEXTS.name}."
    for name in sorted(set(texts) & set(codes)):
        if not texts[name][1] and not codes[name].hints:
            yield f"{name} comes without a hint: write in docs/{TEXTS.name} what to do."


def describeErrors():
    """Return all codes as Markdown, by subject.

    :raises ValueError: with what `findFaults` finds.
    """
    codes, subjects = errorCodes.readErrorCodes(), readTexts()
    faults = list(findFaults(codes, subjects))
    if faults:
        raise ValueError("\n".join(faults))
    lines = []
    for subject, texts in subjects.items():
        lines += [f"## {subject}", ""]
        for name in sorted(texts):
            lines += _describe(codes[name], *texts[name])
    return "\n".join(lines)


def _describe(code, meaning, remedy):
    yield f"### `{code.name}` {{ #{code.name} }}"
    yield ""
    for message in code.messages:
        yield f"> {_plain(message)}"
        # Two lines of a quotation would become one paragraph.
        yield ">"
    yield ""
    yield meaning
    yield ""
    yield f"**What to do:** {remedy or ' Or: '.join(_plain(hint) for hint in code.hints)}"
    yield ""
    yield f"*{_reported(code)}*"
    yield ""


def _plain(text):
    """Return a text of the program so that Markdown shows it as it is."""
    text = html.escape(" ".join(text.split()), quote=False)
    return "".join(f"\\{character}" if character in "\\`*_{}[]#" else character for character in text)


def _reported(code):
    kinds = [ErrorKind[name] for name in sorted(code.kinds)]
    statuses = {kind.http_status for kind in kinds} | {HTTPStatus[name].value for name in code.statuses}
    parts = [
        f"exit status {_listed({kind.exit_status for kind in kinds})}" if kinds else "",
        f"HTTP status {_listed(statuses)}" if statuses else "",
    ]
    said = ", ".join(part for part in parts if part) or "told by the server alone"
    return f"{said[:1].upper()}{said[1:]}"


def _listed(numbers):
    return " or ".join(str(number) for number in sorted(numbers))
