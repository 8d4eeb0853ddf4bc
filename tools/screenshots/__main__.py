"""The README's pictures: the module on the sample CT, used by pointer and keyboard in a real window.

Writes to ``Resources/Screenshots``.
"""

import tempfile
from pathlib import Path

from window.display import virtualDisplay
from window.sample import CT, cornersInRAS
from window.user import User

#: High enough for the whole panel.
SCREEN = (1440, 1220)

PICTURES = Path(__file__).resolve().parents[2] / "Resources" / "Screenshots"


def main():
    """Go through the README's tutorial, and take a picture of each step."""
    with tempfile.TemporaryDirectory() as folder, virtualDisplay(SCREEN) as display, User(display, folder) as user:
        corners = cornersInRAS()
        user.chooseFile("ctrl+o", CT)
        user.waitFor(lambda: user.ask("scene")["volumes"], "volume")
        center = [(a + b) / 2 for a, b in zip(*corners, strict=True)]
        before = user.picture()
        user.pointAt("Red", center)
        for viewName in ("Green", "Yellow"):
            user.waitForChange(before, viewName, center)
        takePicture(user, "loaded.png")

        user.click("drawButton")
        user.press("Red", corners[0])
        before = user.picture()
        user.moveTo("Red", corners[1])
        user.waitForChange(before, "Red", corners[1])
        takePicture(user, "box.png")
        before = user.picture()
        user.release()
        user.waitForText("statusLabel", "Found")
        user.waitForChange(before, "Red", center)
        takePicture(user, "found.png")

        user.click("propagateButton")
        user.waitFor(lambda: slicesDone(user) >= 6, "six slices")
        takePicture(user, "propagating.png")
        user.waitFor(lambda: user.widget("propagateButton")["enabled"], "end of the propagation")
        user.click("drawButton")
        before = user.picture()
        user.click("show3DButton")
        user.waitForChange(before, "1", center)
        takePicture(user, "result.png")


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


if __name__ == "__main__":
    main()
