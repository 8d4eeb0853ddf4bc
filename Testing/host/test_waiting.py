"""Tests wait as a person does: until something is so, and what is due at once has been done."""

import time

import pytest

from slicerhost.guiHost import LOOK_AGAIN_MILLISECONDS, SOON_MILLISECONDS

# Measured in seconds: one after the other, in one process.
pytestmark = pytest.mark.xdist_group("clock")


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
    seconds = 0.2
    end = time.monotonic() + seconds

    def isOver():
        looks.append(True)
        return time.monotonic() > end

    gui.waitUntil(isOver)
    assert len(looks) < 5 * 1000 * seconds / LOOK_AGAIN_MILLISECONDS
