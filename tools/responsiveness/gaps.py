"""The longest time for which the main thread did not get to its events, and what it did meanwhile."""

import contextlib
import sys
import threading
import time
import traceback

from slicerhost.pythonQt import qt

TICK_MILLISECONDS = 2
#: Gaps above this are looked into.
NOTED_SECONDS = 0.05
#: So many lines of the stack tell where it was.
LINES = 4


class GapWatch:
    """Counts the ticks of a timer on the main thread, and keeps the longest time between two. ::

        watch = GapWatch()
        with watch.phase("upload"):
            gui.waitUntil(…)
        watch.close()
        watch.longest["upload"]  # seconds

    Another thread notes where the main thread is while a gap lasts.
    """

    def __init__(self):
        #: {phase: seconds}.
        self.longest = {}
        #: {phase: the most of the processor's time that the main thread took between two ticks}; on a busy computer it
        #: tells how much of a gap was the main thread's own work.
        self.busiest = {}
        #: {phase: lines of code that the main thread was in during its longest gap, innermost last}.
        self.places = {}
        #: {phase: how long it took in seconds}.
        self.durations = {}
        self._phase = None
        self._place = None
        self._last = time.perf_counter()
        self._lastWorked = time.thread_time()
        self._mainThread = threading.get_ident()
        # What frames hold, such as objects of Qt, must be let go of on the thread that they belong to.
        self._frames = []
        self._isLooking = threading.Lock()
        self._isClosed = threading.Event()
        self._timer = qt.QTimer()
        self._timer.interval = TICK_MILLISECONDS
        self._timer.setTimerType(qt.Qt.PreciseTimer)
        self._timer.connect("timeout()", self._onTick)
        threading.Thread(target=self._lookWhereItIs, name="GapWatch", daemon=True).start()

    @contextlib.contextmanager
    def phase(self, name):
        """Note gaps under a name; phases of the same name are one.

        :param name: what goes on.
        """
        self._phase, self._place = name, None
        self._last, self._lastWorked = time.perf_counter(), time.thread_time()
        self.longest.setdefault(name, 0.0)
        self.busiest.setdefault(name, 0.0)
        self._timer.start()
        started = time.perf_counter()
        try:
            yield
        finally:
            self._onTick()
            self._timer.stop()
            self._phase = None
            self.durations[name] = self.durations.get(name, 0.0) + time.perf_counter() - started

    def close(self):
        """Watch no more."""
        self._timer.stop()
        self._isClosed.set()

    def _onTick(self):
        now, worked = time.perf_counter(), time.thread_time()
        gap, self._last = now - self._last, now
        work, self._lastWorked = worked - self._lastWorked, worked
        if self._phase is not None:
            self.busiest[self._phase] = max(self.busiest[self._phase], work)
        if self._phase is not None and gap > self.longest[self._phase]:
            self.longest[self._phase] = gap
            self.places[self._phase] = self._place or []
        self._place = None
        if self._frames and self._isLooking.acquire(blocking=False):
            self._frames.clear()
            self._isLooking.release()

    def _lookWhereItIs(self):
        while not self._isClosed.wait(0.01):
            last = self._last
            if self._phase is not None and time.perf_counter() - last > NOTED_SECONDS:
                with self._isLooking:
                    self._frames.append(sys._current_frames().get(self._mainThread))
                    stack = traceback.extract_stack(self._frames[-1])[-LINES:]
                if last == self._last:
                    self._place = [f"{each.filename.rpartition('/')[2]}:{each.lineno} {each.name}" for each in stack]
