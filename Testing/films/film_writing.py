"""Writing films for tests."""

import av
import numpy as np


def write_frames(path, frames, codec="ffv1", rate=25, pixels="bgr0", **options):
    """Write frames (T, H, W, 3) with FFmpeg's libraries, without loss unless told otherwise; return the file."""
    with av.open(str(path), "w") as container:
        stream = container.add_stream(codec, rate=rate)
        stream.height, stream.width, stream.pix_fmt, stream.options = *frames.shape[1:3], pixels, options
        for frame in frames:
            container.mux(stream.encode(av.VideoFrame.from_ndarray(np.ascontiguousarray(frame), format="rgb24")))
        container.mux(stream.encode())
    return path
