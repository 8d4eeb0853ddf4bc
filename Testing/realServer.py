"""The real server with the real weights, one for all tests of a process that do nothing but ask it.

Starting it and loading its network takes two seconds of the processor.
"""

import functools
import sys

import pytest

from MedSAMSegLib.server.serverProcess import ServerProcess

SERVER_COMMAND = [sys.executable, "-m", "medsamseg_server"]


@pytest.fixture(scope="session")
def realServer(host):
    """That server; the first that asks starts it."""
    # Each area that imports the fixture has one of its own.
    yield _process()
    _process().stop()


@functools.cache
def _process():
    return ServerProcess(SERVER_COMMAND)
