"""What the panel learns of the server, and how a server that died or hangs is replaced."""

import json
import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

import numpy as np
import psutil
import pytest
from fakeNetworkServer import COMMAND
from processTree import haveEnded, treeOf
from waiting import waitUntil

from MedSAMSegLib.client.serverReplies import EncodingStatus
from MedSAMSegLib.client.volumeUpload import VolumeUpload
from MedSAMSegLib.server import serverMonitor
from MedSAMSegLib.server.launchedServer import LaunchedServer
from MedSAMSegLib.server.serverMonitor import ServerMonitor
from MedSAMSegLib.server.serverProcess import ServerProcess, ServerProcessError
from MedSAMSegLib.server.serverState import ServerState

TESTING = Path(__file__).resolve().parents[1]


@pytest.fixture(autouse=True)
def quickLooks(monkeypatch):
    """Looks at the server that follow each other quickly."""
    monkeypatch.setattr(serverMonitor, "CHECK_SECONDS", 0.02)
    monkeypatch.setattr(serverMonitor, "ANSWER_SECONDS", 0.5)


@pytest.fixture
def monitor(server):
    """The monitor of the fake server."""
    monitor = ServerMonitor(server)
    yield monitor
    for held in (server.letStart, server.letAnswer):
        held.set()
    monitor.close()


@pytest.fixture
def command(serverPython):
    """The words that run a real server with a network that costs nothing."""
    return [serverPython, *COMMAND[1:]]


@pytest.fixture
def process(host, command):
    """That server, not started yet."""
    process = ServerProcess(command)
    yield process
    process.stop()


@pytest.fixture
def processMonitor(process, monkeypatch):
    """The monitor of the real server, which is started."""
    # Each look is a request that both sides work on: not so often while a process takes its time to start or to end.
    monkeypatch.setattr(serverMonitor, "CHECK_SECONDS", 0.1)
    monitor = ServerMonitor(process)
    monitor.start()
    waitForKind(monitor, "ready", 120)
    yield monitor
    monitor.close()


def waitForKind(monitor, kind, timeoutSeconds=30):
    waitUntil(lambda: monitor.poll().kind == kind, timeoutSeconds)


def test_serverIsOffUntilItIsStarted(monitor, server):
    monitor.watch()
    assert monitor.poll().kind == "off"
    assert server.starts == 0


def test_startIsSaidAndDoesNotWait(monitor, server):
    server.letStart.clear()
    monitor.start()
    assert monitor.poll().kind == "starting"
    server.letStart.set()
    waitForKind(monitor, "ready")
    assert monitor.poll() == ServerState("ready", model="Fake model", device="cpu")
    assert server.starts == 1


def test_serverThatABoxStartedIsNoticed(monitor, server):
    monitor.watch()
    server.client()
    waitForKind(monitor, "ready")


def test_encodingIsSaidWhileItGoesOn(monitor):
    monitor.start()
    waitForKind(monitor, "ready")
    monitor.setEncoding(EncodingStatus("running", 37, 212, "job", 40.0))
    state = monitor.poll()
    assert (state.kind, state.done, state.total, state.secondsLeft) == ("busy", 37, 212, 40.0)
    monitor.setEncoding(EncodingStatus("done", 212, 212, "job"))
    assert monitor.poll().kind == "ready"


def test_startThatFailsSaysWhatToDoAndTheNextOneWorks(monitor, server):
    server.startError = ServerProcessError("The server is not installed.", "Install it.", "server_missing")
    monitor.start()
    waitForKind(monitor, "error")
    assert str(monitor.poll().error) == "The server is not installed. Install it."
    server.startError = None
    monitor.restart()
    waitForKind(monitor, "ready")


def test_serverThatDiedIsStartedAgainAndSaidSo(monitor, server):
    monitor.start()
    waitForKind(monitor, "ready")
    server.letStart.clear()
    server.die()
    waitForKind(monitor, "starting")
    assert monitor.poll().reason == "died"
    server.letStart.set()
    waitForKind(monitor, "ready")
    assert server.starts == 2


def test_serverThatDiesAgainAndAgainIsLeftAloneUntilTheUserWantsIt(monitor, server):
    monitor.start()
    for start in range(1, serverMonitor.DEATHS_UNTIL_GIVING_UP + 1):
        waitUntil(lambda start=start: server.starts == start and monitor.poll().kind == "ready")
        server.die()
    waitForKind(monitor, "error")
    assert monitor.poll().reason == "dies again"
    monitor.restart()
    waitForKind(monitor, "ready")


def test_serverThatIsSilentForAMomentIsSaidAndKept(monitor, server, monkeypatch):
    monkeypatch.setattr(serverMonitor, "ANSWER_SECONDS", 0.02)
    monkeypatch.setattr(serverMonitor, "MISSES_UNTIL_REPLACED", 10**6)
    monitor.start()
    waitForKind(monitor, "ready")
    server.letAnswer.clear()
    waitForKind(monitor, "error")
    assert monitor.poll().reason == "silent"
    server.letAnswer.set()
    waitForKind(monitor, "ready")
    assert server.starts == 1


def test_missedAnswersCountOnlyOneAfterTheOther(monitor, server, monkeypatch):
    monkeypatch.setattr(serverMonitor, "ANSWER_SECONDS", 0.01)
    monkeypatch.setattr(serverMonitor, "MISSES_UNTIL_SAID", 10**6)
    monkeypatch.setattr(serverMonitor, "MISSES_UNTIL_REPLACED", 3)
    asked = []
    answer = server.health

    def missEverySecondTime(timeout=None):
        asked.append(timeout)
        server.letAnswer.clear() if len(asked) % 2 else server.letAnswer.set()
        return answer(timeout)

    monkeypatch.setattr(server, "health", missEverySecondTime)
    monitor.start()
    waitUntil(lambda: len(asked) > 12)
    assert server.starts == 1


