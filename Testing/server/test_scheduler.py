import logging
import os
import sys
import threading

import pytest

from medsamseg_server.errors import ErrorKind, MedSAMSegError
from medsamseg_server.serving.scheduler import Outcome, Priority, Scheduler

WAIT = 20


class Probe:
    """A task of numbered steps that logs them; it can stand still inside a step until it is let go."""

    def __init__(self, log, name, steps, hold_at=None, fail_at=None):
        self._log = log
        self._name = name
        self._steps = steps
        self._hold_at = hold_at
        self._fail_at = fail_at
        self.standing = threading.Event()
        self.go = threading.Event()
        self.ended = threading.Event()
        self.closed = False
        self.items = []
        self.outcomes = []

    def steps(self):
        try:
            for number in range(self._steps):
                self._log.append(f"{self._name}{number}")
                if number == self._hold_at:
                    self.standing.set()
                    assert self.go.wait(WAIT)
                if number == self._fail_at:
                    raise ValueError("broken step")
                yield number
        finally:
            self.closed = True

    def end(self, outcome):
        self.outcomes.append(outcome)
        self.ended.set()

    def start(self, scheduler, priority, owner=""):
        return scheduler.start(priority, self.steps(), self.items.append, self.end, owner)


@pytest.fixture
def scheduler():
    made = Scheduler()
    yield made
    made.close()


@pytest.fixture
def log():
    return []


def test_task_runs_to_its_end(scheduler, log):
    task = Probe(log, "a", 3)
    task.start(scheduler, Priority.PROPAGATION)
    assert task.ended.wait(WAIT)
    assert task.items == [0, 1, 2]
    assert task.outcomes == [Outcome("done")]


def test_call_gives_its_result(scheduler):
    assert scheduler.submit(Priority.CLICK, lambda: 42).result(WAIT) == 42


def test_call_that_fails_gives_its_error(scheduler):
    def fail():
        raise MedSAMSegError(ErrorKind.INVALID_INPUT, "box_empty", "Empty.")

    with pytest.raises(MedSAMSegError, match="Empty"):
        scheduler.submit(Priority.CLICK, fail).result(WAIT)


def test_everything_runs_on_one_thread_that_is_not_the_callers(scheduler):
    threads = {scheduler.submit(priority, threading.current_thread).result(WAIT) for priority in Priority}
    assert len(threads) == 1
    assert threads.pop() is not threading.current_thread()


def test_urgent_tasks_go_between_the_steps_of_others(scheduler, log):
    background = Probe(log, "b", 3, hold_at=0)
    propagation = Probe(log, "p", 3, hold_at=1)
    background.start(scheduler, Priority.BACKGROUND)
    assert background.standing.wait(WAIT)
    propagation.start(scheduler, Priority.PROPAGATION)
    background.go.set()
    assert propagation.standing.wait(WAIT)
    click = scheduler.submit(Priority.CLICK, lambda: log.append("click"))
    propagation.go.set()
    click.result(WAIT)
    assert background.ended.wait(WAIT)
    assert log == ["b0", "p0", "p1", "click", "p2", "b1", "b2"]


def test_propagations_are_served_in_order_and_background_newest_first(scheduler, log):
    gate = Probe(log, "gate", 1, hold_at=0)
    gate.start(scheduler, Priority.CLICK)
    assert gate.standing.wait(WAIT)
    tasks = [Probe(log, name, 2) for name in "abcd"]
    for task, priority in zip(tasks, [Priority.BACKGROUND] * 2 + [Priority.PROPAGATION] * 2, strict=True):
        task.start(scheduler, priority)
    gate.go.set()
    for task in tasks:
        assert task.ended.wait(WAIT)
    assert log[1:] == ["c0", "c1", "d0", "d1", "b0", "b1", "a0", "a1"]


def _run(scheduler, log, tasks, first=None):
    """Start tasks (name, steps, priority, owner) while the scheduler stands still; return the steps in their order."""
    holder = Probe([], "holder", 1, hold_at=0)
    holder.start(scheduler, Priority.CLICK, first or "holder")
    assert holder.standing.wait(WAIT)
    probes = []
    for name, steps, priority, owner in tasks:
        probes.append(Probe(log, name, steps))
        probes[-1].start(scheduler, priority, owner)
    holder.go.set()
    for probe in probes:
        assert probe.ended.wait(WAIT)
    return log


def test_owners_take_turns_step_by_step(scheduler, log):
    tasks = [(name, 3, Priority.PROPAGATION, name) for name in "abc"]
    assert _run(scheduler, log, tasks) == ["a0", "b0", "c0", "a1", "b1", "c1", "a2", "b2", "c2"]


def test_many_tasks_of_an_owner_get_no_more_turns_than_one(scheduler, log):
    tasks = [(name, 2, Priority.PROPAGATION, "anna") for name in "abc"] + [("x", 3, Priority.PROPAGATION, "ben")]
    # That a task has ended is found out in a turn of its own, here after x1.
    assert _run(scheduler, log, tasks) == ["a0", "x0", "a1", "x1", "x2", "b0", "b1", "c0", "c1"]


