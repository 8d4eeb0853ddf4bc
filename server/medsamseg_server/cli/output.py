"""What commands say: results on standard output, progress and errors on standard error."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Mapping
from typing import Any

from medsamseg_server.errors import MedSAMSegError


def add_output_options(parser: argparse.ArgumentParser) -> None:
    """Add ``--json`` and ``--quiet``."""
    parser.add_argument(
        "--json", action="store_true", help="print one line of JSON instead of text, also for errors; no progress"
    )
    parser.add_argument("--quiet", "-q", action="store_true", help="print nothing but errors and warnings")


def say(args: argparse.Namespace, text: str) -> None:
    """Print a line for people, unless they asked for quiet or for JSON."""
    if not (args.json or args.quiet):
        print(text)


def warn(text: str) -> None:
    """Print a warning, on standard error so that it never mixes with results."""
    print(f"medsamseg: Warning: {text}", file=sys.stderr)


def print_json(values: Mapping[str, Any]) -> None:
    """Print one machine-readable line."""
    print(json.dumps(values), flush=True)


def shows_progress(args: argparse.Namespace) -> bool:
    """Tell whether a progress bar has a reader: a person at a terminal who did not ask for quiet."""
    return not (args.json or args.quiet) and sys.stderr.isatty()


def report_error(error: MedSAMSegError, as_json: bool) -> None:
    """Print an error: two calm lines on standard error, or one line of JSON on standard output."""
    if as_json:
        print_json({"error": {"code": error.code, "message": error.message, "hint": error.hint}})
        return
    print(f"medsamseg: {error.message}", file=sys.stderr)
    for line in error.hint.splitlines():
        print(f"  {line}", file=sys.stderr)
