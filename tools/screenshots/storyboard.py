"""What happens in the moving picture: one box on the sample CT, followed, checked, and shown in 3D."""

from screenshots.movie import Movie
from screenshots.scenes import PICTURES, load, middle, slicesDone
from window.sample import CT, cornersInRAS

#: Steps of the pointer along the box's diagonal in the moving picture, and how long each picture of it is shown (ms).
STEPS = 8
SHORT, LONG = 120, 1600


def takeMovie(user):
    """Box, mask, propagation, check and 3D as one moving picture."""
    movie = Movie()
    corners = cornersInRAS()
    load(user, CT)

    def show(milliseconds):
        movie.add(user.picture(), user.pointer(), milliseconds)

    def waitAndShow(condition, what, milliseconds):
        user.waitFor(condition, what)
        show(milliseconds)

    before = user.picture()
    user.pointAt("Red", middle(corners))
    user.waitForChange(before, "Yellow", middle(corners))
    show(LONG)
    user.click("drawButton")
    show(LONG // 2)
    user.press("Red", corners[0])
    for step in range(1, STEPS + 1):
        before = user.picture()
        corner = between(*corners, step / STEPS)
        user.moveTo("Red", corner)
        user.waitForChange(before, "Red", corner)
        show(SHORT)
    before = user.picture()
    user.release()
    user.waitForText("statusLabel", "Found")
    user.waitForChange(before, "Red", middle(corners))
    show(LONG)

    user.click("propagateButton")
    done = 1
    while not user.widget("propagateButton")["enabled"]:
        if slicesDone(user) > done:
            done = slicesDone(user)
            show(SHORT)
    show(LONG)
    for _slice in range(2):
        before = user.widget("sliceLabel")["text"]
        user.click("worstSliceButton")
        waitAndShow(lambda before=before: user.widget("sliceLabel")["text"] != before, "next slice", LONG)
    before = user.picture()
    user.click("show3DButton")
    user.waitForChange(before, "1", middle(corners))
    show(2 * LONG)
    movie.saveGIF(PICTURES / "movie.gif")
    movie.saveWebM(PICTURES / "movie.webm")
    print(f"Written: {PICTURES / 'movie.gif'} and {PICTURES / 'movie.webm'}")


def between(start, end, share):
    """:return: the point at `share` (0 to 1) of the way from `start` to `end`."""
    return [a + (b - a) * share for a, b in zip(start, end, strict=True)]