def test_click_of_one_goes_before_everything_of_others(scheduler, log):
    tasks = [
        ("a", 2, Priority.PROPAGATION, "anna"),
        ("b", 2, Priority.BACKGROUND, "ben"),
        ("x", 1, Priority.CLICK, "cleo"),
    ]
    assert _run(scheduler, log, tasks, first="cleo") == ["x0", "a0", "a1", "b0", "b1"]


def test_clicks_of_one_wait_for_one_click_of_each_other(scheduler, log):
    tasks = [(f"a{number}", 1, Priority.CLICK, "anna") for number in range(4)] + [("x", 1, Priority.CLICK, "ben")]
    assert _run(scheduler, log, tasks) == ["a00", "x0", "a10", "a20", "a30"]


def test_who_comes_again_and_again_does_not_go_before_who_waits(scheduler, log):
    class Again(Probe):
        """Starts another of its kind when it ends, so that there is always one that has just come."""

        def end(self, outcome):
            super().end(outcome)
            if len(log) < 20:
                Again(log, "a", 1).start(scheduler, Priority.PROPAGATION, "anna")

    holder = Probe([], "holder", 1, hold_at=0)
    holder.start(scheduler, Priority.CLICK, "holder")
    assert holder.standing.wait(WAIT)
    Again(log, "a", 1).start(scheduler, Priority.PROPAGATION, "anna")
    waiting = Probe(log, "x", 3)
    waiting.start(scheduler, Priority.PROPAGATION, "ben")
    holder.go.set()
    assert waiting.ended.wait(WAIT)
    # After x0 it is found out that the first has ended.
    assert log[:5] == ["a0", "x0", "x1", "a0", "x2"]


def test_waiting_task_is_cancelled_at_once(scheduler, log):
    gate, task = Probe(log, "gate", 1, hold_at=0), Probe(log, "a", 3)
    gate.start(scheduler, Priority.CLICK)
    assert gate.standing.wait(WAIT)
    handle = task.start(scheduler, Priority.PROPAGATION)
    scheduler.cancel(handle)
    assert task.outcomes == [Outcome("cancelled")]
    scheduler.cancel(handle)
    gate.go.set()
    scheduler.submit(Priority.BACKGROUND, lambda: None).result(WAIT)
    assert task.outcomes == [Outcome("cancelled")]
    assert log == ["gate0"]


def test_running_task_is_cancelled_after_its_step_whose_result_is_dropped(scheduler, log):
    task = Probe(log, "a", 5, hold_at=1)
    handle = task.start(scheduler, Priority.PROPAGATION)
    assert task.standing.wait(WAIT)
    scheduler.cancel(handle)
    assert task.outcomes == []
    task.go.set()
    assert task.ended.wait(WAIT)
    assert task.outcomes == [Outcome("cancelled")]
    assert task.items == [0]
    assert log == ["a0", "a1"]
    assert task.closed


def test_paused_task_waits_until_it_is_resumed(scheduler, log):
    task, other = Probe(log, "a", 3, hold_at=1), Probe(log, "b", 2)
    handle = task.start(scheduler, Priority.PROPAGATION)
    assert task.standing.wait(WAIT)
    scheduler.pause(handle)
    other.start(scheduler, Priority.BACKGROUND)
    task.go.set()
    assert other.ended.wait(WAIT)
    assert log == ["a0", "a1", "b0", "b1"]
    assert task.items == [0, 1]
    scheduler.resume(handle)
    assert task.ended.wait(WAIT)
    assert task.outcomes == [Outcome("done")]


def test_waiting_task_can_be_paused_and_cancelled(scheduler, log):
    gate, task = Probe(log, "gate", 1, hold_at=0), Probe(log, "a", 3)
    gate.start(scheduler, Priority.CLICK)
    assert gate.standing.wait(WAIT)
    handle = task.start(scheduler, Priority.CLICK)
    scheduler.pause(handle)
    gate.go.set()
    scheduler.submit(Priority.BACKGROUND, lambda: None).result(WAIT)
    assert log == ["gate0"]
    scheduler.cancel(handle)
    assert task.outcomes == [Outcome("cancelled")]


def test_closing_ends_paused_tasks(log):
    scheduler = Scheduler()
    task = Probe(log, "a", 3, hold_at=0)
    handle = task.start(scheduler, Priority.PROPAGATION)
    assert task.standing.wait(WAIT)
    scheduler.pause(handle)
    task.go.set()
    scheduler.submit(Priority.BACKGROUND, lambda: None).result(WAIT)
    scheduler.close()
    assert task.outcomes == [Outcome("cancelled")]


def test_pausing_what_has_ended_does_nothing(scheduler, log):
    task = Probe(log, "a", 1)
    handle = task.start(scheduler, Priority.PROPAGATION)
    assert task.ended.wait(WAIT)
    scheduler.pause(handle)
    scheduler.resume(handle)
    assert task.outcomes == [Outcome("done")]


