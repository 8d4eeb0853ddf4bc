"""Programs beside Slicer: what a launcher starts ends with it, and what takes minutes stands back."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import psutil
import pytest
from processTree import haveEnded, treeOf
from waiting import waitUntil

from MedSAMSegLib.server.childProgram import NICENESS, ChildProgram

#: Says that it runs, then waits for the end of its input.
WAITING = "import sys; print('runs', flush=True); sys.stdin.read()"


@pytest.fixture
def start(serverPython):
    """Called, starts a Python program that waits; gives it once it runs."""
    started = []

    def run(program=WAITING, isNice=False):
        streams = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
        started.append(ChildProgram([serverPython, "-c", program], None, isNice, **streams))
        assert started[-1].stdout.readline()
        return started[-1]

    yield run
    for child in started:
        child.stdin.close()
        child.stdout.close()
        child.end()
        child.wait()


def test_endOfAProgramIsTheEndOfAllThatItStarted(start):
    child = start()
    processes = treeOf(child.pid)
    child.end()
    # Its output ends only when nobody can write to it any more.
    assert child.stdout.read() == ""
    assert child.wait() != 0
    waitUntil(lambda: haveEnded(processes))


def test_interpreterOfALauncherThatWasKilledEndsToo(start):
    child = start()
    processes = treeOf(child.pid)
    os.kill(child.pid, signal.SIGKILL)
    waitUntil(lambda: not child.isRunning)
    waitUntil(lambda: haveEnded(processes))


def test_programThatHangsEnds(start):
    child = start()
    processes = treeOf(child.pid)
    os.killpg(child.pid, signal.SIGSTOP)
    child.end()
    waitUntil(lambda: haveEnded(processes))


def test_endOfOneThatHasEndedIsNoError(start):
    child = start()
    child.stdin.close()
    assert child.wait() == 0
    child.end()
    assert not child.isRunning


def test_waitWithALimitSaysThatItRuns(start):
    assert start().wait(0.01) is None


def test_politenessCountsAmongTheProgramsOfTheDesktop(start):
    """A session of its own would be weighed against Slicer's as a whole."""
    child = start()
    for process in treeOf(child.pid):
        assert os.getsid(process.pid) == os.getsid(0)
        assert os.getpgid(process.pid) == child.pid


#: Lowers its own priority, starts a program and says both priorities.
NICE_SLICER = """
import os, subprocess, sys
os.nice(3)
from MedSAMSegLib.server.childProgram import ChildProgram
say = "import os, sys; sys.stdin.read(); print(os.getpriority(os.PRIO_PROCESS, 0))"
child = ChildProgram([sys.argv[1], "-c", say], None, True, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
child.stdin.close()
print(os.getpriority(os.PRIO_PROCESS, 0), child.stdout.read())
"""


def test_politeProgramStandsBackBehindASlicerThatIsNiceItself(serverPython):
    modules = Path(__file__).resolve().parents[2] / "MedSAMSeg"
    environment = {**os.environ, "PYTHONPATH": str(modules)}
    command = [sys.executable, "-c", NICE_SLICER, serverPython]
    result = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    ours, theirs = (int(word) for word in result.stdout.split())
    # 19 is the system's limit.
    assert theirs == min(ours + NICENESS, 19)


def test_windowsEndsTheWholeTree(start, tmp_path, monkeypatch):
    """What Windows is asked, with a program in the place of its own."""
    taskkill = tmp_path / "taskkill"
    taskkill.write_text(f'#!/bin/sh\necho "$@" > "{tmp_path}/asked"\n')
    taskkill.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")
    child = start()
    child._killTree()
    assert (tmp_path / "asked").read_text().split() == ["/T", "/F", "/PID", str(child.pid)]
    assert child.wait() == -signal.SIGKILL


def test_nobodyElseIsEnded(start):
    """The tests' own group and another program live on."""
    other = start()
    start().end()
    assert other.isRunning
    assert psutil.Process().is_running()
