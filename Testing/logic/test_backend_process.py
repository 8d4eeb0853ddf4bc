"""The local server as a child process: found, started, stopped, and what is said when that fails."""

import sys
import threading
from pathlib import Path

import pytest
import slicer

from MedSAMSegLib.server import serverLog
from MedSAMSegLib.server.launchedServer import LaunchedServer
from MedSAMSegLib.server.serverLog import ServerLog
from MedSAMSegLib.server.serverProcess import BackendProcess, BackendProcessError, findServerCommand

SERVER_COMMAND = [sys.executable, "-m", "medsamseg_server"]


@pytest.fixture(autouse=True)
def logFolder(host, tmp_path, monkeypatch):
    """Slicer's folder for temporary files, for one test."""
    monkeypatch.setattr(slicer.app, "temporaryPath", str(tmp_path))
    return tmp_path


def test_stoppedServerEndsByItself():
    backend = BackendProcess(SERVER_COMMAND)
    backend.client()
    process = backend._server._process
    backend.stop()
    assert process.returncode == 0
    assert not backend.hasDied


def test_serverThatDiedIsToldFromOneThatWasStopped():
    backend = BackendProcess(SERVER_COMMAND)
    client = backend.client()
    assert backend.readyClient is client
    backend.kill()
    backend._server._process.wait()
    assert backend.hasDied
    assert backend.readyClient is None
    backend.stop()
    assert not backend.hasDied


def test_allServersWriteToOneLogThatOnlyTheUserCanRead():
    for word in ("first", "second"):
        with pytest.raises(BackendProcessError, match=word):
            BackendProcess([sys.executable, "-c", f"import sys; sys.exit('{word}')"]).client()
    path = BackendProcess().logPath
    assert path.read_text().split() == ["first", "second"]
    assert path.stat().st_mode & 0o077 == 0


def test_lastWordsAreThoseOfTheServerThatFailed():
    with pytest.raises(BackendProcessError, match=r"somebody else"):
        BackendProcess([sys.executable, "-c", "import sys; sys.exit('somebody else')"]).client()
    with pytest.raises(BackendProcessError, match=r"it said nothing"):
        BackendProcess([sys.executable, "-c", ""]).client()


def test_logThatCannotBeWrittenIsNoReasonToDoWithoutAServer(logFolder, monkeypatch):
    (logFolder / "file").write_text("")
    monkeypatch.setattr(slicer.app, "temporaryPath", str(logFolder / "file" / "folder"))
    backend = BackendProcess(SERVER_COMMAND)
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
    monkeypatch.setenv("MEDSAMSEG_HOME", "/nowhere")
    with pytest.raises(BackendProcessError, match=r"Install it with the button"):
        findServerCommand()


def test_interpreterMayBeGivenRelativeToTheHomeFolder(host, monkeypatch):
    monkeypatch.setenv("HOME", str(Path(sys.executable).parent))
    monkeypatch.setenv("MEDSAMSEG_PYTHON", f"~/{Path(sys.executable).name}")
    assert findServerCommand() == SERVER_COMMAND
