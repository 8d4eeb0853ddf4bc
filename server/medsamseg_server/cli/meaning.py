"""``--meaning``: which of the network's three answers to a box."""

from __future__ import annotations

import argparse

from medsamseg_server.engine.prompts import MEANINGS, Prompt, require_meanings
from medsamseg_server.weights.catalog import get_specification


def add_option(group: argparse._ArgumentGroup) -> None:
    """Add ``--meaning``."""
    group.add_argument(
        "--meaning",
        choices=MEANINGS,
        help="which of the network's three answers to a box is wanted, of the models mobilesam and sam"
        " (default: its one answer)",
    )


def check_option(args: argparse.Namespace) -> None:
    """Raise ``model_has_one_mask`` for a model that has one answer alone, or ``model_unknown``."""
    if args.meaning is not None:
        require_meanings(get_specification(args.model), [Prompt(meaning=args.meaning)])
