"""Finding the one term that a user means, by code or by name."""

from __future__ import annotations

from collections.abc import Sequence

from medsamseg_server.errors import ErrorKind, MedSAMSegError, shorten
from medsamseg_server.image_io.term_lists import Term, TermLists
from medsamseg_server.image_io.term_suggestions import nearest, places_in
from medsamseg_server.image_io.terminology import TISSUE, Terminology

_MOST_SHOWN = 8


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
    what = None if term is None else _find_type(term, lists, given_as)
    where = None if region is None else find_term(region, lists.regions, given_as[1])
    return Terminology(
        TISSUE.category if what is None or what.category is None else what.category,
        TISSUE.type if what is None else what.code,
        None if what is None else what.modifier,
        None if where is None else where.code,
        None if where is None else where.modifier,
        TISSUE.list_name if what is None else what.list_name,
    )


def _find_type(text: str, lists: TermLists, given_as: tuple[str, str]) -> Term:
    """Return the type that a text means; where it is none, say what of the text is a region."""
    try:
        return find_term(text, lists.types, given_as[0])
    except MedSAMSegError as error:
        places = places_in(" ".join(text.split()).casefold(), lists.regions)
        if error.code != "term_unknown" or not places:
            raise
        hint = f"{error.hint}\n{given_as[1]} says where it is: {' or '.join(place.words for place in places)}."
        raise MedSAMSegError(error.kind, error.code, error.message, hint) from None


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
    near = nearest(wanted.casefold(), terms) if wanted else []
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


def _listed(terms: Sequence[Term]) -> str:
    more = len(terms) - _MOST_SHOWN
    lines = [term.words for term in terms[:_MOST_SHOWN]]
    return "\n".join(lines + ([f"… and {more} more"] if more > 0 else []))
