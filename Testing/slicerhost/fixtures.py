"""pytest fixtures for tests in the host; an area's conftest.py imports both."""

import gc

import pytest

from slicerhost.host import Host


@pytest.fixture(scope="session")
def host():
    """The host, one for the whole run."""
    yield Host.shared()
    # Processes of pytest-xdist end without what Python does at its exit.
    Host.shared().removeOwnFolder()


@pytest.fixture(autouse=True)
def cleanScene(request, host):
    """An empty scene for each test, which fails on any VTK error or warning that it did not take."""
    host.clearSceneIfTouched()
    yield host.scene
    # What the test has left goes now: it would observe the scene of every test until it is found to be garbage.
    request.node.funcargs.clear()
    gc.collect(1)
    complaints = host.messages.errors + host.messages.warnings
    host.clearSceneIfTouched()
    if complaints:
        pytest.fail("VTK complained during this test:\n\n" + "\n\n".join(complaints), pytrace=False)
