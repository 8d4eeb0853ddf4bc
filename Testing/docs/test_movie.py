"""The writer of the README's moving picture."""

import av
import numpy as np
import pytest
from PIL import Image, ImageSequence
from screenshots.movie import WIDTH, Movie

GREEN = (120, 160, 110)
TIMES = (100, 300, 200)


@pytest.fixture
def movie():
    """Three gray gradients; the second has a small green square, the third too, and the pointer is elsewhere."""
    made = Movie()
    gray = np.linspace(0, 255, 2 * WIDTH).astype(np.uint8)
    for number, milliseconds in enumerate(TIMES):
        screen = Image.fromarray(np.repeat(np.tile(gray, (400, 1))[..., None], 3, axis=2))
        if number:
            screen.paste(GREEN, (200, 200, 220, 220))
        made.add(screen, (600 + 40 * number, 100), milliseconds)
    return made


def test_GIF_keeps_times_and_the_color_of_a_small_segment(movie, tmp_path):
    movie.saveGIF(tmp_path / "movie.gif")
    with Image.open(tmp_path / "movie.gif") as file:
        frames = [(frame.convert("RGB"), frame.info["duration"]) for frame in ImageSequence.Iterator(file)]
    assert [time for _frame, time in frames] == list(TIMES)
    # Half the screen's width: the square's middle is at (105, 105).
    assert np.ptp(frames[0][0].getpixel((105, 105))) <= 8
    assert np.abs(np.subtract(frames[1][0].getpixel((105, 105)), GREEN)).max() <= 12


def test_pointer_is_drawn_where_it_was(movie, tmp_path):
    movie.saveGIF(tmp_path / "movie.gif")
    with Image.open(tmp_path / "movie.gif") as file:
        frames = [np.asarray(frame.convert("L")).astype(int) for frame in ImageSequence.Iterator(file)]
    changed = np.argwhere(np.abs(frames[2] - frames[1]) > 40)
    (top, left), (bottom, right) = changed.min(0), changed.max(0)
    assert top >= 50
    assert bottom <= 65
    assert left >= 320
    assert right <= 350


def test_WebM_lasts_as_long(movie, tmp_path):
    movie.saveWebM(tmp_path / "movie.webm")
    with av.open(str(tmp_path / "movie.webm")) as file:
        shown = [round(frame.time * 1000) for frame in file.decode(video=0)]
    assert shown == [0, 100, 400, 600]
