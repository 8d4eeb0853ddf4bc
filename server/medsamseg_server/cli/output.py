"""What commands say: results on standard output, progress and errors on standard error."""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from medsamseg_server.errors import ErrorKind, MedSAMSegError


def add_output_options(parser: argparse.ArgumentParser) -> None:
    """Add ``--json`` and ``--quiet``."""
    parser.add_argument(
        "--json", action="store_true", help="print one line of JSON instead of text, also for errors; no progress"
    )
    parser.add_argument("--quiet", "-q", action="store_true", help="print nothing but errors and warnings")


def refuse_to_replace_the_image(image: Path, output: Path, what: str = "the image itself") -> None:
    """Raise ``output_is_input`` where a result would be written over what it is made from; ``what`` names that."""
    if output.exists() and image.exists() and output.samefile(image):
        message = f"{output} is {what}."
        raise MedSAMSegError(ErrorKind.INVALID_INPUT, "output_is_input", message, "Choose another name with --output.")


def say(args: argparse.Namespace, text: str) -> None:
    """Print a line for people, unless they asked for quiet or for JSON."""
    if not (args.json or args.quiet):
        print_line(text)


def print_line(text: str, flush: bool = False) -> None:
    """Print a line on standard output.

    Raises:
        MedSAMSegError: ``output_unwritable`` when it cannot be written, such as to a full disk.
        BrokenPipeError: when its reader has gone.
    """
    try:
        print(text, flush=flush)
    except BrokenPipeError:
        raise
    except OSError as error:
        raise _unwritable(error) from error


def flush_output() -> None:
    """Write what was printed, where a failure is still told, and not when the interpreter ends; as ``print_line``."""
    try:
        sys.stdout.flush()
    except BrokenPipeError:
        raise
    except OSError as error:
        raise _unwritable(error) from error


def discard_output() -> None:
    """Send what is still to be printed nowhere, since the interpreter would fail on it when it ends."""
    with suppress(OSError, ValueError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _unwritable(error: OSError) -> MedSAMSegError:
    discard_output()
    return MedSAMSegError(
        ErrorKind.CANNOT_WRITE,
        "output_unwritable",
        f"Standard output cannot be written: {error.strerror or error}.",
        "Send it to another file or disk. Files that the command was to write are written.",
    )


def warn(text: str) -> None:
    """Print a warning, on standard error so that it never mixes with results."""
    print(f"medsamseg: Warning: {text}", file=sys.stderr)


def print_json(values: Mapping[str, Any]) -> None:
    """Print one machine-readable line."""
    print_line(json.dumps(values), flush=True)


def shows_progress(args: argparse.Namespace) -> bool:
    """Tell whether a progress bar has a reader: a person at a terminal who did not ask for quiet."""
    return not (args.json or args.quiet) and sys.stderr.isatty()


def report_error(error: MedSAMSegError, as_json: bool) -> None:
    """Print an error: two calm lines on standard error, or one line of JSON on standard output."""
    if as_json and error.code != "output_unwritable":
        # If even this cannot be written, there is nobody to tell.
        with suppress(MedSAMSegError, BrokenPipeError):
            print_json({"error": {"code": error.code, "message": error.message, "hint": error.hint}})
        return
    with suppress(OSError):
        print(f"medsamseg: {error.message}", file=sys.stderr)
        for line in error.hint.splitlines():
            print(f"  {line}", file=sys.stderr)
