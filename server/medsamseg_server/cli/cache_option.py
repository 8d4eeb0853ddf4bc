"""The option ``--cache``: where encoded slices are kept, so that several machines can share them."""

from __future__ import annotations

import argparse

from medsamseg_server.errors import ErrorKind, MedSAMSegError
from medsamseg_server.system.places import Place, StoreUrl, place_of


def add_cache_option(options: argparse._ActionsContainer, usual: str) -> None:
    """Add ``--cache``; ``usual`` is what holds without it."""
    options.add_argument(
        "--cache",
        type=place_of,
        metavar="PLACE",
        help="where encoded slices are kept: a folder, under the same name on all machines, or the URL of an object "
        f"store, such as s3://bucket/embeddings (default: {usual})",
    )


def check_cache(place: Place | None) -> None:
    """Raise an error where a store cannot be used here: before anything is read or told.

    Raises:
        MedSAMSegError: as ``StoreUrl.open``.
    """
    if isinstance(place, StoreUrl):
        place.open()


def refuse_quota(place: Place | None, gibibytes: float | None) -> None:
    """Raise an error where disk space is to be limited in a store; 0, which means none, is a limit for every place.

    Raises:
        MedSAMSegError: ``store_without_quota``.
    """
    if isinstance(place, StoreUrl) and gibibytes:
        message = "--embedding-disk limits a folder, and an object store notes no use by which slices could go."
        hint = "Leave it out, and let the store itself delete what is old, such as by a lifecycle rule of its bucket."
        raise MedSAMSegError(ErrorKind.INVALID_INPUT, "store_without_quota", message, hint)
