"""The README's moving picture: one box to the tumor in 3D, as the screen showed it, with the pointer drawn in.

Writes a GIF, which pages play by themselves, and a WebM of the same frames in full color.
"""

from fractions import Fraction

import av
import numpy as np
from PIL import Image, ImageDraw

#: Wide enough to read the panel, small enough for a page that opens at once.
WIDTH = 864

#: Times of the WebM's frames are counted in these.
MILLISECOND = Fraction(1, 1000)

#: The pointer's outline, in pixels of the screen from its tip.
ARROW = ((0, 0), (0, 22), (6, 17), (10, 26), (14, 24), (10, 16), (17, 16))


class Movie:
    """Pictures of a screen, each with the time for which it is shown."""

    def __init__(self):
        self._frames = []

    def add(self, picture, pointer, milliseconds):
        """Take one more picture in.

        :param picture: the screen as a PIL image.
        :param pointer: (x, y) of the pointer's tip in pixels of the screen.
        :param milliseconds: how long it is shown.
        """
        frame = picture.convert("RGB")
        _drawPointer(frame, pointer)
        height = round(frame.height * WIDTH / frame.width / 2) * 2
        self._frames.append((frame.resize((WIDTH, height), Image.Resampling.LANCZOS), milliseconds))

    def saveGIF(self, path):
        """Write a GIF that repeats for ever, with one palette for all frames: what stands still does not flicker."""
        palette = self._palette()
        frames = [frame.quantize(palette=palette, dither=Image.Dither.NONE) for frame, _time in self._frames]
        times = [time for _frame, time in self._frames]
        frames[0].save(path, save_all=True, append_images=frames[1:], duration=times, loop=0, optimize=False)

    def saveWebM(self, path):
        """Write a WebM (VP9)."""
        with av.open(str(path), "w") as file:
            stream = file.add_stream("libvpx-vp9", options={"crf": "30", "b": "0"})
            stream.width, stream.height = self._frames[0][0].size
            stream.pix_fmt = "yuv420p"
            stream.time_base = stream.codec_context.time_base = MILLISECOND
            now = 0
            for picture, milliseconds in self._frames:
                file.mux(stream.encode(_videoFrame(picture, now)))
                now += milliseconds
            # A frame is shown until the next one comes: the last needs one, too.
            file.mux(stream.encode(_videoFrame(self._frames[-1][0], now)))
            file.mux(stream.encode(None))

    def _palette(self):
        """:return: an image with the 256 colors that cover all frames; a segment's few pixels count as well."""
        pictures = [np.asarray(frame) for frame, _time in self._frames]
        return Image.fromarray(np.concatenate(pictures)).quantize(256, method=Image.Quantize.MAXCOVERAGE, kmeans=3)


def _drawPointer(picture, tip):
    outline = [(tip[0] + x, tip[1] + y) for x, y in ARROW]
    ImageDraw.Draw(picture).polygon(outline, fill="white", outline="black", width=2)


def _videoFrame(picture, milliseconds):
    frame = av.VideoFrame.from_image(picture)
    frame.pts = milliseconds
    frame.time_base = MILLISECOND
    return frame
