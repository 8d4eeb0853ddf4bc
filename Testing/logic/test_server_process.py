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
from MedSAMSegLib.server.serverProcess import ServerProcess, ServerProcessError, findServerCommand


@pytest.fixture(autouse=True)
def logFolder(host, tmp_path, monkeypatch):
    """Slicer's folder for temporary files, for one test."""
    monkeypatch.setattr(slicer.app, "temporaryPath", str(tmp_path))
    return tmp_path


def test_stoppedServerEndsByItself(serverCommand):
    server = ServerProcess(serverCommand)
    server.client()
    child = server._launched._child
    processes = treeOf(server.pid)
    server.stop()
    assert child.wait(0) == 0
    assert haveEnded(processes)
    assert not server.hasDied


@pytest.mark.parametrize("end", ["stop", "kill"])
def test_hungServerEndsWithAllThatItStarted(serverCommand, end):
    """At the end of Slicer too: how long that takes is limited, whatever the server does."""
    server = ServerProcess(serverCommand)
    server.client()
    processes = treeOf(server.pid)
    os.killpg(server.pid, signal.SIGSTOP)
    server._launched.stop(0.1) if end == "stop" else server.kill()
    waitUntil(lambda: haveEnded(processes))
    server.stop()


def test_serverOfALauncherThatWasKilledEndsToo(serverCommand):
    server = ServerProcess(serverCommand)
    server.client()
    processes = treeOf(server.pid)
    os.kill(server.pid, signal.SIGKILL)
    waitUntil(lambda: server.hasDied)
    waitUntil(lambda: haveEnded(processes))
    server.stop()


def test_serverOfAnotherSlicerLivesOn(serverCommand):
    server, other = ServerProcess(serverCommand), ServerProcess(serverCommand)
    for each in (server, other):
        each.client()
    processes = treeOf(other.pid)
    server.kill()
    waitUntil(lambda: server.hasDied)
    assert other.client().health()["pid"] == processes[-1].pid
    for each in (server, other):
        each.stop()


def test_serverThatDiedIsToldFromOneThatWasStopped(serverCommand):
    server = ServerProcess(serverCommand)
    client = server.client()
    assert server.readyClient is client
    server.kill()
    server._launched._child.wait()
    assert server.hasDied
    assert server.readyClient is None
    server.stop()
    assert not server.hasDied


def test_allServersWriteToOneLogThatOnlyTheUserCanRead(serverPython):
    for word in ("first", "second"):
        with pytest.raises(ServerProcessError, match=word):
            ServerProcess([serverPython, "-c", f"import sys; sys.exit('{word}')"]).client()
    path = ServerProcess().logPath
    assert path.read_text().split() == ["first", "second"]
    assert path.stat().st_mode & 0o077 == 0


def test_lastWordsAreThoseOfTheServerThatFailed(serverPython):
    with pytest.raises(ServerProcessError, match=r"somebody else"):
        ServerProcess([serverPython, "-c", "import sys; sys.exit('somebody else')"]).client()
    with pytest.raises(ServerProcessError, match=r"it said nothing"):
        ServerProcess([serverPython, "-c", ""]).client()


def test_logThatCannotBeWrittenIsNoReasonToDoWithoutAServer(logFolder, monkeypatch, serverCommand):
    (logFolder / "file").write_text("")
    monkeypatch.setattr(slicer.app, "temporaryPath", str(logFolder / "file" / "folder"))
    server = ServerProcess(serverCommand)
    assert server.client().health()["protocol"] == 1
    server.stop()


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
    server = ServerProcess([serverPython, "-c", "import sys; sys.stdin.readline(); sys.stdin.read()"])
    errors = []

    def start():
        try:
            server.client()
        except Exception as error:
            errors.append(error)

    starting = threading.Thread(target=start)
    starting.start()
    assert isStarting.wait(20)
    server.stop()
    starting.join(20)
    assert [type(error) for error in errors] == [ServerProcessError]
    assert "ended while it was starting" in str(errors[0])


@pytest.mark.parametrize("line", ["5", '"ready"', "Welcome"])
def test_firstLineThatIsNoAnnouncementIsNotTakenForOne(host, line):
    with pytest.raises(ServerProcessError, match=r"ended while it was starting"):
        ServerProcess([sys.executable, "-c", f"print({line!r})"]).client()


def test_programThatIsNoServerFailsWithItsLastWords(host):
    server = ServerProcess([sys.executable, "-c", "import sys; sys.exit('I am no server')"])
    with pytest.raises(ServerProcessError, match=r"I am no server"):
        server.client()


def test_programThatDoesNotExistIsNamed(host):
    with pytest.raises(ServerProcessError, match=r"/no/such/program"):
        ServerProcess(["/no/such/program"]).client()


def test_serverThatNeverAnnouncesItselfIsStopped(host, serverPython):
    server = ServerProcess([serverPython, "-c", "import sys; sys.stdin.read()"])
    with pytest.raises(ServerProcessError, match=r"did not start within"):
        server.client(timeout=0.5)
    assert not server.isRunning


def test_interpreterNamedInTheEnvironmentIsUsed(host, monkeypatch):
    monkeypatch.setenv("MEDSAMSEG_PYTHON", sys.executable)
    assert findServerCommand() == [sys.executable, "-m", "medsamseg_server"]


def test_interpreterThatIsNotThereIsNamed(host, monkeypatch):
    monkeypatch.setenv("MEDSAMSEG_PYTHON", "/no/python")
    with pytest.raises(ServerProcessError, match=r"MEDSAMSEG_PYTHON names '/no/python'"):
        findServerCommand()


def test_missingServerSaysWhatToInstall(host, monkeypatch):
    monkeypatch.delenv("MEDSAMSEG_PYTHON", raising=False)
    monkeypatch.setenv("PATH", "/nowhere")
    monkeypatch.setenv("MEDSAMSEG_HOME", "/nowhere")
    with pytest.raises(ServerProcessError, match=r"Install it with the button"):
        findServerCommand()


def test_interpreterMayBeGivenRelativeToTheHomeFolder(host, monkeypatch):
    monkeypatch.setenv("HOME", str(Path(sys.executable).parent))
    monkeypatch.setenv("MEDSAMSEG_PYTHON", f"~/{Path(sys.executable).name}")
    assert findServerCommand() == [sys.executable, "-m", "medsamseg_server"]
