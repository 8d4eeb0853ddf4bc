"""Objects of Qt are destroyed on the main thread: Python collects garbage on any thread that happens to allocate."""

import gc
import threading
import weakref


class Cycle:
    def __init__(self):
        import qt

        self.timer = qt.QTimer()
        self.itself = self


def allocateALot():
    kept = [[] for _ in range(100_000)]
    del kept


def test_onlyResetDestroysWhatIsLeftInCycles(gui):
    left = weakref.ref(Cycle().timer)
    thread = threading.Thread(target=allocateALot)
    thread.start()
    thread.join()
    assert left() is not None
    gui.reset()
    assert left() is None


def test_testsWithoutWindowsCollectAsUsual(host):
    assert gc.isenabled()
