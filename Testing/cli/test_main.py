"""What every command has in common: usage, help, unexpected errors."""

import os
import subprocess
import sys

import pytest

from medsamseg_server import __version__, cli
from medsamseg_server.cli import models


def test_without_a_command_help_is_shown(run):
    result = run()
    assert result.status == 2
    assert "usage: medsamseg" in result.out


def test_version(run):
    assert run("--version").out == f"medsamseg {__version__}\n"


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
