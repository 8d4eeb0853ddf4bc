"""Fixtures of the examples' tests: the host with an empty scene, and one server for all examples in Slicer."""

import sys

import pytest

from MedSAMSegLib.server.serverProcess import ServerProcess
from slicerhost.fixtures import cleanScene, host


@pytest.fixture(scope="module")
def sharedServer(host):
    """A server process in the place of the one that Slicer's modules share, which these tests then leave alone."""
    process = ServerProcess([sys.executable, "-m", "medsamseg_server"])
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(ServerProcess, "_shared", process)
        yield process
    process.stop()
