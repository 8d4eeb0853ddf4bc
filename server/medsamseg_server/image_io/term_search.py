"""Finding the one term that a user means, by code or by name."""

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping, Sequence

from medsamseg_server.errors import ErrorKind, MedSAMSegError, shorten
from medsamseg_server.image_io.term_lists import Term, TermLists
from medsamseg_server.image_io.terminology import TISSUE, Terminology

_MOST_SHOWN = 8
# How much of a name has to be alike (difflib's ratio) to be offered for one that no entry has.
_LIKENESS = 0.6
# British spellings, and what Americans write. Both sides are spelled so, also where it makes no word of either.
_SPELLINGS = (("ae", "e"), ("oe", "e"), ("our", "or"), ("grey", "gray"), ("tre", "ter"))
# Everyday words, spelled so, and the lists' (SNOMED CT's) words for them; only to propose, never to choose.
_OTHER_WORDS = {
    "tumor": "neoplasm",
    "cancer": "neoplasm",
    "metastasis": "neoplasm, secondary",
    "metastases": "neoplasm, secondary",
    "bleeding": "hemorrhage",
    "bleed": "hemorrhage",
    "swelling": "edema",
}
# Of a name of several words, how many entries are offered for each.
_SHOWN_OF_WORD = 3


def find_terminology(
    term: str | None, region: str | None, lists: TermLists, called: tuple[str, str] = ("--term", "--region")
) -> Terminology:
    """Return what ``--term`` and ``--region`` mean.

    Args:
        term: what the segment is; None where only the region is known.
        region: where it is; None where that is not known.
        lists: the terms to choose from.
        called: what messages call the two.

    Raises:
        MedSAMSegError: ``term_unknown`` or ``term_ambiguous``.
    """
    what = None if term is None else find_term(term, lists.types, called[0])
    where = None if region is None else find_term(region, lists.regions, called[1])
    return Terminology(
        TISSUE.category if what is None or what.category is None else what.category,
        TISSUE.type if what is None else what.code,
        None if what is None else what.modifier,
        None if where is None else where.code,
        None if where is None else where.modifier,
        TISSUE.list_name if what is None else what.list_name,
    )


def find_term(text: str, terms: Sequence[Term], called: str) -> Term:
    """Return the entry that a text means.

    Args:
        text: a name, in large or small letters, or ``SCHEME:CODE``, with ``+SCHEME:CODE`` for a modifier.
        terms: the entries.
        called: what messages call it, such as ``--term``.

    Raises:
        MedSAMSegError: ``term_unknown`` with the nearest names, ``term_ambiguous`` with all entries of that name.
    """
    wanted = " ".join(text.split())
    found = _by_code(wanted, terms) or _by_name(wanted.casefold(), terms)
    if len(found) == 1:
        return found[0]
    if found:
        message = f"{called} '{shorten(text)}' can be {len(found)} things. Give the code of the one that is meant:"
        raise MedSAMSegError(ErrorKind.INVALID_INPUT, "term_ambiguous", message, _listed(found))
    near = _nearest(wanted.casefold(), terms) if wanted else []
    raise MedSAMSegError(
        ErrorKind.INVALID_INPUT,
        "term_unknown",
        f"{called} '{shorten(text)}' is in no list of terms." + (" The nearest are:" if near else ""),
        _listed(near) if near else "Give an English name such as Mass, or a code such as SCT:4147007.",
    )


def _by_code(text: str, terms: Sequence[Term]) -> list[Term]:
    keys = [tuple(part.strip().partition(":")[::2]) for part in text.split("+")]
    if len(keys) == 1:
        return [term for term in terms if term.modifier is None and term.code.key == keys[0]]
    return [term for term in terms if term.modifier is not None and [term.code.key, term.modifier.key] == keys]


def _by_name(name: str, terms: Sequence[Term]) -> list[Term]:
    found = [term for term in terms if name in term.names]
    # "Left lung" is a code of its own in some lists, and a lung with a modifier in others.
    return [term for term in found if term.modifier is None] or found


def _nearest(name: str, terms: Sequence[Term]) -> list[Term]:
    """Return the entries nearest to a name that no entry has; of several words, those nearest to each of them, too."""
    by_name = {_spelled(each): term for term in reversed(terms) for each in term.names}
    words = re.findall(r"\w{4,}", name)
    found = _near(name, by_name)
    if len(words) > 1:
        found += [term for word in words for term in _near(word, by_name)[:_SHOWN_OF_WORD]]
    return list(dict.fromkeys(found))[: 2 * _MOST_SHOWN]


def _near(name: str, by_name: Mapping[str, Term]) -> list[Term]:
    """Return the entries whose names hold this one, shortest first, then those with names most like it."""
    spelled = _spelled(name)
    wanted = _OTHER_WORDS.get(spelled, spelled)
    holding = sorted((each for each in by_name if wanted in each and by_name[each].modifier is None), key=len)
    # What sounds like an everyday word is not what is meant: a tumor is no thumb.
    is_known = wanted != spelled and holding
    alike = [] if is_known else difflib.get_close_matches(wanted, by_name, _MOST_SHOWN, _LIKENESS)
    return [by_name[each] for each in (*holding, *alike)]


def _spelled(name: str) -> str:
    for british, american in _SPELLINGS:
        name = name.replace(british, american)
    return name


def _listed(terms: Sequence[Term]) -> str:
    more = len(terms) - _MOST_SHOWN
    lines = [term.words for term in terms[:_MOST_SHOWN]]
    return "\n".join(lines + ([f"… and {more} more"] if more > 0 else []))
