"""A process and all that it started, as the tests look at them."""

import contextlib

import psutil


def treeOf(pid):
    """:return: the process and everything that it has started, as psutil's processes."""
    root = psutil.Process(pid)
    return [root, *root.children(recursive=True)]


def haveEnded(processes):
    """:return: whether none of them runs any more; one that nobody has asked for its end yet counts as ended."""
    return not any(_runs(process) for process in processes)


def _runs(process):
    with contextlib.suppress(psutil.NoSuchProcess):
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    return False
