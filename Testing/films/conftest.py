"""What the tests of films share: writers of films, and a network that finds what has the object's colors."""

import av
import numpy as np
import pytest

from medsamseg_server.engine.masks import SliceMask


@pytest.fixture
def home(tmp_path, monkeypatch):
    folder = tmp_path / "home"
    monkeypatch.setenv("MEDSAMSEG_HOME", str(folder))
    return folder


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


class ColorSource:
    """In the place of the network: of what is in a box, the pixels that are brighter than its surroundings."""

    def __init__(self, frames, threshold):
        self.frames = frames
        self.threshold = threshold
        self.asked = []

    def pixels(self, index):
        return self.frames[index]

    def gray(self, index):
        return self.frames[index].mean(axis=2).astype(np.uint8) if self.frames.ndim == 4 else self.frames[index]

    def masks(self, index, boxes):
        self.asked.append(index)
        frame = self.gray(index)
        bright = frame > self.threshold * np.median(frame)
        rows, columns = np.indices(frame.shape)
        found = [bright & (columns >= x0) & (columns <= x1) & (rows >= y0) & (rows <= y1) for x0, y0, x1, y1 in boxes]
        return [SliceMask.from_mask(mask, 0.9) for mask in found]
