"""The person at the screen: points, clicks, drags and types through the X server, and looks until something shows."""

import json
import os
import subprocess
import sys
import time
from pathlib import Path

from PIL import ImageChops, ImageGrab

TESTING = Path(__file__).resolve().parents[1]
PATIENCE_SECONDS = 120.0
LOOK_AGAIN_SECONDS = 0.05

#: How far round a point a change in a view is looked for.
NEAR_PIXELS = 40

#: Name of the scroll area that holds the module's panel.
PANEL = "PanelDockWidget"


class User:
    """Drives the program of `program.py` on a display. ::

        with virtualDisplay() as display, User(display, folder) as user:
            user.click("drawButton")
            user.drag("Red", (10, 20, 0), (30, 40, 0))
            user.waitForText("statusLabel", "Found")

    :param display: name of the X display.
    :param folder: where the program's settings and messages go.
    """

    def __init__(self, display, folder):
        self._display = display
        self._folder = Path(folder)
        self._environment = {
            **os.environ,
            "DISPLAY": display,
            "QT_QPA_PLATFORM": "xcb",
            "VTK_DEFAULT_OPENGL_WINDOW": "vtkEGLRenderWindow",
            "XDG_CONFIG_HOME": str(self._folder / "config"),
            "PYTHONPATH": os.pathsep.join([str(TESTING), str(TESTING.parent / "MedSAMSeg")]),
        }
        self._messages = None
        self._program = None

    def __enter__(self):
        self._messages = (self._folder / "program.log").open("wb")
        self._program = subprocess.Popen(
            [sys.executable, "-m", "window.program"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._messages,
            env=self._environment,
            text=True,
        )
        self._read()
        return self

    def __exit__(self, *_exception):
        self._program.stdin.close()
        try:
            self._program.wait(PATIENCE_SECONDS)
        except subprocess.TimeoutExpired:
            self._program.kill()
            self._program.wait()
        self._program.stdout.close()
        self._messages.close()

    def ask(self, about, **details):
        """:return: the program's answer; see `answers.answer`."""
        self._program.stdin.write(json.dumps({"about": about, **details}) + "\n")
        self._program.stdin.flush()
        return self._read()

    def waitFor(self, condition, what):
        """Look again until a condition holds.

        :param condition: function without arguments.
        :param what: what is waited for, for the message.
        :return: what the condition gave.
        """
        end = time.monotonic() + PATIENCE_SECONDS
        while not (result := condition()):
            if time.monotonic() > end:
                raise TimeoutError(f"No {what} after {PATIENCE_SECONDS:.0f} s")
            # The program has its own work to do beside answering.
            time.sleep(LOOK_AGAIN_SECONDS)
        return result

    def widget(self, name):
        """:return: the answer about a widget, once it is on the screen."""
        return self.waitFor(lambda: _shown(self.ask("widget", name=name)), f"widget '{name}'")

    def waitForText(self, name, text):
        """Wait until a widget shows a text that contains `text`.

        :return: the whole text.
        """
        return self.waitFor(
            lambda: next((shown for shown in [self.widget(name)["text"]] if text in shown), None),
            f"'{text}' in '{name}' (it says '{self.widget(name)['text']}')",
        )

    def click(self, name):
        """Click into the left or the middle of a widget, once it is enabled; scroll to it where needed."""
        self.waitFor(lambda: self.widget(name)["enabled"], f"enabled '{name}'")
        self._bringIntoSight(name)
        left, top, width, height = self.widget(name)["place"]
        self._xdotool("mousemove", "--sync", left + min(width // 2, 60), top + height // 2, "click", 1)

    def press(self, viewName, ras):
        """Press the left button over a point of a slice view."""
        self._xdotool("mousemove", "--sync", *self._place(viewName, ras), "mousedown", 1)

    def moveTo(self, viewName, ras):
        """Move the pointer to a point of a slice view, in two steps as a hand does."""
        x, y = self._place(viewName, ras)
        self._xdotool("mousemove", "--sync", x - 2, y - 2, "mousemove", "--sync", x, y)

    def release(self):
        """Release the left button."""
        self._xdotool("mouseup", 1)

    def drag(self, viewName, start, end):
        """Drag with the left button across a slice view; both ends in RAS."""
        self.press(viewName, start)
        self.moveTo(viewName, end)
        self.release()

    def scroll(self, viewName, ras, steps):
        """Turn the wheel over a slice view; up where `steps` is positive."""
        button = 4 if steps > 0 else 5
        self._xdotool("mousemove", "--sync", *self._place(viewName, ras), "click", "--repeat", abs(steps), button)

    def pressKeys(self, keys):
        """Press keys, such as "ctrl+o", wherever the keyboard focus is."""
        self._xdotool("key", keys)

    def chooseFile(self, shortcut, path):
        """Open a file dialog by its shortcut, type a path, press Return, and wait until the dialog is gone."""
        self.pressKeys(shortcut)
        self.waitFor(lambda: self.widget("fileDialog")["active"], "file dialog with the keyboard")
        self._xdotool("type", "--delay", 5, str(path))
        # A dialog that is in that folder already may leave the name alone, once it has read the folder.
        self.waitForText("fileNameEdit", Path(path).name)
        self.pressKeys("Return")
        self.waitFor(lambda: not self.ask("widget", name="fileDialog")["found"], "end of the file dialog")

    def pointAt(self, viewName, ras):
        """Move the pointer to a point of a slice view with Shift held: the other views jump there."""
        place = self._place(viewName, ras)
        self._xdotool("keydown", "shift", "mousemove", "--sync", place[0] - 1, place[1], "mousemove", "--sync", *place)
        self._xdotool("keyup", "shift")

    def waitForChange(self, before, viewName, ras):
        """Wait until a slice view shows something else near a point.

        :param before: an earlier `picture`.
        """
        x, y = self._place(viewName, ras)
        area = (x - NEAR_PIXELS, y - NEAR_PIXELS, x + NEAR_PIXELS, y + NEAR_PIXELS)
        difference = ImageChops.difference
        self.waitFor(
            lambda: difference(self.picture().crop(area), before.crop(area)).getbbox(), f"change in '{viewName}'"
        )

    def picture(self):
        """:return: what is on the screen now, as a PIL image."""
        return ImageGrab.grab(xdisplay=self._display)

    def pointer(self):
        """:return: (x, y) of the pointer, in pixels of the screen."""
        shown = self._xdotool("getmouselocation", "--shell", stdout=subprocess.PIPE, text=True).stdout
        places = dict(line.split("=") for line in shown.split())
        return int(places["X"]), int(places["Y"])

    def _bringIntoSight(self, name):
        widget = self.widget(name)
        if widget["seen"]:
            return
        left, top, _width, height = self.widget(PANEL)["place"]
        # At the panel's edge, where no widget takes the wheel for itself. Once: xdotool waits for the pointer to move,
        # and where it is there already, it does so for 15 seconds.
        self._xdotool("mousemove", "--sync", left + 4, top + height // 2)
        while not widget["seen"]:
            self._xdotool("click", 4 if widget["place"][1] < top + height // 2 else 5)
            widget = self.widget(name)

    def _place(self, viewName, ras):
        return self.ask("view", name=viewName, ras=list(ras))["place"]

    def _read(self):
        line = self._program.stdout.readline()
        if not line:
            self._messages.flush()
            raise RuntimeError("The program ended:\n" + (self._folder / "program.log").read_text(errors="replace"))
        return json.loads(line)

    def _xdotool(self, *arguments, **options):
        return subprocess.run(["xdotool", *map(str, arguments)], check=True, env=self._environment, **options)


def _shown(answer):
    return answer if answer["found"] else None
