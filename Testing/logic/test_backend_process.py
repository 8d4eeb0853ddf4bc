"""The local server as a child process: found, started, stopped, and what is said when that fails."""

import os
import signal
import sys
import threading
from pathlib import Path

import pytest
import slicer
from processTree import haveEnded, treeOf
from waiting import waitUntil

from MedSAMSegLib.server import serverLog
from MedSAMSegLib.server.launchedServer import LaunchedServer
from MedSAMSegLib.server.serverLog import ServerLog
from MedSAMSegLib.server.serverProcess import BackendProcess, BackendProcessError, findServerCommand


@pytest.fixture(autouse=True)
def logFolder(host, tmp_path, monkeypatch):
    """Slicer's folder for temporary files, for one test."""
    monkeypatch.setattr(slicer.app, "temporaryPath", str(tmp_path))
    return tmp_path


def test_stoppedServerEndsByItself(serverCommand):
    backend = BackendProcess(serverCommand)
    backend.client()
    child = backend._server._child
    processes = treeOf(backend.pid)
    backend.stop()
    assert child.wait(0) == 0
    assert haveEnded(processes)
    assert not backend.hasDied


@pytest.mark.parametrize("end", ["stop", "kill"])
def test_hungServerEndsWithAllThatItStarted(serverCommand, end):
    """At the end of Slicer too: how long that takes is limited, whatever the server does."""
    backend = BackendProcess(serverCommand)
    backend.client()
    processes = treeOf(backend.pid)
    os.killpg(backend.pid, signal.SIGSTOP)
    backend._server.stop(0.1) if end == "stop" else backend.kill()
    waitUntil(lambda: haveEnded(processes))
    backend.stop()


def test_serverOfALauncherThatWasKilledEndsToo(serverCommand):
    backend = BackendProcess(serverCommand)
    backend.client()
    processes = treeOf(backend.pid)
    os.kill(backend.pid, signal.SIGKILL)
    waitUntil(lambda: backend.hasDied)
    waitUntil(lambda: haveEnded(processes))
    backend.stop()


def test_serverOfAnotherSlicerLivesOn(serverCommand):
    backend, other = BackendProcess(serverCommand), BackendProcess(serverCommand)
    for each in (backend, other):
        each.client()
    processes = treeOf(other.pid)
    backend.kill()
    waitUntil(lambda: backend.hasDied)
    assert other.client().health()["pid"] == processes[-1].pid
    for each in (backend, other):
        each.stop()


def test_serverThatDiedIsToldFromOneThatWasStopped(serverCommand):
    backend = BackendProcess(serverCommand)
    client = backend.client()
    assert backend.readyClient is client
    backend.kill()
    backend._server._child.wait()
    assert backend.hasDied
    assert backend.readyClient is None
    backend.stop()
    assert not backend.hasDied


def test_allServersWriteToOneLogThatOnlyTheUserCanRead(serverPython):
    for word in ("first", "second"):
        with pytest.raises(BackendProcessError, match=word):
            BackendProcess([serverPython, "-c", f"import sys; sys.exit('{word}')"]).client()
    path = BackendProcess().logPath
    assert path.read_text().split() == ["first", "second"]
    assert path.stat().st_mode & 0o077 == 0


def test_lastWordsAreThoseOfTheServerThatFailed(serverPython):
    with pytest.raises(BackendProcessError, match=r"somebody else"):
        BackendProcess([serverPython, "-c", "import sys; sys.exit('somebody else')"]).client()
    with pytest.raises(BackendProcessError, match=r"it said nothing"):
        BackendProcess([serverPython, "-c", ""]).client()


def test_logThatCannotBeWrittenIsNoReasonToDoWithoutAServer(logFolder, monkeypatch, serverCommand):
    (logFolder / "file").write_text("")
    monkeypatch.setattr(slicer.app, "temporaryPath", str(logFolder / "file" / "folder"))
    backend = BackendProcess(serverCommand)
    assert backend.client().health()["protocol"] == 1
    backend.stop()


