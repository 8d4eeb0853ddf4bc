"""What all commands share: their parser, and errors in words whatever happens."""

from __future__ import annotations

import argparse
import importlib
import io
import os
import re
import sys
from collections.abc import Sequence
from types import ModuleType
from typing import NoReturn, TextIO

from medsamseg_server import __version__
from medsamseg_server.cli.output import discard_output, flush_output, report_error
from medsamseg_server.errors import ErrorKind, MedSAMSegError

#: The commands in the order of the help; each is a module of this package.
_COMMANDS = (
    "segment",
    "batch",
    "propose",
    "evaluate",
    "train",
    "study",
    "models",
    "export",
    "convert",
    "cache",
    "check",
    "serve",
    "cluster",
    "users",
)
#: When set to 1, errors show where in the program they arose.
_DEBUG_VARIABLE = "MEDSAMSEG_DEBUG"
#: Options whose value may start with a minus sign, which argparse would take for another option.
_MAY_BE_NEGATIVE = {
    *("--box", "--click", "--exclude", "--line", "--point", "--not-point"),
    *("--range", "--slice", "--threshold", "--time", "--window"),
}


class _Parser(argparse.ArgumentParser):
    """A parser that reports wrong usage like every other error."""

    def error(self, message: str) -> NoReturn:
        # The message repeats what was typed, which may be very long.
        message = re.sub(r"\S{200,}", lambda word: f"{word[0][:80]}…", message)
        raise MedSAMSegError(
            ErrorKind.INVALID_INPUT, "usage", f"{message[:1].upper()}{message[1:]}.", f"See: {self.prog} --help"
        )


class _CommandParser(_Parser):
    """A command's parser, which reports unknown arguments itself, so that the error names its own help."""

    def parse_known_args(  # type: ignore[override]
        self, args: Sequence[str] | None = None, namespace: argparse.Namespace | None = None
    ) -> tuple[argparse.Namespace, list[str]]:
        parsed, unknown = super().parse_known_args(args, namespace)
        if unknown:
            self.error(f"unrecognized arguments: {' '.join(unknown)}")
        return parsed, unknown


def run_command(argv: Sequence[str] | None = None) -> int:
    """Run one command and return its exit status: 0, or the status of the error's kind."""
    arguments = sys.argv[1:] if argv is None else list(argv)
    _never_fail_to_print()
    try:
        status = _run(arguments)
        flush_output()
        return status
    except MedSAMSegError as error:
        reported = error
    except KeyboardInterrupt:
        reported = MedSAMSegError(ErrorKind.CANCELLED, "cancelled", "Stopped.")
    except BrokenPipeError:
        # The reader of our output, such as `head`, has gone; nobody is left to tell.
        discard_output()
        return ErrorKind.CANCELLED.exit_status
    except Exception as error:
        if _is_debugging():
            raise
        reported = MedSAMSegError(
            ErrorKind.INTERNAL,
            "internal",
            f"Something unexpected went wrong: {type(error).__name__}: {error}",
            f"Please report it, with what {_DEBUG_VARIABLE}=1 shows.",
        )
    if _is_debugging() and reported.__traceback__ is not None:
        raise reported
    report_error(reported, as_json="--json" in arguments)
    return reported.kind.exit_status


def _run(arguments: list[str]) -> int:
    parser = make_parser(commands_in(arguments))
    try:
        args = parser.parse_args(_join_negative_values(arguments))
    except SystemExit as finished:
        # --help and --version have printed what they have to say.
        return int(finished.code or 0)
    if args.run is None:
        parser.print_help()
        return ErrorKind.INVALID_INPUT.exit_status
    status: int = args.run(args)
    return status


def commands_in(arguments: Sequence[str]) -> Sequence[str]:
    """Return the command that these arguments name, or all of them if they name none.

    What only other commands need is not imported: it takes longer than the start of the server.
    """
    return arguments[:1] if arguments and arguments[0] in _COMMANDS else _COMMANDS


def import_command(name: str) -> ModuleType:
    """Return the module of a command."""
    return importlib.import_module(f"medsamseg_server.cli.{name}")


def make_parser(commands: Sequence[str] = _COMMANDS) -> argparse.ArgumentParser:
    """Return the parser of the whole command line, or of some commands."""
    parser = _Parser(
        prog="medsamseg",
        description="Segment objects in medical images from boxes, with MedSAM and its relatives. "
        "For research; not a medical device.",
        epilog="See 'medsamseg COMMAND --help' for each command.",
    )
    parser.add_argument("--version", action="version", version=f"medsamseg {__version__}")
    parser.set_defaults(run=None)
    subparsers = parser.add_subparsers(title="commands", metavar="COMMAND", parser_class=_CommandParser)
    for command in commands:
        import_command(command).add_parser(subparsers)
    return parser


def _join_negative_values(arguments: list[str]) -> list[str]:
    """Write ``--box -3,4,5,6`` as ``--box=-3,4,5,6``, so that a wrong number is reported as one."""
    joined: list[str] = []
    for argument in arguments:
        if joined and joined[-1] in _MAY_BE_NEGATIVE and argument[:1] == "-" and argument[1:2].isdigit():
            joined[-1] += f"={argument}"
        else:
            joined.append(argument)
    return joined


def _never_fail_to_print() -> None:
    """Let a character that the terminal cannot show become a question mark instead of an error after the work.

    A standard stream that was closed is as good as one to nowhere.
    """
    if sys.stdout is None:
        sys.stdout = _nowhere()
    if sys.stderr is None:
        sys.stderr = _nowhere()
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="replace")


def _nowhere() -> TextIO:
    return os.fdopen(os.open(os.devnull, os.O_WRONLY), "w", encoding="utf-8")


def _is_debugging() -> bool:
    return os.environ.get(_DEBUG_VARIABLE) == "1"
