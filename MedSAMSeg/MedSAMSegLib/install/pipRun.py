"""One call of pip: its output followed line by line, its progress told, ended with everything it started."""

from __future__ import annotations

import re
import shutil
import subprocess
import tempfile
import threading
from collections.abc import Callable, Mapping, Sequence
from typing import IO

from MedSAMSegLib.errors import UserError
from MedSAMSegLib.server.childProgram import ChildProgram

#: Settings of the user's that would install packages in another place; all others are respected.
REDIRECTIONS = ("PIP_TARGET", "PIP_PREFIX", "PIP_ROOT", "PIP_REQUIRE_HASHES", "PIP_ONLY_BINARY", "PIP_NO_BINARY")

#: Lets pip tell every step of a download in a line that programs can read.
RAW_PROGRESS = "--progress-bar=raw"
#: The first version of pip that has it.
RAW_PROGRESS_SINCE = (24, 1)

UNITS = {"B": 1, "bytes": 1, "kB": 10**3, "MB": 10**6, "GB": 10**9}

#: What pip writes when something is wrong with the computer rather than with the packages: code, words, sentence, hint.
REASONS = [
    (
        "wrong_checksum",
        r"DO NOT MATCH THE HASHES|Hashes are required|BadZipFile|Wheel .* is invalid",
        "A package is not the one that was published: its checksum is wrong.",
        "Try again. If it happens again, something between this computer and the package index changes files.",
    ),
    (
        "disk_full",
        r"No space left on device|Errno 28\b|WinError 112|not enough space",
        "The disk is full.",
        "Free some space and try again.",
    ),
    (
        "no_permission",
        r"Permission denied|Errno 13\b|WinError 5\b|Read-only file system",
        "The folder cannot be written.",
        "Choose another folder with the environment variable MEDSAMSEG_HOME.",
    ),
    (
        "no_network",
        r"NewConnectionError|ConnectionError|Failed to establish|getaddrinfo|Name or service not known"
        r"|ProxyError|Connection refused|ConnectTimeout|ReadTimeout|timed out|SSLError|RemoteDisconnected"
        r"|IncompleteRead",
        "The package index cannot be reached.",
        "Check the Internet connection and pip's proxy settings, or install from a folder of wheels.",
    ),
    (
        "package_missing",
        r"No matching distribution found for (?P<what>\S+)",
        "A package is not in the index or folder: {what}.",
        "Check the Internet connection and pip's settings. A folder of wheels has to be made on the same system and for"
        " the same Python version.",
    ),
]


class Cancelled(Exception):
    """The user stopped it."""


class PipRun:
    """Runs pip once.

    :param command: words of the command line.
    :param environment: of the process.
    :param log: open text file that gets every line.
    :param onProgress: called with (phase, package, bytes that arrived since the last call); the phase is "getting" or
        "installing".
    """

    def __init__(
        self, command: Sequence[str], environment: Mapping[str, str], log: IO[str], onProgress: Callable[..., None]
    ) -> None:
        self._log = log
        self._onProgress = onProgress
        self._lines = []
        self._package = ""
        self._packageBytes = 0
        self._tellsBytes = RAW_PROGRESS in command
        self._isCancelled = threading.Event()
        log.write("$ " + " ".join(command) + "\n")
        # A pip that is ended leaves what it has downloaded so far there, which may be gigabytes.
        self._temporaryFolder = tempfile.mkdtemp(prefix="medsamseg-pip-")
        try:
            self._child = ChildProgram(
                command,
                {**environment, **dict.fromkeys(("TMPDIR", "TEMP", "TMP"), self._temporaryFolder)},
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
                encoding="utf-8",
                errors="replace",
            )
        except OSError:
            self._removeTemporaryFolder()
            raise

    def cancel(self) -> None:
        """End it at once, with the processes that it started; from any thread."""
        self._isCancelled.set()
        self._child.end()

    def wait(self) -> None:
        """Follow it to its end.

        :raises Cancelled: when it was cancelled.
        :raises UserError: with the reason, when pip failed.
        """
        try:
            with self._child.stdout as output:
                for line in output:
                    self._follow(line.rstrip())
            status = self._child.wait()
        finally:
            self._removeTemporaryFolder()
        if self._isCancelled.is_set():
            raise Cancelled
        if status != 0:
            raise pipError("\n".join(self._lines))

    def _removeTemporaryFolder(self):
        shutil.rmtree(self._temporaryFolder, ignore_errors=True)

    def _follow(self, line):
        progress = re.match(r"Progress (\d+) of (\d+)", line)
        if progress:
            arrived = int(progress[1])
            self._onProgress("getting", self._package, max(arrived - self._packageBytes, 0))
            self._packageBytes = arrived
            return
        self._log.write(line + "\n")
        self._lines.append(line)
        file = re.match(r"\s*(Downloading|Using cached|Processing) (\S+)(?: \(([\d.]+) (\w+)\))?", line)
        if file:
            self._startFile(file)
        elif line.startswith("Installing collected packages"):
            self._onProgress("installing", "", 0)

    def _startFile(self, file):
        size = int(float(file[3]) * UNITS.get(file[4], 1)) if file[3] else 0
        self._package = re.split(r"[/\\]", file[2])[-1].partition("-")[0]
        self._packageBytes = 0
        # The bytes of a download follow in lines of their own, where pip is new enough for that.
        isToldLater = self._tellsBytes and file[1] == "Downloading"
        self._onProgress("getting", self._package, 0 if isToldLater else size)


def pipError(output: str) -> UserError:
    """Return the UserError for what pip wrote before it failed.

    :param output: text.
    """
    for code, words, sentence, hint in REASONS:
        match = re.search(words, output)
        if match:
            return UserError(sentence.format(**match.groupdict()), hint, code)
    errors = [line for line in output.splitlines() if line.startswith("ERROR:")] or output.splitlines()[-1:]
    reason = errors[-1].removeprefix("ERROR:").strip() if errors else "it gave no reason"
    return UserError(f"pip failed: {reason}.", "Look into the log.", "pip_failed")


def pipEnvironment(environment: Mapping[str, str]) -> dict[str, str]:
    """Return the environment for pip: with the user's own settings for proxies, certificates and mirrors.

    :param environment: of the process that pip runs in otherwise.
    """
    made = {name: value for name, value in environment.items() if name not in REDIRECTIONS}
    # These win over the same settings in pip's configuration files.
    return {**made, "PIP_USER": "0", "PIP_REQUIRE_VIRTUALENV": "0", "PIP_DISABLE_PIP_VERSION_CHECK": "1"}


def progressOption(version: str) -> str:
    """Return the option that lets a pip tell its progress as well as it can.

    :param version: of pip, such as "24.1".
    """
    numbers = tuple(int(number) for number in re.findall(r"\d+", version)[:2])
    return RAW_PROGRESS if numbers >= RAW_PROGRESS_SINCE else "--progress-bar=off"
