"""What all pictures share: a program just started, files loaded and boxes drawn in it."""

import contextlib
import tempfile
from pathlib import Path

from window.display import virtualDisplay
from window.user import User

#: High enough for the whole panel.
SCREEN = (1440, 1220)

PICTURES = Path(__file__).resolve().parents[2] / "Resources" / "Screenshots"


@contextlib.contextmanager
def program():
    """A program just started, and the `User` before its screen."""
    with tempfile.TemporaryDirectory() as folder, virtualDisplay(SCREEN) as display, User(display, folder) as user:
        yield user


def load(user, path):
    """Load a file, and wait until its volume is there."""
    user.chooseFile("ctrl+o", path)
    user.waitFor(lambda: user.ask("scene")["volumes"], "volume")


def drawBox(user, corners):
    """Draw a box in the red view, and wait until its object is shown."""
    user.click("drawButton")
    before = user.picture()
    user.drag("Red", *corners)
    user.waitForText("statusLabel", "Found")
    user.waitForChange(before, "Red", middle(corners))
    user.click("drawButton")


def middle(corners):
    """:return: the point between two corners."""
    return [(a + b) / 2 for a, b in zip(*corners, strict=True)]


def slicesDone(user):
    """:return: number of slices on which the segment has voxels."""
    (slices,) = user.ask("scene")["segments"].values()
    return len(slices)


def takePicture(user, name):
    """Write what the screen shows now.

    :param user: the `User`.
    :param name: the file's name.
    """
    user.picture().save(PICTURES / name, optimize=True)
    print(f"Written: {PICTURES / name}")
