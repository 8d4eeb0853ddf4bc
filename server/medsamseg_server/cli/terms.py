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

# Endings of files that have a field for terms.
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


class Terms:
    """What the segments are: ``--term`` and ``--region`` say it of all, a prompts file of single objects.

    Args:
        args: with the options.
        own: term and region by the objects' names, as a prompts file has them; for what it does not say of an object,
            the options hold.

    Raises:
        MedSAMSegError: as ``of``, naming the object.
    """

    def __init__(
        self, args: argparse.Namespace, own: Mapping[str, tuple[str | None, str | None]] | None = None
    ) -> None:
        self._term, self._region = args.term, args.region
        self._lists = tuple(args.term_list)
        own = own or {}
        for name, (term, region) in own.items():
            called = tuple(f"{args.prompts.name}, {shorten(name)}: The {what}" for what in ("term", "region"))
            # Each alone first, so that what an option says is not told of the object.
            find(term, region, self._lists, (called[0], called[1]))
        self._own = {
            name: find(self._term if term is None else term, self._region if region is None else region, self._lists)
            for name, (term, region) in own.items()
        }

    def of(self, name: str | None = None) -> Terminology:
        """Return what an object is; ``TISSUE`` where nobody says it.

        Args:
            name: of the object; None for what the options say of all.

        Raises:
            MedSAMSegError: ``term_unknown``, ``term_ambiguous`` or ``terms_unreadable``.
        """
        if name is not None and name in self._own:
            return self._own[name]
        if self._term is None and self._region is None:
            return TISSUE
        return find(self._term, self._region, self._lists)

    def as_json(self, name: str | None = None) -> dict[str, Any]:
        """Return what ``--json`` says of an object of a prompts file, or of all where there is no such file.

        Args:
            name: of an object; None for all.

        Returns:
            Code, scheme and words of each part, under ``terminology``; nothing where nobody says what it is.
        """
        if (name is None) == bool(self._own):
            return {}
        known = self.of(name)
        return {} if known == TISSUE else {"terminology": {part: code for part, code in asdict(known).items() if code}}

    def check(self, outputs: list[Path], instead: str | None = None) -> None:
        """Raise an error for terms that are not known, or that nothing that is written has a field for.

        Args:
            outputs: what is to be written, reports included.
            instead: what is segmented, where nothing that it gives has such a field.

        Raises:
            MedSAMSegError: ``usage``, or as ``of``.
        """
        option = self._given
        if not option:
            return
        if instead is not None:
            raise wrong_usage(f"{option} cannot go with {instead}.", f"Leave {option} out.")
        if not any(path.name.lower().endswith(_HOLDS_TERMS) for path in outputs):
            raise wrong_usage(
                f"{outputs[0].name} has no field for what a segment is ({option}).",
                f"End its name with .seg.nrrd, or leave {option} out.",
            )
        self.of()

    @property
    def _given(self) -> str:
        """Which of the options is given, or what a prompts file has in their place; nothing without any."""
        if self._term is not None or self._region is not None:
            return "--term" if self._term is not None else "--region"
        return '"term" and "region" of the prompts file' if self._own else ""


@functools.lru_cache(maxsize=100)
def find(
    term: str | None,
    region: str | None,
    paths: tuple[Path, ...] = (),
    given_as: tuple[str, str] = ("--term", "--region"),
) -> Terminology:
    """Return what a term and a region mean, either of which may be missing; as ``Terms.of``.

    ``given_as`` is what messages call them by.
    """
    from medsamseg_server.image_io.term_search import find_terminology

    return find_terminology(term, region, _lists(paths, os.environ.get("SLICER_HOME")), given_as)


@functools.lru_cache(maxsize=1)
def _lists(paths: tuple[Path, ...], _home: str | None) -> TermLists:
    from medsamseg_server.image_io.term_lists import term_lists

    return term_lists(paths)
