"""The numbered examples that are programs of their own, and how their masks are compared."""

import subprocess
import sys
from pathlib import Path

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"


def runAsProgram(name, folder):
    """:return: the lines that an example printed as a program in a folder of its own."""
    command = [sys.executable, "-W", "error::ResourceWarning", str(EXAMPLES / name)]
    result = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stderr
    return result.stdout.splitlines()


def dice(found, expected):
    return 2 * (found & expected).sum() / (found.sum() + expected.sum())
