"""A program beside Slicer, started and ended together with everything that it starts itself."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
from collections.abc import Mapping, Sequence
from typing import IO, Any

#: The lower priority of a program that takes minutes: a priority class on Windows, steps of niceness elsewhere.
NICE_FLAG = getattr(subprocess, "BELOW_NORMAL_PRIORITY_CLASS", 0)
NICENESS = 10

#: How long Windows may take to end a tree of processes.
TREE_SECONDS = 5.0


class ChildProgram:
    """A running program, ended as a whole.

    What is started may be a launcher: PythonSlicer, and the python.exe of a virtual environment on Windows, run the
    interpreter as a child. Were only the launcher killed, that child would go on, with the pipes in its hand.

    :param command: words of the command line.
    :param environment: of the process; None for Slicer's own.
    :param isNice: whether others go first on the processor.
    :param options: further options of :class:`subprocess.Popen`: where input and output go.
    :raises OSError: when the program cannot be run.
    """

    def __init__(
        self, command: Sequence[str], environment: Mapping[str, str] | None, isNice: bool = False, **options: Any
    ) -> None:
        options["creationflags"] = getattr(subprocess, "CREATE_NO_WINDOW", 0) | (NICE_FLAG if isNice else 0)
        if os.name != "nt":
            # Not a session of its own: Linux shares the processor between sessions first, and niceness counts within
            # one only (sched(7), "The autogroup feature").
            options["process_group"] = 0
        self._process = subprocess.Popen(command, env=environment, **options)
        if isNice and os.name != "nt":
            _standBack(self._process.pid)

    @property
    def pid(self) -> int:
        """Number of the process; of the launcher, where there is one."""
        return self._process.pid

    @property
    def stdin(self) -> IO[Any]:
        """Its standard input, where that is a pipe."""
        return self._process.stdin

    @property
    def stdout(self) -> IO[Any]:
        """Its standard output, where that is a pipe."""
        return self._process.stdout

    @property
    def stderr(self) -> IO[Any]:
        """Its standard error, where that is a pipe."""
        return self._process.stderr

    @property
    def isRunning(self) -> bool:
        """True until the process has ended."""
        return self.wait(0) is None

    def wait(self, timeout: float | None = None) -> int | None:
        """Wait for the end; what the program left running is ended too.

        :param timeout: longest wait in seconds; None for as long as it takes, never on the main thread.
        :return: the exit status; None when it still runs.
        """
        hadEnded = self._process.returncode is not None
        try:
            status = self._process.wait(timeout)
        except subprocess.TimeoutExpired:
            return None
        # A launcher that was killed has left the interpreter. Now, because the number may soon be another's.
        if not hadEnded and os.name != "nt":
            self._killGroup()
        return status

    def end(self) -> None:
        """End it and all that it started, from any thread; returns at once, on Windows after a moment."""
        if self.isRunning:
            self._killTree() if os.name == "nt" else self._killGroup()

    def _killGroup(self):
        with contextlib.suppress(OSError):
            os.killpg(self._process.pid, signal.SIGKILL)

    def _killTree(self):
        command = ["taskkill", "/T", "/F", "/PID", str(self._process.pid)]
        flags = getattr(subprocess, "CREATE_NO_WINDOW", 0)
        with contextlib.suppress(OSError, subprocess.TimeoutExpired):
            subprocess.run(command, capture_output=True, check=False, timeout=TREE_SECONDS, creationflags=flags)
        with contextlib.suppress(OSError):
            self._process.kill()


def _standBack(group):
    with contextlib.suppress(OSError):
        # Relative: under a Slicer that is nice itself, the same number would be no step back, or be refused.
        os.setpriority(os.PRIO_PGRP, group, os.getpriority(os.PRIO_PROCESS, 0) + NICENESS)
