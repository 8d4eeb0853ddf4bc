"""Finding the one term that a user means, by code or by name."""

from __future__ import annotations

import difflib
from collections.abc import Sequence

from medsamseg_server.errors import ErrorKind, MedSAMSegError, shorten
from medsamseg_server.image_io.term_lists import Term, TermLists
from medsamseg_server.image_io.terminology import TISSUE, Terminology

_MOST_SHOWN = 8
# How much of a name has to be alike (difflib's ratio) to be offered for one that no entry has: at 0.6, thumb was for
# tumor.
_LIKENESS = 0.7
# British spelling, and what is written for it in the lists.
_AMERICAN = (("ae", "e"), ("oe", "e"), ("our", "or"), ("tre", "ter"), ("grey", "gray"), ("ise", "ize"))
# Words of everyday that no list has, and the names of what they mean, or may mean.
_EVERYDAY = {
    "tumor": ("neoplasm", "neoplasm, primary", "neoplasm, secondary", "mass"),
    "cancer": ("neoplasm, primary", "neoplasm", "neoplasm, secondary"),
    "carcinoma": ("neoplasm, primary",),
    "metastasis": ("neoplasm, secondary",),
    "metastase": ("neoplasm, secondary",),
}


def find_terminology(
    term: str | None, region: str | None, lists: TermLists, given_as: tuple[str, str] = ("--term", "--region")
) -> Terminology:
    """Return what ``--term`` and ``--region`` mean.

    Args:
        term: what the segment is; None where only the region is known.
        region: where it is; None where that is not known.
        lists: the terms to choose from.
        given_as: what messages call the two by.

    Raises:
        MedSAMSegError: ``term_unknown`` or ``term_ambiguous``.
    """
    what = None if term is None else find_term(term, lists.types, given_as[0])
    where = None if region is None else find_term(region, lists.regions, given_as[1])
    return Terminology(
        TISSUE.category if what is None or what.category is None else what.category,
        TISSUE.type if what is None else what.code,
        None if what is None else what.modifier,
        None if where is None else where.code,
        None if where is None else where.modifier,
        TISSUE.list_name if what is None else what.list_name,
    )


def find_term(text: str, terms: Sequence[Term], option: str) -> Term:
    """Return the entry that a text means.

    Args:
        text: a name, in large or small letters, or ``SCHEME:CODE``, with ``+SCHEME:CODE`` for a modifier.
        terms: the entries.
        option: where it was given, for messages.

    Raises:
        MedSAMSegError: ``term_unknown`` with the nearest names, ``term_ambiguous`` with all entries of that name.
    """
    wanted = " ".join(text.split())
    found = _by_code(wanted, terms) or _by_name(wanted.casefold(), terms)
    if len(found) == 1:
        return found[0]
    if found:
        message = f"{option} '{shorten(text)}' can be {len(found)} things. Give the code of the one that is meant:"
        raise MedSAMSegError(ErrorKind.INVALID_INPUT, "term_ambiguous", message, _listed(found))
    near = _nearest(wanted.casefold(), terms) if wanted else []
    raise MedSAMSegError(
        ErrorKind.INVALID_INPUT,
        "term_unknown",
        f"{option} '{shorten(text)}' is in no list of terms." + (" Did you mean:" if near else ""),
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
    """Return the entries that are spelled or called otherwise, then those that hold this name or are most like it."""
    american = _in_american(name)
    called = _EVERYDAY.get(american, ())
    same = [term for each in called for term in _by_name(each, terms)]
    same += [term for term in terms if term.modifier is None and american in map(_in_american, term.names)]
    holding = [term for term in terms if term.modifier is None and any(name in each for each in term.names)]
    by_name = {each: term for term in reversed(terms) for each in term.names}
    alike = difflib.get_close_matches(name, by_name, _MOST_SHOWN, _LIKENESS)
    return list(dict.fromkeys([*same, *holding, *(by_name[each] for each in alike)]))[: 2 * _MOST_SHOWN]


def _in_american(name: str) -> str:
    """Return a name as Americans spell it, roughly, in the singular: to compare it with others that went the same way.

    >>> _in_american("oesophageal tumours")
    'esophageal tumor'
    """
    for british, american in _AMERICAN:
        name = name.replace(british, american)
    return name.removesuffix("s")


def _listed(terms: Sequence[Term]) -> str:
    more = len(terms) - _MOST_SHOWN
    lines = [term.words for term in terms[:_MOST_SHOWN]]
    return "\n".join(lines + ([f"… and {more} more"] if more > 0 else []))
