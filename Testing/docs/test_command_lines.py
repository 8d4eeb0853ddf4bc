"""Every command line of the documentation is understood by the program, and every option that it names exists."""

import pytest
from commandLines import commandLines, commandLinesOf, optionsNamed
from pages.commandHelp import parsersBelow

from medsamseg_server.cli.command_line import make_parser
from medsamseg_server.errors import MedSAMSegError

PARSER = make_parser()
PARSERS = list(parsersBelow(PARSER))
OPTIONS = {option for parser in PARSERS for action in parser._actions for option in action.option_strings}
#: Of `tools/bench` and `podman`, on the pages that speak of them.
OPTIONS_OF_OTHERS = {
    ("docs/speed.md", "--quick"),
    ("docs/speed.md", "--only"),
    ("docs/cluster.md", "--only"),
    ("docs/cluster.md", "--share"),
    ("docs/speed.md", "--vs-today"),
    ("docs/group.md", "--build-arg"),
    ("docs/group.md", "--hostname"),
}
#: What a sentence may leave out, such as in: `medsamseg train` has three commands.
LEFT_OUT = ("arguments are required", "expected one argument")


def complaint(line):
    """:return: why the program would not take a line; empty where it would."""
    try:
        PARSER.parse_args(line.words)
    except MedSAMSegError as error:
        if not line.isWhole and any(words in error.message for words in LEFT_OUT):
            return ""
        return f"{line}: {error.message}"
    except SystemExit as finished:
        return "" if finished.code == 0 else str(line)
    return ""


@pytest.mark.parametrize("line", commandLines(), ids=str)
def test_commandLineOfThePagesIsUnderstood(line, capsys):
    assert complaint(line) == ""


@pytest.mark.parametrize("page, option", sorted({*optionsNamed()} - OPTIONS_OF_OTHERS))
def test_optionThatASentenceNamesExists(page, option):
    assert option in OPTIONS


@pytest.mark.parametrize(
    "text",
    [
        "```console\n$ medsamseg segment\n```",
        "```console\n$ medsamseg segment scan.nrrd --slice 4 \\\n    --bocks 1,2,3,4 -o out.nrrd\n```",
        "Run `medsamseg models fetch litemedsam`.",
        "| CT | `medsamseg segment ct.nrrd --slice four --box 1,2,3,4 -o ct.seg.nrrd` |",
    ],
)
def test_wrongLineIsFound(text):
    (line,) = commandLinesOf("page.md", text)
    assert complaint(line) != ""
