"""Errors in the user's language. What raises them speaks English, also in scripts and logs; the panel translates.

Messages come whole, with their values in them, from this module and over HTTP from a server of any version. So each is
compared with the texts that are known, their values are taken out, and filled into the translation. One that nobody
knows stays as it is.
"""

from __future__ import annotations

import functools
import re
import string
from collections.abc import Iterator

from MedSAMSegLib.errors import UserError
from MedSAMSegLib.panel.frame import errorTextsOfModule, errorTextsOfServer

#: Between two sentences.
_BREAK = re.compile(r"(?<=[.!?]) ")


def sentenceOn(error: UserError) -> str:
    """Return what an error says and what to do, in the user's language.

    :param error: one that the user is told.
    """
    return " ".join(filter(None, (inUsersLanguage(error.message), inUsersLanguage(error.hint))))


def inUsersLanguage(text: str) -> str:
    """Return sentences of an error in the user's language, as far as they are known.

    :param text: English, with the values filled in.
    """
    known = [*errorTextsOfModule.texts(), *errorTextsOfServer.texts()]
    if all(english == translated for english, translated in known):
        return text
    return " ".join(_translated(text, known))


def _translated(text: str, known: list[tuple[str, str]]) -> Iterator[str]:
    """Yield the translated sentences of a text, as many as possible by one known text."""
    while text:
        ends = [len(text), *(match.start() for match in reversed(list(_BREAK.finditer(text))))]
        end, found = next(
            ((end, found) for end in ends if (found := _lookUp(text[:end], known)) is not None), (ends[-1], None)
        )
        yield text[:end] if found is None else found
        text = text[end:].strip()


def _lookUp(text, known):
    """:return: a text in the user's language, by the known text with most words in common; None without one."""
    fitting = [(pair, match) for pair in known if (match := _pattern(pair[0]).fullmatch(text)) is not None]
    if not fitting:
        return None
    (_english, translated), match = max(fitting, key=lambda found: _words(found[0][0]))
    return translated.format(**match.groupdict())


def _words(template):
    """:return: number of letters of a text that are always the same."""
    return sum(len(literal) for literal, _name, _spec, _conversion in string.Formatter().parse(template))


@functools.cache
def _pattern(template):
    parts = []
    for literal, name, _spec, _conversion in string.Formatter().parse(template):
        parts.append(re.escape(literal))
        if name is not None:
            parts.append(f"(?P<{name}>.*?)")
    return re.compile("".join(parts), re.DOTALL)