def test_logGrowsNoLargerWhileAServerWritesToIt(logFolder, monkeypatch):
    monkeypatch.setattr(serverLog, "LARGEST_BYTES", 1000)
    log = ServerLog(logFolder / "server.log")
    with log.open() as written:
        for _ in range(9):
            written.write(b"x" * 299 + b"\n")
            log.rotate()
        written.write(b"the end\n")
    assert log.path.stat().st_size <= 1300
    assert log.olderPath.stat().st_size <= 1300
    assert log.lastLine() == "the end"


def test_serverStoppedWhileItStartsIsSaidToHaveEnded(host, monkeypatch, serverPython):
    isStarting = threading.Event()
    wait = LaunchedServer.waitForAnnouncement

    def waitVisibly(server, timeout):
        isStarting.set()
        return wait(server, timeout)

    monkeypatch.setattr(LaunchedServer, "waitForAnnouncement", waitVisibly)
    backend = BackendProcess([serverPython, "-c", "import sys; sys.stdin.readline(); sys.stdin.read()"])
    errors = []

    def start():
        try:
            backend.client()
        except Exception as error:
            errors.append(error)

    starting = threading.Thread(target=start)
    starting.start()
    assert isStarting.wait(20)
    backend.stop()
    starting.join(20)
    assert [type(error) for error in errors] == [BackendProcessError]
    assert "ended while it was starting" in str(errors[0])


@pytest.mark.parametrize("line", ["5", '"ready"', "Welcome"])
def test_firstLineThatIsNoAnnouncementIsNotTakenForOne(host, line):
    with pytest.raises(BackendProcessError, match=r"ended while it was starting"):
        BackendProcess([sys.executable, "-c", f"print({line!r})"]).client()


def test_programThatIsNoServerFailsWithItsLastWords(host):
    backend = BackendProcess([sys.executable, "-c", "import sys; sys.exit('I am no server')"])
    with pytest.raises(BackendProcessError, match=r"I am no server"):
        backend.client()


def test_programThatDoesNotExistIsNamed(host):
    with pytest.raises(BackendProcessError, match=r"/no/such/program"):
        BackendProcess(["/no/such/program"]).client()


def test_serverThatNeverAnnouncesItselfIsStopped(host, serverPython):
    backend = BackendProcess([serverPython, "-c", "import sys; sys.stdin.read()"])
    with pytest.raises(BackendProcessError, match=r"did not start within"):
        backend.client(timeout=0.5)
    assert not backend.isRunning


def test_interpreterNamedInTheEnvironmentIsUsed(host, monkeypatch):
    monkeypatch.setenv("MEDSAMSEG_PYTHON", sys.executable)
    assert findServerCommand() == [sys.executable, "-m", "medsamseg_server"]


def test_interpreterThatIsNotThereIsNamed(host, monkeypatch):
    monkeypatch.setenv("MEDSAMSEG_PYTHON", "/no/python")
    with pytest.raises(BackendProcessError, match=r"MEDSAMSEG_PYTHON names '/no/python'"):
        findServerCommand()


def test_missingServerSaysWhatToInstall(host, monkeypatch):
    monkeypatch.delenv("MEDSAMSEG_PYTHON", raising=False)
    monkeypatch.setenv("PATH", "/nowhere")
    monkeypatch.setenv("MEDSAMSEG_HOME", "/nowhere")
    with pytest.raises(BackendProcessError, match=r"Install it with the button"):
        findServerCommand()


def test_interpreterMayBeGivenRelativeToTheHomeFolder(host, monkeypatch):
    monkeypatch.setenv("HOME", str(Path(sys.executable).parent))
    monkeypatch.setenv("MEDSAMSEG_PYTHON", f"~/{Path(sys.executable).name}")
    assert findServerCommand() == [sys.executable, "-m", "medsamseg_server"]
