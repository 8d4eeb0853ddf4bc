"""The server's command line as the module uses it: one command, its progress and its result as JSON."""

from __future__ import annotations

import json
import subprocess
import threading
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import IO, Any

from MedSAMSegLib.errors import UserError
from MedSAMSegLib.server.childProgram import ChildProgram
from MedSAMSegLib.server.dataFolders import readableSize


class ServerProgram:
    """Runs commands of the server's program, one at a time.

    :param command: words that run the program.
    :param environment: of its processes.
    """

    def __init__(self, command: Sequence[str], environment: Mapping[str, str]) -> None:
        self._command = list(command)
        self._environment = environment
        self._child: ChildProgram | None = None
        self._isCancelled = threading.Event()

    def cancel(self) -> None:
        """End the command that runs, and let no other begin; from any thread, returns at once."""
        self._isCancelled.set()
        child = self._child
        if child is not None:
            child.end()

    def run(
        self,
        *arguments: Any,
        onLine: Callable[..., Any] | None = None,
        log: IO[str] | None = None,
        isNice: bool = False,
    ) -> Any:
        """Run one command to its end.

        :param arguments: words after the program's own; ``--json`` is added.
        :param onLine: called with each line of output, as a dict.
        :param log: open text file that gets what the program says beside its output.
        :param isNice: whether others go first on the processor: for what takes minutes.
        :return: the last line of output; None when it was cancelled.
        :raises UserError: what the program said was wrong.
        """
        if self._isCancelled.is_set():
            return None
        child = self._child = ChildProgram(
            [*self._command, *arguments, "--json"],
            self._environment,
            isNice,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            encoding="utf-8",
            errors="replace",
        )
        if self._isCancelled.is_set():
            self.cancel()
        errors = _readInBackground(child.stderr, log)
        last = None
        with child.stdout as output:
            for line in output:
                last = _parsed(line) or last
                if onLine is not None and last is not None:
                    onLine(last)
        status = child.wait()
        said = errors()
        if self._isCancelled.is_set():
            return None
        return _resultOf(status, last, said)

    def models(self) -> list[dict[str, Any]]:
        """Return the known models: dicts with name, title, installed, default, license, size_bytes and path."""
        answer = self.run("models", "list")
        return answer["models"] if answer else []

    def download(self, model: str | None, onProgress: Callable[..., None]) -> bool:
        """Get a model's weights; an earlier try is continued where the source allows it.

        :param model: its name.
        :param onProgress: called with (bytes that are there, bytes in all or None).
        :return: whether they are there now: False when it was cancelled.
        """
        arguments = ("models", "download", model, "--yes", "--progress")
        return (
            self.run(*arguments, onLine=lambda line: onProgress((line.get("done", 0), line.get("total")))) is not None
        )

    def importFile(self, path: Path) -> dict[str, Any]:
        """Take weights from a file.

        :param path: the file.
        :return: dict with model, path and published (whether its checksum is a published one).
        """
        return self.run("models", "import", str(path))

    def removeModels(self) -> int:
        """Remove all downloaded weights, but none that were trained here; return the bytes that came free."""
        size = 0
        for model in self.models():
            isDownloaded = model["installed"] and not model.get("trained")
            if isDownloaded and self.run("models", "remove", model["name"]) is not None:
                size += model["size_bytes"]
        return size


def describeModel(model: Mapping[str, Any]) -> str:
    """Return a model's name, size and license in a few words.

    :param model: dict as from :meth:`ServerProgram.models`.
    """
    return f"{model['title']} ({readableSize(model['size_bytes'])}, {model['license']})"


def _parsed(line):
    try:
        values = json.loads(line)
    except ValueError:
        return None
    return values if isinstance(values, dict) else None


def _readInBackground(stream, log):
    lines = []

    def read():
        for line in stream:
            lines.append(line)
            if log is not None:
                log.write(line)

    thread = threading.Thread(target=read, name="MedSAMSegErrors", daemon=True)
    thread.start()

    def text():
        thread.join()
        stream.close()
        return "".join(lines).strip()

    return text


def _resultOf(status, last, errors):
    if last is not None and "error" in last:
        error = last["error"]
        raise UserError(error["message"], error["hint"], error["code"])
    if status != 0 or last is None:
        reason = errors.splitlines()[-1] if errors else "it said nothing"
        raise UserError(f"The server's program failed: {reason}.", "Install the server again.", "program_failed")
    return last
