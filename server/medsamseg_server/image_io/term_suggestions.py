"""What to offer for a term that no list has: other spellings, words of everyday, the words of a phrase one by one."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator, Sequence
from functools import lru_cache

from medsamseg_server.image_io.term_lists import Term

_MOST = 8
# How much of a name has to be alike (difflib's ratio) to be offered for one that no entry has: at 0.6, thumb was for
# tumor.
_LIKENESS = 0.7
# British spelling, and what is written for it in the lists.
_AMERICAN = (("ae", "e"), ("oe", "e"), ("our", "or"), ("tre", "ter"), ("grey", "gray"), ("ise", "ize"))
# Everyday words that no list has, and the names of what they mean, or may mean.
_EVERYDAY = {
    "tumor": ("neoplasm", "neoplasm, primary", "neoplasm, secondary", "mass"),
    "cancer": ("neoplasm, primary", "neoplasm", "neoplasm, secondary"),
    "carcinoma": ("neoplasm, primary",),
    "metastasis": ("neoplasm, secondary",),
    "metastase": ("neoplasm, secondary",),
}
# Words that say nothing of what is meant.
_FILLERS = {"a", "an", "and", "at", "by", "for", "from", "in", "of", "on", "or", "the", "to", "with"}
# The category of organs and other parts of the body: in the standard's list, and in Slicer's.
_ANATOMICAL_STRUCTURE = {("SCT", "91723000"), ("SCT", "123037004")}
# How many entries are offered for a word of a phrase that is no name itself.
_MOST_OF_WORD = 3


def nearest(name: str, terms: Sequence[Term]) -> list[Term]:
    """Return the entries nearest to a name that no entry has, those first that are most likely meant.

    Args:
        name: in small letters, with single spaces.
        terms: the entries.
    """
    words, phrases = _words(name), dict(_phrases(name, terms))
    of_phrases = sorted((term for entries in phrases.values() for term in entries), key=_is_place)
    plain = [term for term in terms if term.modifier is None]
    found = [
        *_called(name, terms),
        *(term for term in plain if len(words) > 1 and any(words <= _words(each) for each in term.names)),
        *(term for term in plain if any(name in each for each in term.names)),
        *of_phrases,
        # As a whole, a phrase is spelled like many names that share none of its meaning.
        *([] if of_phrases else _alike(name, terms)),
    ]
    if len(words) > 1:
        left = words - {word for phrase in phrases for word in _words(phrase)}
        for word in sorted(left):
            holding = [term for term in plain if any(word in _words(each) for each in term.names)]
            found += [*holding, *_alike(word, terms)][:_MOST_OF_WORD]
    return list(dict.fromkeys(found))[: 2 * _MOST]


def places_in(name: str, regions: Sequence[Term]) -> list[Term]:
    """Return the regions that a phrase names, such as the liver of a liver tumor.

    Args:
        name: in small letters, with single spaces.
        regions: the entries.
    """
    return [entries[0] for _phrase, entries in _phrases(name, regions) if entries]


def _phrases(name: str, terms: Sequence[Term]) -> Iterator[tuple[str, list[Term]]]:
    """Yield the longest parts of a phrase that are names, from its end on, where English says what something is."""
    words = name.split()
    end = len(words)
    while end > 0:
        starts = (start for start in range(end) if (start, end) != (0, len(words)))
        phrases = ((start, " ".join(words[start:end])) for start in starts)
        start, phrase, entries = next(
            ((start, phrase, entries) for start, phrase in phrases if (entries := _called(phrase, terms))),
            (end - 1, "", []),
        )
        if entries:
            yield phrase, entries
        end = start


def _is_place(term: Term) -> bool:
    """Tell whether an entry is what a phrase says the place of: the liver of a liver tumor."""
    return term.category is not None and term.category.key in _ANATOMICAL_STRUCTURE


def _called(name: str, terms: Sequence[Term]) -> list[Term]:
    """Return the entries of this name, in another spelling, number or word of everyday; those without sides first."""
    american = _in_american(name)
    names = (*_EVERYDAY.get(american, ()), american)
    found = [term for each in names for term in terms if each in term.names or each in map(_in_american, term.names)]
    return list(dict.fromkeys([term for term in found if term.modifier is None] or found))


def _alike(name: str, terms: Sequence[Term]) -> list[Term]:
    by_name = {each: term for term in reversed(terms) for each in term.names}
    return [by_name[each] for each in difflib.get_close_matches(name, by_name, _MOST, _LIKENESS)]


def _words(name: str) -> set[str]:
    return {_in_american(word) for word in re.findall(r"\w+", name)} - _FILLERS


# Every word of a phrase is compared with all names of the lists, which are some thousand.
@lru_cache(maxsize=2**17)
def _in_american(name: str) -> str:
    """Return a name as Americans spell it, roughly, in the singular: to compare it with others that went the same way.

    >>> _in_american("oesophageal tumours")
    'esophageal tumor'
    """
    for british, american in _AMERICAN:
        name = name.replace(british, american)
    return name.removesuffix("s")
