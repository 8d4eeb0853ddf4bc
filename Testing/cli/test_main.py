"""What every command has in common: usage, help, unexpected errors."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from medsamseg_server import __version__, cli
from medsamseg_server.cli import models
from medsamseg_server.errors import ErrorKind


def test_without_a_command_help_is_shown(run):
    result = run()
    assert result.status == 2
    assert "usage: medsamseg" in result.out


def test_version(run):
    assert run("--version").out == f"medsamseg {__version__}\n"


@pytest.mark.parametrize("command", ["segment x -o y", "models list", "models download litemedsam"])
def test_options_that_there_are_not_name_the_commands_own_help(run, command):
    result = run(*command.split(), "--follow", "x")
    name = " ".join(word for word in command.split()[:2] if word.isalpha() and word != "x")
    assert result.status == 2
    assert result.err == f"medsamseg: Unrecognized arguments: --follow x.\n  See: medsamseg {name} --help\n"


@pytest.mark.parametrize("arguments", [["--help"], ["models", "--help"], ["models", "download", "--help"]])
def test_help_is_shown(run, arguments):
    result = run(*arguments)
    assert (result.status, "usage: medsamseg" in result.out) == (0, True)


def test_wrong_usage_is_reported_like_every_error(run):
    result = run("models", "download")
    assert result.status == 2
    assert result.err == (
        "medsamseg: The following arguments are required: NAME.\n  See: medsamseg models download --help\n"
    )
    assert run("models", "download", "--json").json()["error"]["code"] == "usage"


def test_the_package_can_be_run_as_a_module():
    result = subprocess.run(
        [sys.executable, "-m", "medsamseg_server", "--version"], capture_output=True, text=True, check=True
    )
    assert result.stdout == f"medsamseg {__version__}\n"


def test_an_unexpected_error_is_calm_and_says_how_to_report_it(run, home, monkeypatch):
    def fail(args):
        raise ZeroDivisionError("division by zero")

    monkeypatch.setattr(models, "run_list", fail)
    result = run("models", "list")
    assert result.status == 1
    assert "ZeroDivisionError: division by zero" in result.err
    assert "MEDSAMSEG_DEBUG=1" in result.err
    assert "Traceback" not in result.err


def test_debugging_shows_where_an_error_arose(home, monkeypatch):
    def fail(args):
        raise ZeroDivisionError

    monkeypatch.setattr(models, "run_list", fail)
    monkeypatch.setenv("MEDSAMSEG_DEBUG", "1")
    with pytest.raises(ZeroDivisionError):
        cli.main(["models", "list"])


def test_a_character_that_the_terminal_cannot_show_is_no_error(tmp_path):
    program = "import sys; from medsamseg_server.cli import main; sys.exit(main(['models', 'list']))"
    environment = {**os.environ, "PYTHONIOENCODING": "ascii", "MEDSAMSEG_HOME": str(tmp_path / "Läsionen")}
    result = subprocess.run([sys.executable, "-c", program], capture_output=True, env=environment, check=True)
    assert b"L?sionen" in result.stdout
    assert result.stderr == b""


@pytest.mark.parametrize("size", ["abc", "-1", "nan"])
def test_a_wrong_size_is_told_in_words(run, size):
    result = run("serve", f"--upload-limit={size}")
    assert (result.status, f"'{size}' is not a size in GiB" in result.err) == (2, True)


@pytest.mark.parametrize("unbuffered", ["", "1"])
def test_a_reader_that_leaves_early_is_no_error(home, unbuffered):
    program = "import sys; from medsamseg_server.cli import main; sys.exit(main(['models', 'list']))"
    environment = {**os.environ, "PYTHONUNBUFFERED": unbuffered}
    process = subprocess.Popen(
        [sys.executable, "-c", program], stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environment
    )
    process.stdout.close()
    assert process.stderr.read() == b""
    process.stderr.close()
    process.wait()


def start(home, program, **options):
    environment = {**os.environ, "MEDSAMSEG_HOME": str(home)}
    return subprocess.run(
        [sys.executable, "-c", program], stderr=subprocess.PIPE, env=environment, text=True, check=False, **options
    )


LIST = "import sys; from medsamseg_server.cli import main; sys.argv[1:] = ['models', 'list'{}]; sys.exit(main())"


@pytest.mark.parametrize("as_json", ["", ", '--json'"])
@pytest.mark.parametrize("unbuffered", ["", "1"])
def test_output_that_cannot_be_written_is_told(home, monkeypatch, unbuffered, as_json):
    monkeypatch.setenv("PYTHONUNBUFFERED", unbuffered)
    with Path("/dev/full").open("wb") as full:
        result = start(home, LIST.format(as_json), stdout=full)
    assert result.returncode == ErrorKind.CANNOT_WRITE.exit_status
    assert result.stderr.splitlines() == [
        "medsamseg: Standard output cannot be written: No space left on device.",
        "  Send it to another file or disk. Files that the command was to write are written.",
    ]


def test_output_that_was_closed_is_no_error(home):
    program = LIST.format("").replace("sys.exit", "assert sys.stdout is None; sys.exit")
    result = start(home, program, preexec_fn=lambda: os.close(1))
    assert (result.returncode, result.stderr) == (0, "")


def test_a_command_starts_without_what_only_others_need(home):
    program = LIST.format("").replace("sys.exit(main())", "main(); print(*sorted(sys.modules))")
    result = start(home, program, stdout=subprocess.PIPE)
    modules = result.stdout.splitlines()[-1].split()
    assert "medsamseg_server.cli.models" in modules
    assert not {"medsamseg_server.cli.segment", "numpy", "pydicom", "SimpleITK", "torch"} & set(modules)


INTERRUPT = """
import os, signal, sys

class Interrupt:
    def find_spec(self, name, path, target=None):
        if name == {name!r}:
            os.kill(os.getpid(), signal.SIGINT)

signal.signal(signal.SIGINT, signal.default_int_handler)
sys.meta_path.insert(0, Interrupt())
"""


@pytest.mark.parametrize(
    "name",
    ["medsamseg_server.cli.command_line", "argparse", "medsamseg_server.cli.models", "medsamseg_server.weights.store"],
)
def test_ctrl_c_while_the_program_starts_ends_it_without_a_traceback(home, name):
    result = start(home, INTERRUPT.format(name=name) + LIST.format(""), stdout=subprocess.DEVNULL)
    assert (result.returncode, result.stderr) == (ErrorKind.CANCELLED.exit_status, "medsamseg: Stopped.\n")


@pytest.mark.parametrize("option", ["--slice", "--range", "--box"])
def test_what_was_typed_is_repeated_in_part_only(run, tmp_path, option):
    values = {"--slice": "9" * 5000, "--range": "9" * 5000 + ":", "--box": "9" * 5000}
    arguments = {"--slice": "5", "--box": "1,2,3,4", **{option: values[option]}}
    result = run("segment", "a.nrrd", *[text for pair in arguments.items() for text in pair], "-o", tmp_path / "o.nrrd")
    assert result.status == 2
    assert len(result.err) < 500
    assert "99999999…" in result.err or "'99999999" in result.err
