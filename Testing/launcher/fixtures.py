"""Fixtures that run a test twice: with a plain interpreter, and with one behind Slicer's launcher."""

import sys
import sysconfig
from pathlib import Path

import pytest

from launcher.layout import SlicerLayout

KINDS = ["plain", "launcher"]
#: For what other tests show with both: the plain one with `make test-full`.
behindTheLauncher = pytest.mark.parametrize(
    "serverPython", [pytest.param("plain", marks=pytest.mark.full), "launcher"], indirect=True
)
SERVER = Path(__file__).resolve().parents[2] / "server"


@pytest.fixture(scope="session", params=KINDS)
def serverPython(request, tmp_path_factory):
    """A Python that has the server and its packages, as a path: plain, or Slicer's with all of them in its folders."""
    if request.param == "plain":
        return sys.executable
    packages = [sysconfig.get_path("purelib"), SERVER]
    return str(SlicerLayout(tmp_path_factory.mktemp("Slicer with a server") / "Slicer", packages).pythonSlicer)


@pytest.fixture
def serverCommand(serverPython):
    """The words that run the server's program with that Python."""
    return [serverPython, "-m", "medsamseg_server"]
