"""Tests wait as a person does: until something is so, and what is due at once has been done."""

import threading
import time

from slicerhost import eventLoop
from slicerhost.guiHost import LOOK_AGAIN_MILLISECONDS, SOON_MILLISECONDS


def singleShotTimer(milliseconds, heard):
    import qt

    timer = qt.QTimer()
    timer.setSingleShot(True)
    timer.interval = milliseconds
    timer.connect("timeout()", lambda: heard.append(milliseconds))
    timer.start()
    return timer


def test_whatIsDueSoonHasHappened(gui):
    heard = []
    timers = [singleShotTimer(milliseconds, heard) for milliseconds in (SOON_MILLISECONDS, 100 * SOON_MILLISECONDS)]
    gui.waitUntil(lambda: True)
    assert heard == [SOON_MILLISECONDS]
    timers.append(singleShotTimer(SOON_MILLISECONDS, heard))
    gui.processEvents()
    assert heard == [SOON_MILLISECONDS] * 2


def test_timerThatIsStartedAgainAndAgainIsNotWaitedForForEver(gui):
    heard = []
    timer = singleShotTimer(1, heard)
    timer.connect("timeout()", timer.start)
    gui.processEvents()
    timer.stop()
    assert len(heard) > 1


def test_theLoopSleepsMeanwhile(gui):
    looks = []
    seconds = 1.0
    end = time.monotonic() + seconds

    def isOver():
        looks.append(True)
        return time.monotonic() > end

    gui.waitUntil(isOver)
    assert len(looks) < 5 * 1000 * seconds / LOOK_AGAIN_MILLISECONDS


class Worker:
    """A thread of Python that notes when it gets on, until it is told to stop."""

    def __init__(self):
        self.moments = []
        self.isOver = False
        self._thread = threading.Thread(target=self._run)
        self._thread.start()

    def stop(self):
        self.isOver = True
        self._thread.join()

    def _run(self):
        while not self.isOver:
            time.sleep(0.001)
            self.moments.append(time.monotonic())


def momentsDuringATurn(worker):
    """How often the worker got on while the loop slept, with nothing in Python to do."""
    import qt

    timer = qt.QTimer()
    timer.start(300)
    turns = []
    for _turn in range(3):
        begin = time.monotonic()
        eventLoop.turn(wait=True)
        turns.append((begin, time.monotonic()))
    timer.stop()
    # Where the computer is busy, what one turn waits for may be due before it begins.
    begin, end = max(turns, key=lambda turn: turn[1] - turn[0])
    return sum(begin < moment < end for moment in worker.moments)


def test_theLoopHoldsPythonsLock(gui):
    worker = Worker()
    held = momentsDuringATurn(worker)
    with eventLoop.lettingGoOfTheLock():
        free = momentsDuringATurn(worker)
    worker.stop()
    # One, when it gets in between the clock and the loop.
    assert held <= 1 < free
