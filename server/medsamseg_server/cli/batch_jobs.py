"""Several cases at a time: processes that take one case after the other, none of which can end the others."""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
from collections import deque
from collections.abc import Callable, Generator, Sequence
from multiprocessing.connection import Connection, wait
from multiprocessing.context import SpawnProcess
from typing import Any, TypeVar

from tqdm import tqdm

Item = TypeVar("Item")
Result = TypeVar("Result")


def in_processes(
    work: Callable[[Item], Result], items: Sequence[Item], jobs: int
) -> Generator[tuple[Item, Result | None]]:
    """Yield each item with its result, as they are done; None where its process died.

    Closing the iterator ends the processes and what they are at.

    Args:
        work: carries out an item; it is sent to each process once, and must not raise.
        items: what there is to do.
        jobs: processes at a time. Where the system allows it, each keeps to its share of the processor's cores.
    """
    waiting = deque(items)
    workers: list[_Worker] = []
    try:
        while waiting or workers:
            while waiting and len(workers) < jobs:
                free = set(range(jobs)) - {worker.number for worker in workers}
                workers.append(_Worker(work, min(free), jobs))
                workers[-1].take(waiting.popleft())
            ready = wait([worker.connection for worker in workers])
            for worker in [each for each in workers if each.connection in ready]:
                item, result, is_alive = worker.finish()
                if is_alive and waiting:
                    worker.take(waiting.popleft())
                else:
                    workers.remove(worker)
                    worker.stop()
                yield item, result
    finally:
        for worker in workers:
            worker.stop()


class _Worker:
    """A process, and what it is at."""

    def __init__(self, work: Callable[[Any], Any], number: int, jobs: int) -> None:
        self.number = number
        context = multiprocessing.get_context("spawn")
        self.connection, theirs = context.Pipe()
        self._process: SpawnProcess = context.Process(target=_serve, args=(theirs, work, number, jobs), daemon=True)
        _start_deaf_to_interrupts(self._process)
        # Theirs alone, so that it closes when they die.
        theirs.close()

    def take(self, item: Any) -> None:
        self.item = item
        try:
            self.connection.send(item)
        except BrokenPipeError:
            # It died already, which `finish` finds out.
            return

    def finish(self) -> tuple[Any, Any, bool]:
        """Return the item, its result, and whether the process can take another one."""
        try:
            return self.item, self.connection.recv(), True
        except (EOFError, OSError):
            return self.item, None, False

    def stop(self) -> None:
        self._process.terminate()
        self._process.join()
        self.connection.close()


def _start_deaf_to_interrupts(process: SpawnProcess) -> None:
    """Start a process to which Ctrl+C in the terminal means nothing: whoever started it decides what becomes of it."""
    if threading.current_thread() is not threading.main_thread():
        process.start()
        return
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        process.start()
    finally:
        signal.signal(signal.SIGINT, before)


def _serve(connection: Connection, work: Callable[[Any], Any], number: int, jobs: int) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    # tqdm's own lock is one between processes, which Python complains of when a process is ended with it.
    tqdm.set_lock(threading.RLock())
    _keep_to_share(number, jobs)
    while True:
        try:
            item = connection.recv()
        except EOFError:
            # Whoever started this process is gone.
            return
        connection.send(work(item))


def _keep_to_share(number: int, jobs: int) -> None:
    """Compute on this process's share of the cores, so that processes do not wait for each other."""
    if hasattr(os, "sched_setaffinity"):
        cores = sorted(os.sched_getaffinity(0))
        os.sched_setaffinity(0, set(cores[number::jobs] or cores))
