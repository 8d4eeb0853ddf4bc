"""Contenders in turns: each round asks every one of them once, so that what disturbs the computer disturbs all."""

import statistics
import sys
from pathlib import Path

from bench.askedProcess import AskedProcess

WORKER = Path(__file__).with_name("worker.py")


class Contender(AskedProcess):
    """A worker process; see `worker.py`.

    :param name: which contender.
    :param model: name of the model.
    :param weights: its weights' file.
    :param precision: ``fp32`` or ``bf16``; those that know only one ignore it.
    :param worker: the program.
    """

    def __init__(self, name, model, weights, precision, worker=WORKER):
        self.name = name
        command = [sys.executable, str(worker), name, model, str(weights), precision]
        super().__init__(command, f"The contender {name}")

    def ask(self, task):
        """Return the seconds of one run of ``task``."""
        (seconds,) = self.numbers(task)
        return seconds


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
