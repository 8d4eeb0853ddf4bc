"""Fixture for tests that run the command line."""

import json
from types import SimpleNamespace

import pytest

from medsamseg_server.cli import main


@pytest.fixture
def run(capsys):
    """Runs the command line in this process; returns its status, standard output and standard error.

    `json()` reads the last line, which is all of it but where a command reports events.
    """

    def runCommand(*arguments):
        capsys.readouterr()
        status = main([str(argument) for argument in arguments])
        captured = capsys.readouterr()
        return SimpleNamespace(
            status=status,
            out=captured.out,
            err=captured.err,
            json=lambda: json.loads(captured.out.splitlines()[-1]),
        )

    return runCommand
