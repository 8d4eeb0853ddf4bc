"""The priority of threads against each other, and against other programs."""

from __future__ import annotations

import os
import sys
import threading

# With five steps Linux gives a third of the time of a thread that has none.
_NICENESS = 5


def let_others_go_first() -> None:
    """Give this thread, and those that it starts, a smaller part of the processor where others want it too."""
    # On Linux each thread has its own priority; elsewhere this would slow the whole process down.
    if sys.platform == "linux":
        thread = threading.get_native_id()
        os.setpriority(os.PRIO_PROCESS, thread, os.getpriority(os.PRIO_PROCESS, thread) + _NICENESS)
