"""``--term`` and ``--region``: what the segments are, in codes."""

from __future__ import annotations

import argparse
import functools
import os
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from medsamseg_server.cli.usage import wrong_usage
from medsamseg_server.errors import shorten
from medsamseg_server.image_io.terminology import TISSUE, Terminology

if TYPE_CHECKING:
    from medsamseg_server.image_io.term_lists import TermLists

# What has a field for it.
_HOLDS_TERMS = (".seg.nrrd", ".dcm")


def add_options(group: argparse._ArgumentGroup | argparse.ArgumentParser) -> None:
    """Add ``--term``, ``--region`` and ``--term-list``."""
    group.add_argument(
        "--term",
        metavar="TERM",
        help="what the segments are: a name such as Mass or 'left kidney', or a code such as SCT:4147007"
        " (+SCT:7771000 for a modifier); for .seg.nrrd, .dcm and --report",
    )
    group.add_argument("--region", metavar="TERM", help="where in the body they lie, such as Lung or SCT:39607008")
    group.add_argument(
        "--term-list",
        metavar="FILE.json",
        type=Path,
        action="append",
        default=[],
        help="terminology of 3D Slicer to choose terms from; several may be given (default: those of the Slicer at"
        " SLICER_HOME, or else those of the DICOM standard)",
    )


def check_options(args: argparse.Namespace, outputs: list[Path], is_film: bool) -> None:
    """Raise an error for terms that are not known, or that nothing that is written has a field for.

    Args:
        args: with the options, and ``boxes`` where the command has it.
        outputs: what is to be written, reports included.
        is_film: whether the image is a film.

    Raises:
        MedSAMSegError: ``usage``, or as ``terminology_of``.
    """
    option = _given(args)
    if not option:
        return
    for what, given in (("a film", is_film), ("--boxes", getattr(args, "boxes", None) is not None)):
        if given:
            raise wrong_usage(f"{option} cannot go with {what}.", f"Leave {option} out.")
    if not any(path.name.lower().endswith(_HOLDS_TERMS) for path in outputs):
        raise wrong_usage(
            f"{outputs[0].name} has no field for what a segment is ({option}).",
            f"End its name with .seg.nrrd, or leave {option} out.",
        )
    terminology_of(args)


def _given(args: argparse.Namespace) -> str:
    """Return which of the options is given, or what a prompts file has in their place; nothing without any."""
    if args.term is not None or args.region is not None:
        return "--term" if args.term is not None else "--region"
    return '"term" and "region" of the prompts file' if _own(args) else ""


def keep_own(args: argparse.Namespace, own: Mapping[str, tuple[str | None, str | None]]) -> None:
    """Keep in the arguments what single objects are; ``--term`` and ``--region`` hold for what is not said of them.

    Args:
        args: with the options.
        own: term and region by the objects' names, as a prompts file has them.

    Raises:
        MedSAMSegError: as ``terminology_of``, naming the object.
    """
    paths = tuple(args.term_list)
    for name, (term, region) in own.items():
        called = tuple(f"{args.prompts.name}, {shorten(name)}: The {what}" for what in ("term", "region"))
        # Each alone first, so that what an option says is not told of the object.
        find(term, region, paths, (called[0], called[1]))
    args.own_terms = {
        name: find(args.term if term is None else term, args.region if region is None else region, paths)
        for name, (term, region) in own.items()
    }


def _own(args: argparse.Namespace) -> dict[str, Terminology]:
    return getattr(args, "own_terms", {})


def terminology_of(args: argparse.Namespace, name: str | None = None) -> Terminology:
    """Return what the options mean, or of an object, what its prompts file says; without any, what nobody has named.

    Args:
        args: with the options.
        name: of the object; None for what the options say of all.

    Raises:
        MedSAMSegError: ``term_unknown``, ``term_ambiguous`` or ``terms_unreadable``.
    """
    own = _own(args)
    if name is not None and name in own:
        return own[name]
    if args.term is None and args.region is None:
        return TISSUE
    return find(args.term, args.region, tuple(args.term_list))


def as_json(args: argparse.Namespace, name: str | None = None) -> dict[str, Any]:
    """Return what ``--json`` says of the options or of an object; nothing where that says nothing.

    Args:
        args: with the options.
        name: of an object of a prompts file; None for what the options say of all.

    Returns:
        Code, scheme and words of each part, under ``terminology``.
    """
    if (name is None) == bool(_own(args)):
        return {}
    known = terminology_of(args, name)
    return {} if known == TISSUE else {"terminology": {part: code for part, code in asdict(known).items() if code}}


@functools.lru_cache(maxsize=100)
def find(
    term: str | None,
    region: str | None,
    paths: tuple[Path, ...] = (),
    given_as: tuple[str, str] = ("--term", "--region"),
) -> Terminology:
    """Return what a term and a region mean, either of which may be missing; as ``terminology_of``.

    ``given_as`` is what messages call them by.
    """
    from medsamseg_server.image_io.term_search import find_terminology

    return find_terminology(term, region, _lists(paths, os.environ.get("SLICER_HOME")), given_as)


@functools.lru_cache(maxsize=1)
def _lists(paths: tuple[Path, ...], _home: str | None) -> TermLists:
    from medsamseg_server.image_io.term_lists import term_lists

    return term_lists(paths)
