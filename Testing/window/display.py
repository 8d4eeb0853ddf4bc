"""A screen of its own: Xvfb with a window manager, for as long as a `with` block lasts."""

import contextlib
import os
import subprocess

SIZE = (1440, 1000)
STOP_TIMEOUT_SECONDS = 20


@contextlib.contextmanager
def virtualDisplay(size=SIZE):
    """Start an X server and a window manager on it.

    :param size: (width, height) of the screen in pixels.
    :return: context manager of the display's name, such as ":1".
    """
    readEnd, writeEnd = os.pipe()
    screen = "{}x{}x24".format(*size)
    # The server chooses a free number and writes it when it takes connections.
    command = ["Xvfb", "-displayfd", str(writeEnd), "-screen", "0", screen, "-nolisten", "tcp", "-noreset"]
    with _running(command, pass_fds=[writeEnd]):
        os.close(writeEnd)
        with os.fdopen(readEnd) as numberFile:
            display = f":{numberFile.readline().strip()}"
        # The window manager runs the given command once it manages windows.
        command = ["openbox", "--startup", "echo managing"]
        environment = {**os.environ, "DISPLAY": display}
        with _running(command, env=environment, stdout=subprocess.PIPE, text=True) as windowManager:
            if not windowManager.stdout.readline():
                raise RuntimeError("The window manager did not start")
            yield display


@contextlib.contextmanager
def _running(command, **options):
    process = subprocess.Popen(command, stderr=subprocess.DEVNULL, **options)
    try:
        yield process
    finally:
        process.terminate()
        try:
            process.wait(STOP_TIMEOUT_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        if process.stdout:
            process.stdout.close()