def test_preferred_background_task_goes_before_newer_ones(scheduler, log):
    gate = Probe(log, "gate", 1, hold_at=0)
    gate.start(scheduler, Priority.CLICK)
    assert gate.standing.wait(WAIT)
    tasks = [Probe(log, name, 1) for name in "abc"]
    handles = [task.start(scheduler, Priority.BACKGROUND) for task in tasks]
    scheduler.prefer(handles[0])
    gate.go.set()
    for task in tasks:
        assert task.ended.wait(WAIT)
    assert log[1:] == ["a0", "c0", "b0"]


def test_cancelling_what_has_ended_does_nothing(scheduler, log):
    task = Probe(log, "a", 1)
    handle = task.start(scheduler, Priority.PROPAGATION)
    assert task.ended.wait(WAIT)
    scheduler.cancel(handle)
    assert task.outcomes == [Outcome("done")]


def test_failing_task_ends_with_its_error_and_the_next_goes_on(scheduler, log, caplog):
    task = Probe(log, "a", 3, fail_at=1)
    task.start(scheduler, Priority.PROPAGATION)
    assert task.ended.wait(WAIT)
    assert task.outcomes[0].kind == "failed"
    assert str(task.outcomes[0].error) == "broken step"
    assert "Traceback" in caplog.text
    assert scheduler.submit(Priority.CLICK, lambda: 1).result(WAIT) == 1


def test_errors_made_for_the_user_are_not_logged(scheduler, caplog):
    def fail():
        raise MedSAMSegError(ErrorKind.INVALID_INPUT, "box_empty", "Empty.")

    with caplog.at_level(logging.DEBUG):
        assert scheduler.submit(Priority.CLICK, fail).exception(WAIT).code == "box_empty"
    assert not caplog.records


def test_receiver_that_fails_ends_its_task_only(scheduler, log):
    task = Probe(log, "a", 3)

    def refuse(item):
        raise RuntimeError("the event loop is closed")

    scheduler.start(Priority.PROPAGATION, task.steps(), refuse, task.end)
    assert task.ended.wait(WAIT)
    assert task.outcomes[0].kind == "failed"
    assert scheduler.submit(Priority.CLICK, lambda: 1).result(WAIT) == 1


def test_failing_end_is_logged_and_the_next_goes_on(scheduler, log, caplog):
    def refuse(outcome):
        raise RuntimeError("nobody listens")

    scheduler.start(Priority.PROPAGATION, Probe(log, "a", 1).steps(), lambda item: None, refuse)
    assert scheduler.submit(Priority.BACKGROUND, lambda: 1).result(WAIT) == 1
    assert "nobody listens" in caplog.text


def test_future_that_its_reader_gave_up_is_skipped(scheduler, log):
    gate = Probe(log, "gate", 1, hold_at=0)
    gate.start(scheduler, Priority.CLICK)
    assert gate.standing.wait(WAIT)
    given_up = scheduler.submit(Priority.CLICK, lambda: log.append("never"))
    assert given_up.cancel()
    gate.go.set()
    scheduler.submit(Priority.BACKGROUND, lambda: None).result(WAIT)
    assert log == ["gate0"]


def test_close_finishes_the_running_step_and_cancels_the_rest(log):
    scheduler = Scheduler()
    running, waiting = Probe(log, "r", 5, hold_at=0), Probe(log, "w", 5)
    running.start(scheduler, Priority.PROPAGATION)
    assert running.standing.wait(WAIT)
    waiting.start(scheduler, Priority.PROPAGATION)
    click = scheduler.submit(Priority.CLICK, lambda: None)
    scheduler.stop()
    assert waiting.outcomes == [Outcome("cancelled")]
    assert click.exception(WAIT).code == "server_stopping"
    running.go.set()
    scheduler.close()
    assert running.outcomes == [Outcome("cancelled")]
    assert log == ["r0"]


def test_closed_scheduler_takes_nothing(log):
    scheduler = Scheduler()
    scheduler.close()
    with pytest.raises(MedSAMSegError) as caught:
        scheduler.submit(Priority.CLICK, lambda: None)
    assert caught.value.code == "server_stopping"
    scheduler.close()


def test_many_threads_lose_nothing(scheduler):
    done, start = [], threading.Barrier(8)

    def work(number):
        start.wait()
        futures = [
            scheduler.submit(Priority(turn % 3), lambda turn=turn: done.append((number, turn))) for turn in range(50)
        ]
        for future in futures:
            future.result(WAIT)

    threads = [threading.Thread(target=work, args=[number]) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(done) == len(set(done)) == 400


def test_only_a_yielding_scheduler_lets_other_threads_go_first(scheduler):
    def niceness():
        return os.getpriority(os.PRIO_PROCESS, threading.get_native_id()) if sys.platform == "linux" else 0

    yielding = Scheduler(yields=True)
    try:
        found = [made.submit(Priority.CLICK, niceness).result(WAIT) for made in (scheduler, yielding)]
    finally:
        yielding.close()
    # Nobody can be nicer than 19: what the tests themselves run under counts.
    assert found == ([niceness(), min(niceness() + 5, 19)] if sys.platform == "linux" else [0, 0])
