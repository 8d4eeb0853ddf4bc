"""A program that is asked line by line, and answers with a line of numbers when it is done."""

import subprocess


class AskedProcess:
    """Started at once; its first line says that it is ready.

    :param command: the program and its arguments.
    :param name: what is said of it if it ends without an answer.
    :param options: of `subprocess.Popen`.
    """

    def __init__(self, command, name, **options):
        self._name = name
        self._process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1, **options
        )
        self._answer()

    def numbers(self, task):
        """Return the numbers that it answers to ``task``."""
        self._process.stdin.write(f"{task}\n")
        return [float(number) for number in self._answer().split()]

    def end(self):
        """Let the process end."""
        self._process.stdin.close()
        self._process.wait()

    def _answer(self):
        line = self._process.stdout.readline()
        if not line:
            raise RuntimeError(f"{self._name} ended without an answer.")
        return line
