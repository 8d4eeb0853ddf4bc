"""One thread for work of a kind, and who gets it next.

Two encoders computing side by side are slower than one after the other and need twice the memory, so all encoding goes
through one thread. Work comes as tasks of many short steps; after each step the most urgent task gets the next one, so
that a click goes between two slices of a propagation. Owners of equally urgent tasks take turns step by step: whoever
waited longest for a step is next.
"""

from __future__ import annotations

import itertools
import logging
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from dataclasses import dataclass
from enum import IntEnum
from typing import Any, Literal, TypeVar

from medsamseg_server.errors import ErrorKind, MedSAMSegError
from medsamseg_server.system.thread_priority import let_others_go_first

_QUIET_SECONDS = 10.0

logger = logging.getLogger(__name__)

T = TypeVar("T")


class Priority(IntEnum):
    """Who goes first: the lower number."""

    CLICK = 0
    PROPAGATION = 1
    BACKGROUND = 2


@dataclass(frozen=True)
class Outcome:
    """How a task ended; ``error`` is set when it failed."""

    kind: Literal["done", "cancelled", "failed"]
    error: Exception | None = None


class Task:
    """Work in steps, made by ``Scheduler.start``. Its scheduler's methods take it; nothing else is public."""

    def __init__(
        self,
        scheduler: Scheduler,
        owner: str,
        order: tuple[int, int],
        steps: Iterator[Any],
        on_step: Callable[[Any], None],
        on_end: Callable[[Outcome], None],
        paused: bool,
    ) -> None:
        self.scheduler = scheduler
        self.owner = owner
        self.order = order
        self.steps = steps
        self.on_step = on_step
        self.on_end = on_end
        self.cancelled = False
        self.paused = paused


