"""Errors and notes in the user's language. Where they arise they are English, as in scripts and logs.

Messages come whole, with their values in them, from this module and over HTTP from a server of any version. So each is
compared with the texts that are known, their values are taken out, and filled into the translation. One that nobody
knows stays as it is.
"""

from __future__ import annotations

import functools
import itertools
import re
import string
from collections.abc import Iterator
from typing import Any

from MedSAMSegLib.errors import UserError
from MedSAMSegLib.panel.frame import errorTextsOfModule, errorTextsOfServer, keepingSegments

#: Between two sentences.
_BREAK = re.compile(r"(?<=[.!?]) ")
#: In so many sentences at most a known text ends, unless it goes on to the end of an error. What a program printed may
#: have hundreds of them, and the panel waits.
_MOST_SENTENCES = 8
#: Values that are words themselves, by their names in the texts.
_WORDS_IN_VALUES = {"who": keepingSegments.inUsersLanguage}


def messageOn(error: UserError) -> str:
    """Return what an error says and what to do, in the user's language.

    :param error: one that the user is told.
    """
    return " ".join(filter(None, (inUsersLanguage(error.message), inUsersLanguage(error.hint))))


def notesOn(result: Any) -> list[str]:
    """Return a result's notes in the user's language: what was done otherwise than asked for.

    :param result: what has ``notes``, a list of English sentences.
    """
    return [inUsersLanguage(note) for note in result.notes]


def inUsersLanguage(text: str) -> str:
    """Return sentences of an error in the user's language, as far as they are known.

    :param text: English, with the values filled in.
    """
    # As for most volumes, at each update of the panel.
    if not text:
        return text
    known = [*errorTextsOfModule.texts(), *errorTextsOfServer.texts()]
    if all(english == translated for english, translated in known):
        return text
    return " ".join(_translated(text, known))


def _translated(text: str, known: list[tuple[str, str]]) -> Iterator[str]:
    """Yield the translated sentences of a text, as many as possible by one known text."""
    while text:
        begun = [pair for pair in known if text.startswith(_literals(pair[0])[0])]
        breaks = [match.start() for match in itertools.islice(_BREAK.finditer(text), _MOST_SENTENCES)]
        ends = [*breaks, len(text)]
        found = [(end, *each) for end in ends for each in _fitting(text[:end], begun)]
        # Of texts that match as many letters, the first takes fewest sentences: no sentence is taken for a value.
        end, template, match = max(found, key=lambda each: _words(each[1][0]), default=(ends[0], None, None))
        yield text[:end] if template is None else template[1].format(**_values(match))
        text = text[end:].strip()


def _values(match):
    """:return: {name: value} to be filled in."""
    return {name: _WORDS_IN_VALUES.get(name, str)(value) for name, value in match.groupdict().items()}


def _fitting(text, known):
    """:return: [(pair, match)] of the known texts that a text is, with its values."""
    ending = [pair for pair in known if text.endswith(_literals(pair[0])[-1])]
    return [(pair, match) for pair in ending if (match := _pattern(pair[0]).fullmatch(text)) is not None]


@functools.cache
def _literals(template):
    """:return: the parts of a text before, between and behind its values; the first and the last may be empty."""
    parts = list(string.Formatter().parse(template))
    literals = [literal for literal, _name, _spec, _conversion in parts]
    return literals if parts[-1][1] is None else [*literals, ""]


@functools.cache
def _words(template):
    """:return: number of letters of a text that are always the same."""
    return sum(len(literal) for literal in _literals(template))


@functools.cache
def _pattern(template):
    parts = []
    for literal, name, _spec, _conversion in string.Formatter().parse(template):
        parts.append(re.escape(literal))
        if name is not None:
            parts.append(f"(?P<{name}>.*?)")
    return re.compile("".join(parts), re.DOTALL)
