"""The local server as a child process: found, started, stopped, and what is said when that fails."""

import signal
import sys
import tempfile
import threading
from pathlib import Path

import pytest

from MedSAMSegLib.backendProcess import BackendProcess, BackendProcessError, findServerCommand
from MedSAMSegLib.launchedServer import LaunchedServer

SERVER_COMMAND = [sys.executable, "-m", "medsamseg_server"]


def test_stoppedServerEndsByItselfAndLeavesNoLog(host):
    backend = BackendProcess(SERVER_COMMAND)
    backend.client()
    process, log = backend._server._process, Path(backend._server.logPath)
    assert log.exists()
    backend.stop()
    assert process.returncode == 0
    assert not log.exists()


def test_logOfAServerThatFailedIsKept(host):
    backend = BackendProcess(SERVER_COMMAND)
    backend.client()
    server = backend._server
    server._process.send_signal(signal.SIGKILL)
    server._process.wait()
    backend.stop()
    Path(server.logPath).unlink()


def test_programThatCannotBeRunLeavesNoLog(host, tmp_path, monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    with pytest.raises(BackendProcessError):
        BackendProcess(["/no/such/program"]).client()
    assert list(tmp_path.iterdir()) == []


def test_serverStoppedWhileItStartsIsSaidToHaveEnded(host, monkeypatch):
    isStarting = threading.Event()
    wait = LaunchedServer.waitForAnnouncement

    def waitVisibly(server, timeout):
        isStarting.set()
        return wait(server, timeout)

    monkeypatch.setattr(LaunchedServer, "waitForAnnouncement", waitVisibly)
    backend = BackendProcess([sys.executable, "-c", "import sys; sys.stdin.readline(); sys.stdin.read()"])
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


def test_serverThatNeverAnnouncesItselfIsStopped(host):
    backend = BackendProcess([sys.executable, "-c", "import sys; sys.stdin.read()"])
    with pytest.raises(BackendProcessError, match=r"did not start within"):
        backend.client(timeout=0.5)
    assert not backend.isRunning


def test_interpreterNamedInTheEnvironmentIsUsed(host, monkeypatch):
    monkeypatch.setenv("MEDSAMSEG_PYTHON", sys.executable)
    assert findServerCommand() == SERVER_COMMAND


def test_interpreterThatIsNotThereIsNamed(host, monkeypatch):
    monkeypatch.setenv("MEDSAMSEG_PYTHON", "/no/python")
    with pytest.raises(BackendProcessError, match=r"MEDSAMSEG_PYTHON names '/no/python'"):
        findServerCommand()


def test_missingServerSaysWhatToInstall(host, monkeypatch):
    monkeypatch.delenv("MEDSAMSEG_PYTHON", raising=False)
    monkeypatch.setenv("PATH", "/nowhere")
    with pytest.raises(BackendProcessError, match=r"Install medsamseg-server"):
        findServerCommand()


def test_interpreterMayBeGivenRelativeToTheHomeFolder(host, monkeypatch):
    monkeypatch.setenv("HOME", str(Path(sys.executable).parent))
    monkeypatch.setenv("MEDSAMSEG_PYTHON", f"~/{Path(sys.executable).name}")
    assert findServerCommand() == SERVER_COMMAND