class Scheduler:
    """Runs the steps of tasks on one thread of its own, the most urgent task's first.

    Among an owner's equals, clicks and propagations are served in their order of arrival; of background tasks the
    newest goes first, since it is about what the user looks at now.

    Args:
        name: of the thread.
        yields: let the computer's other threads go first where they compete: those that decode clicks, and Slicer's.
        when_quiet: called on the thread every few seconds while no task waits.
    """

    def __init__(
        self, name: str = "inference", yields: bool = False, when_quiet: Callable[[], None] | None = None
    ) -> None:
        self._changed = threading.Condition()
        self._queue: list[Task] = []
        self._paused: list[Task] = []
        self._running: Task | None = None
        self._closing = False
        self._numbers = itertools.count()
        # When each owner got a step last, counted in steps; there are no more owners than users.
        self._turns: dict[str, int] = {}
        self._steps: Counter[Priority] = Counter()
        self._when_quiet = when_quiet
        # Not a daemon: the interpreter must not be torn down under a network that is computing.
        self._thread = threading.Thread(target=self._work, args=[yields], name=name)
        self._thread.start()

    def start(
        self,
        priority: Priority,
        steps: Iterator[Any],
        on_step: Callable[[Any], None],
        on_end: Callable[[Outcome], None],
        owner: str = "",
        paused: bool = False,
    ) -> Task:
        """Queue a task.

        Args:
            priority: its urgency.
            steps: each ``next`` is one step; its end is the task's.
            on_step: called with what each step gave, on the inference thread; must be quick.
            on_end: called exactly once, on the inference thread or on the one that cancels; must be quick.
            owner: whose task it is.
            paused: it begins when it is resumed.

        Raises:
            MedSAMSegError: ``server_stopping`` after ``close``.
        """
        with self._changed:
            if self._closing:
                raise _stopping()
            task = Task(self, owner, self._order(priority), steps, on_step, on_end, paused)
            self._put_back(task)
        return task

    def submit(self, priority: Priority, call: Callable[[], T], owner: str = "") -> Future[T]:
        """Queue a single call; the future has its result, or fails with ``server_stopping`` when it never ran."""
        future: Future[T] = Future()

        def steps() -> Iterator[None]:
            if future.set_running_or_notify_cancel():
                future.set_result(call())
            yield from ()

        def on_end(outcome: Outcome) -> None:
            if not future.done():
                future.set_exception(outcome.error or _stopping())

        self.start(priority, steps(), lambda _: None, on_end, owner)
        return future

    def cancel(self, task: Task) -> None:
        """Stop a task: at once when it waits, after the running step otherwise. Does nothing when it has ended."""
        with self._changed:
            task.cancelled = True
            waiting = self._take_out(task)
        if waiting:
            _end(task, Outcome("cancelled"))

    def pause(self, task: Task) -> None:
        """Give a task no more steps until it is resumed. The running one goes on; does nothing when it has ended."""
        with self._changed:
            task.paused = True
            if self._take_out(task):
                self._paused.append(task)

    def resume(self, task: Task) -> None:
        """Let a paused task go on."""
        with self._changed:
            task.paused = False
            if self._take_out(task):
                self._put_back(task)

    def prefer(self, task: Task) -> None:
        """Let a task go before the others of its priority if it is a background task, as if it were started now."""
        with self._changed:
            task.order = self._order(Priority(task.order[0]))

    def under_way(self) -> Counter[Priority]:
        """Return the number of tasks of each urgency that wait, are paused, or run."""
        with self._changed:
            tasks = [*self._queue, *self._paused, *([self._running] if self._running else [])]
            return Counter(Priority(task.order[0]) for task in tasks)

    def steps_done(self) -> Counter[Priority]:
        """Return the number of steps begun so far for tasks of each urgency."""
        with self._changed:
            return self._steps.copy()

    def stop(self) -> None:
        """Cancel every task and accept no more. Returns at once; the running step goes on to its end."""
        with self._changed:
            self._closing = True
            tasks = [*self._queue, *self._paused, *([self._running] if self._running else [])]
            self._changed.notify()
        for task in tasks:
            self.cancel(task)

    def close(self, timeout: float | None = None) -> bool:
        """Stop, and wait for the running step; return False when that did not end within ``timeout`` seconds."""
        self.stop()
        self._thread.join(timeout)
        return not self._thread.is_alive()

    def _work(self, yields: bool) -> None:
        if yields:
            let_others_go_first()
        while task := self._next_task():
            outcome = _advance(task)
            with self._changed:
                self._running = None
                if task.cancelled:
                    outcome = Outcome("cancelled")
                elif outcome is None:
                    self._put_back(task)
            if outcome is not None:
                _end(task, outcome)

    def _next_task(self) -> Task | None:
        """Wait for tasks, and take out the one that runs next; return None when the scheduler is closing."""
        while True:
            self._wait_for_work()
            with self._changed:
                if self._queue:
                    task = self._running = min(self._queue, key=self._urgency)
                    self._queue.remove(task)
                    self._turns[task.owner] = next(self._numbers)
                    self._steps[Priority(task.order[0])] += 1
                    return task
                # What waited may have been cancelled a moment ago.
                if self._closing:
                    return None

    def _wait_for_work(self) -> None:
        """Return when a task waits or the scheduler is closing."""
        while True:
            with self._changed:
                timeout = None if self._when_quiet is None else _QUIET_SECONDS
                if self._changed.wait_for(lambda: self._queue or self._closing, timeout):
                    return
            self._tidy()

    def _tidy(self) -> None:
        """Do what is done in quiet moments; whatever comes of that, work goes on."""
        assert self._when_quiet is not None
        try:
            self._when_quiet()
        except Exception:
            logger.exception("Unexpected error in a quiet moment")

    def _order(self, priority: Priority) -> tuple[int, int]:
        number = next(self._numbers)
        return (priority, -number if priority is Priority.BACKGROUND else number)

    def _urgency(self, task: Task) -> tuple[int, int, int]:
        """Return a key that is smallest for the task that goes next."""
        priority, number = task.order
        return priority, self._turns.get(task.owner, -1), number

    def _take_out(self, task: Task) -> bool:
        """Take a task from where it waits; return False when it does not wait."""
        for waiting in (self._queue, self._paused):
            if task in waiting:
                waiting.remove(task)
                return True
        return False

    def _put_back(self, task: Task) -> None:
        if task.paused:
            self._paused.append(task)
        else:
            self._queue.append(task)
            self._changed.notify()


def _advance(task: Task) -> Outcome | None:
    """Run one step; return how the task ended, or None when it goes on."""
    try:
        item = next(task.steps)
        if not task.cancelled:
            task.on_step(item)
    except StopIteration:
        return Outcome("done")
    except Exception as error:
        if not isinstance(error, MedSAMSegError):
            logger.exception("Unexpected error on the inference thread")
        return Outcome("failed", error)
    return None


def _end(task: Task, outcome: Outcome) -> None:
    close = getattr(task.steps, "close", None)
    try:
        if close is not None:
            close()
        task.on_end(outcome)
    except Exception:
        logger.exception("Unexpected error at the end of a task")


def _stopping() -> MedSAMSegError:
    return MedSAMSegError(ErrorKind.CANCELLED, "server_stopping", "The server is shutting down.", "Start it again.")
