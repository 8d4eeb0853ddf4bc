"""Waiting for what other threads and processes do."""

import time


def waitUntil(condition, timeoutSeconds=30.0):
    """Call a function until what it returns is true, and return that.

    :raises TimeoutError: if it is not in time.
    """
    end = time.monotonic() + timeoutSeconds
    while not (result := condition()):
        if time.monotonic() > end:
            raise TimeoutError(f"Nothing came of {condition} in {timeoutSeconds} s")
        time.sleep(0.002)
    return result
