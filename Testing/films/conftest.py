"""What the tests of films share: a home of their own, and a writer of films."""

import av
import numpy as np
import pytest
from dataFolder import home


@pytest.fixture
def write_film(tmp_path):
    """Writes frames (T, H, W, 3) with FFmpeg's libraries; returns the file."""

    def write(frames, name="film.mkv", codec="ffv1", rate=25, pixels="bgr0", **options):
        path = tmp_path / name
        with av.open(str(path), "w") as container:
            stream = container.add_stream(codec, rate=rate)
            stream.height, stream.width, stream.pix_fmt, stream.options = *frames.shape[1:3], pixels, options
            for frame in frames:
                container.mux(stream.encode(av.VideoFrame.from_ndarray(np.ascontiguousarray(frame), format="rgb24")))
            container.mux(stream.encode())
        return path

    return write
