"""The command lines and options that the documentation names."""

import re
import shlex
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PROGRAM = "medsamseg"
_FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.DOTALL | re.MULTILINE)
_CODE = re.compile(r"`([^`\n]+)`")


@dataclass(frozen=True)
class CommandLine:
    """A line, and where it stands.

    :param page: the file, from the repository's folder.
    :param words: as the shell hands them over, without the program's name.
    :param isWhole: whether it is to be typed; a mention in a sentence may be a part of one.
    """

    page: str
    words: tuple
    isWhole: bool

    def __str__(self):
        return f"{self.page}: {PROGRAM} {shlex.join(self.words)}"


def pages():
    """:return: {file from the repository's folder: text} of all pages that users read."""
    paths = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").rglob("*.md"))]
    return {path.relative_to(ROOT).as_posix(): path.read_text(encoding="utf-8") for path in paths}


def commandLines():
    """:return: all calls of `medsamseg`, those in blocks of code first."""
    return [line for page, text in pages().items() for line in commandLinesOf(page, text)]


def commandLinesOf(page, text):
    """:return: the calls of `medsamseg` on one page."""
    lines = []
    for language, block in _FENCE.findall(text):
        if language in ("console", "bash", "sh"):
            lines += [CommandLine(page, words, True) for words in _typed(block)]
    sentences = _FENCE.sub("", text)
    lines += [CommandLine(page, words, False) for code in _CODE.findall(sentences) if (words := _wordsAfter(code))]
    return lines


def optionsNamed():
    """:return: (page, option) for each option that a sentence names by itself."""
    return [
        (page, option)
        for page, text in pages().items()
        for code in _CODE.findall(_FENCE.sub("", text))
        if code.startswith("--")
        for option in re.findall(r"--[a-z][a-z-]*", code)
    ]


def _typed(block):
    whole = block.replace("\\\n", " ")
    for line in whole.splitlines():
        if line.startswith("$ "):
            words = _wordsAfter(line[2:])
            if words:
                yield words


def _wordsAfter(line):
    """:return: the words after the program's name; None where the line calls another program."""
    try:
        words = shlex.split(line, comments=True)
    except ValueError:
        return None
    while words and re.fullmatch(r"[A-Z_]+=\S*", words[0]):
        words.pop(0)
    if not words or words[0].rpartition("/")[2] != PROGRAM:
        return None
    return tuple(words[1:])
