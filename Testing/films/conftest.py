"""What the tests of films share: a home of their own, and a writer of films."""

import pytest
from dataFolder import home
from film_writing import write_frames


@pytest.fixture
def write_film(tmp_path):
    """Writes frames (T, H, W, 3) with FFmpeg's libraries; returns the file."""

    def write(frames, name="film.mkv", codec="ffv1", rate=25, pixels="bgr0", **options):
        return write_frames(tmp_path / name, frames, codec, rate, pixels, **options)

    return write
