"""pytest fixtures for tests with windows; an area's conftest.py imports them beside those of `fixtures`.

PySide6 is imported when the first test asks for `gui`, not before.
"""

import gc

import pytest


@pytest.fixture(scope="session")
def guiHost(host):
    """The host with windows, one for the whole run."""
    from slicerhost.guiHost import GuiHost

    return GuiHost.shared()


@pytest.fixture
def gui(request, guiHost, cleanScene):
    """The host with windows for one test, which fails on what VTK or Qt complained about and on any exception in a
    slot, timer or observer, unless the test took it (`gui.messages.takeErrors()`).

    A view follows the scene from when the test asks for it, as one that a layout brings then, and renders when its
    picture is needed and at the test's end; panels are painted in the main window alone. `gui.lookAtAll()` lets all be
    drawn whenever something changes.

    Modules are loaded anew for each test, except where the tests ask for `onePanel` and not for `ownPanel`.
    """
    keepsModules = "onePanel" in request.fixturenames and "ownPanel" not in request.fixturenames
    if "ownPanel" in request.fixturenames:
        guiHost.reset()
    guiHost.collectGarbageHere()
    guiHost.fitViews()
    guiHost.lookAway()
    yield guiHost
    guiHost.processEvents()
    guiHost.lookOnce()
    # Nodes that the test has held go now, and not as a change of the scene that is clear afterwards.
    request.node.funcargs.clear()
    with guiHost.unseen():
        leave, empty = (
            (guiHost.exitModule, guiHost.closeScene) if keepsModules else (guiHost.closeModules, guiHost.reset)
        )
        leave()
        complaints = guiHost.messages.errors + guiHost.messages.warnings
        guiHost.lookAway()
        empty()
    # Tests without windows may hold large networks.
    gc.enable()
    if complaints:
        pytest.fail("Something complained during this test:\n\n" + "\n\n".join(complaints), pytrace=False)


@pytest.fixture(scope="module")
def onePanel(guiHost):
    """For `usefixtures` of a file: its tests are one session of Slicer. Between them the module is left and the scene
    closed, while panels live on."""
    yield
    guiHost.reset()


@pytest.fixture
def ownPanel():
    """For a test of such a file that needs a Slicer that was just started."""
