"""The page of all commands: what `--help` says, from the parser itself."""

import argparse
import os
from unittest import mock

from medsamseg_server.cli.command_line import make_parser

#: Characters a line, as in a terminal of usual width.
WIDTH = 100


def describeCommands():
    """Return the help of every command as Markdown, those below another one behind it."""
    # argparse asks this variable for the width of the terminal.
    with mock.patch.dict(os.environ, {"COLUMNS": str(WIDTH)}):
        return "\n".join(section for parser in parsersBelow(make_parser()) for section in _describe(parser))


def parsersBelow(parser):
    """Yield a parser, and those of its commands and of theirs."""
    yield parser
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            for child in action.choices.values():
                yield from parsersBelow(child)


def _describe(parser):
    level = "##" if parser.prog.count(" ") < 2 else "###"
    yield f"{level} {parser.prog}\n"
    yield f"```text\n{parser.format_help().rstrip()}\n```\n"