def test_serverOfAnotherVersionIsSaidSo(monitor, server, monkeypatch):
    monitor.start()
    waitForKind(monitor, "ready")
    error = ServerProcessError("The server speaks version 2.", "Update the older of the two.", "version_mismatch")

    def refuse(timeout=None):
        raise error

    monkeypatch.setattr(server, "health", refuse)
    waitForKind(monitor, "error")
    assert monitor.poll().error is error
    monkeypatch.undo()
    waitForKind(monitor, "ready")
    assert server.starts == 1


def test_modelThatIsNotThereIsSaid(monitor, server):
    server.description["model_installed"] = False
    monitor.start()
    waitForKind(monitor, "error")
    assert monitor.poll() == ServerState("error", "no weights", model="Fake model")


def test_restartDuringAStartDoesNotWaitForIt(monitor, server):
    server.letStart.clear()
    monitor.start()
    waitUntil(lambda: server.starts == 1)
    monitor.restart()
    assert server.hasDied
    server.letStart.set()
    waitForKind(monitor, "ready")


def test_killedServerIsReplacedAndTheVolumeIsSentAgain(process, processMonitor):
    upload = VolumeUpload(np.zeros((3, 20, 20), np.int16))
    first = process.client()
    key = upload.call(first, lambda key: key)
    pid = process.pid
    processes = treeOf(pid)
    os.kill(pid, signal.SIGKILL)
    waitUntil(lambda: processMonitor.poll().kind == "starting")
    waitForKind(processMonitor, "ready", 120)
    assert process.pid != pid
    assert haveEnded(processes)
    second = process.client()
    assert upload.call(second, second.encodingStatus).state == "idle"
    assert upload.call(second, lambda key: key) == key


def test_hungServerIsReplaced(process, processMonitor, monkeypatch):
    pid = process.pid
    processes = treeOf(pid)
    monkeypatch.setattr(serverMonitor, "MISSES_UNTIL_REPLACED", 4)
    os.killpg(pid, signal.SIGSTOP)
    waitUntil(lambda: processMonitor.poll().kind == "starting" and processMonitor.state.reason == "hung")
    waitForKind(processMonitor, "ready", 120)
    assert process.pid != pid
    assert haveEnded(processes)


def test_hungServerEndsOnRestart(process, processMonitor, monkeypatch):
    """At once: it is not waited for, as one that can answer is."""
    pid = process.pid
    processes = treeOf(pid)
    monkeypatch.setattr(serverMonitor, "MISSES_UNTIL_REPLACED", 10**6)
    monkeypatch.setattr(LaunchedServer, "stop", lambda *_: None)
    os.killpg(pid, signal.SIGSTOP)
    waitUntil(lambda: processMonitor.poll().reason == "silent")
    processMonitor.restart()
    waitUntil(lambda: haveEnded(processes))
    monkeypatch.undo()
    waitForKind(processMonitor, "ready", 120)
    assert process.pid != pid


#: How long that server may take to answer, more than a busy computer needs, and how often it may miss that.
OTHER_ANSWER_SECONDS, OTHER_MISSES = 1.0, 4
#: A Slicer of its own, with a server; says both states that matter.
SLICER = """
import json, sys
from slicerhost.host import Host
Host.shared()
from MedSAMSegLib.server import serverMonitor
from MedSAMSegLib.server.serverProcess import ServerProcess
from waiting import waitUntil
serverMonitor.CHECK_SECONDS, serverMonitor.ANSWER_SECONDS = 0.05, float(sys.argv[2])
serverMonitor.MISSES_UNTIL_REPLACED = int(sys.argv[3])
process = ServerProcess(json.loads(sys.argv[1]))
monitor = serverMonitor.ServerMonitor(process)
monitor.start()
waitUntil(lambda: monitor.poll().kind == "ready", 120)
print(process.pid, flush=True)
kinds = []
for line in sys.stdin:
    answers = []
    health = process.readyClient.health
    process.readyClient.health = lambda *a: answers.append(health(*a)) or answers[-1]
    waitUntil(lambda: kinds.append(monitor.poll().kind) or len(answers) > 3)
    print(process.pid, *sorted(set(kinds)), flush=True)
"""


@pytest.fixture
def otherSlicer(host, command, tmp_path):
    """A host in a process of its own, with a server that runs: (process of the host, processes of the server)."""
    slicer = subprocess.Popen(
        [sys.executable, "-c", SLICER, json.dumps(command), str(OTHER_ANSWER_SECONDS), str(OTHER_MISSES)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env={
            **os.environ,
            "PYTHONPATH": f"{TESTING}{os.pathsep}{TESTING.parent / 'MedSAMSeg'}",
            # One that is killed does not remove its folder.
            "TMPDIR": str(tmp_path),
        },
    )
    server = treeOf(int(slicer.stdout.readline()))
    yield slicer, server
    slicer.kill()
    slicer.communicate()


def test_laptopThatWasAsleepIsNoErrorAndACrashLeavesNoServer(otherSlicer):
    """Of one Slicer, which takes two seconds to start."""
    slicer, server = otherSlicer
    pauses = [psutil.Process(slicer.pid), *server]
    for paused in pauses:
        paused.suspend()
    # Longer than all the answers together that a hung server may miss.
    threading.Event().wait((OTHER_ANSWER_SECONDS + 0.05) * OTHER_MISSES + 0.5)
    for paused in pauses:
        paused.resume()
    slicer.stdin.write("awake\n")
    slicer.stdin.flush()
    assert slicer.stdout.readline().split() == [str(server[0].pid), "ready"]
    assert not haveEnded(server[:1])
    slicer.kill()
    waitUntil(lambda: haveEnded(server))
