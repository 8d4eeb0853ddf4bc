"""Contenders in turns: each round asks every one of them once, so that what disturbs the computer disturbs all."""

import statistics
import subprocess
import sys
from pathlib import Path

WORKER = Path(__file__).with_name("worker.py")


class Contender:
    """A worker process; see `worker.py`.

    :param name: which contender.
    :param model: name of the model.
    :param weights: its weights' file.
    :param precision: ``fp32`` or ``bf16``; those that know only one ignore it.
    :param worker: the program.
    """

    def __init__(self, name, model, weights, precision, worker=WORKER):
        self.name = name
        self._process = subprocess.Popen(
            [sys.executable, str(worker), name, model, str(weights), precision],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            bufsize=1,
        )
        self._answer()

    def ask(self, task):
        """Return the seconds of one run of ``task``."""
        self._process.stdin.write(f"{task}\n")
        return float(self._answer())

    def end(self):
        """Let the process end."""
        self._process.stdin.close()
        self._process.wait()

    def _answer(self):
        line = self._process.stdout.readline()
        if not line:
            raise RuntimeError(f"The contender {self.name} ended without an answer.")
        return line


def inTurns(contenders, task, rounds):
    """Return {contender's name: seconds of each round} after one round that does not count."""
    seconds = {contender.name: [] for contender in contenders}
    for number in range(rounds + 1):
        for contender in contenders:
            value = contender.ask(task)
            if number:
                seconds[contender.name].append(value)
    return seconds


def quartiles(values):
    """Return {"median", "lower_quartile", "upper_quartile", "runs"} of some values."""
    ordered = sorted(values)
    lower, median, upper = statistics.quantiles(ordered, n=4) if len(ordered) > 1 else ordered * 3
    return {"median": median, "lower_quartile": lower, "upper_quartile": upper, "runs": len(ordered)}


def ratio(seconds, slower, faster):
    """Return the median over the rounds of one contender's time by that of another one."""
    return statistics.median(a / b for a, b in zip(seconds[slower], seconds[faster], strict=True))
