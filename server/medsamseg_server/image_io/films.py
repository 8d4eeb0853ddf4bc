"""Films: frames by number, decoded as they are asked for, so that memory does not grow with the film's length."""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Protocol

import av
import numpy as np
from numpy.typing import NDArray

from medsamseg_server.errors import ErrorKind, MedSAMSegError
from medsamseg_server.system.safe_files import ensure_readable
from medsamseg_server.volumes.volume import Volume

#: Decoded frames that are kept, for going backward through a film, which can be decoded forward only.
_KEPT_BYTES = 2**28


class AnyFilm(Protocol):
    """Frames by number, whatever they are read from; see ``Film``."""

    @property
    def path(self) -> Path:
        """The file."""

    @property
    def frame_count(self) -> int:
        """Number of frames."""

    @property
    def times(self) -> tuple[float, ...]:
        """Seconds since the first frame, of each frame."""

    @property
    def size(self) -> tuple[int, int]:
        """(H, W) of the frames."""

    def frame(self, index: int) -> NDArray[np.uint8]:
        """Return a frame, (H, W, 3), read-only."""


class Film:
    """A film's frames by number. Any thread may use it. ::

        with Film(Path("endoscopy.mp4")) as film:
            colors = film.frame(120)

    Frames are as they are shown: turned as the file says, in red, green and blue of 8 bits.

    Args:
        path: a file that FFmpeg's libraries can read; its first video is taken.

    Attributes:
        path: the file.
        frame_count: number of frames.
        times: seconds since the first frame, of each frame.

    Raises:
        MedSAMSegError: ``film_unreadable``, or ``film_empty`` when it has no frames.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._lock = threading.Lock()
        self._kept: OrderedDict[int, NDArray[np.uint8]] = OrderedDict()
        try:
            self._container = av.open(str(path))
            if not self._container.streams.video:
                raise _unreadable(path, "it has no pictures")
            self._stream = self._container.streams.video[0]
            # With one thread per core, seeking would decode as many frames too many.
            self._stream.thread_type = "SLICE"
            stamps = sorted({packet.pts for packet in self._container.demux(self._stream) if packet.pts is not None})
        except (av.error.FFmpegError, OSError) as error:
            ensure_readable(path, "film_unreadable")
            raise _unreadable(path, str(error).partition(":")[0]) from error
        self._numbers = {stamp: number for number, stamp in enumerate(stamps)}
        self._stamps = stamps
        self.frame_count = len(stamps)
        if not stamps:
            raise MedSAMSegError(ErrorKind.UNREADABLE, "film_empty", f"{path} has no frames.", "Export the film again.")
        base = float(self._stream.time_base or 0)
        self.times = tuple((stamp - stamps[0]) * base for stamp in stamps)
        # The number of the frame that comes next; none before the first search.
        self._next: int | None = None
        self._frames: Iterator[av.VideoFrame] = iter(())
        first = self.frame(0)
        self.size: tuple[int, int] = (first.shape[0], first.shape[1])

    def __enter__(self) -> Film:
        """Return the film."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close the file."""
        self._container.close()

    def frame(self, index: int) -> NDArray[np.uint8]:
        """Return a frame, (H, W, 3), read-only.

        Raises:
            MedSAMSegError: ``frame_unreadable`` when the film is damaged there.
        """
        with self._lock:
            if index not in self._kept:
                self._decode_to(index)
            self._kept.move_to_end(index)
            return self._kept[index]

    def _decode_to(self, index: int) -> None:
        """Decode up to a frame, from where the film stands or from the key frame before it."""
        if self._next is None or not self._next <= index <= self._next + 1:
            self._seek(index)
        try:
            for frame in self._frames:
                if frame.pts not in self._numbers:
                    continue
                number = self._numbers[frame.pts]
                self._next = number + 1
                self._keep(number, frame)
                if number == index:
                    return
                if number > index:
                    break
        except (av.error.FFmpegError, OSError) as error:
            raise self._damaged(index) from error
        raise self._damaged(index)

    def _seek(self, index: int) -> None:
        try:
            self._container.seek(self._stamps[index], stream=self._stream, backward=True)
            self._frames = self._container.decode(self._stream)
        except (av.error.FFmpegError, OSError) as error:
            raise self._damaged(index) from error

    def _keep(self, number: int, frame: av.VideoFrame) -> None:
        colors = frame.to_ndarray(format="rgb24")
        # The angle is counterclockwise, as numpy's; phones store films as the sensor lies, and say how to turn them.
        turned = np.ascontiguousarray(np.rot90(colors, round(frame.rotation / 90) % 4), np.uint8)
        turned.flags.writeable = False
        self._kept[number] = turned
        while len(self._kept) > 1 and len(self._kept) * turned.nbytes > _KEPT_BYTES:
            self._kept.popitem(last=False)

    def _damaged(self, index: int) -> MedSAMSegError:
        return MedSAMSegError(
            ErrorKind.UNREADABLE,
            "frame_unreadable",
            f"Frame {index} of {self.path} could not be decoded: the film is damaged there.",
            "Export the film again, or leave these frames out with --range.",
        )


class FilmVolume(Volume):
    """A film as a volume in color whose slices are its frames; it can be cut along time only.

    Args:
        film: the film; kept open by whoever opened it.

    Attributes:
        seconds: time spent on reading frames so far.
    """

    def __init__(self, film: AnyFilm) -> None:
        super().__init__(np.zeros((0, 0, 0, 3), np.uint8), "uint8", ())
        self._film = film
        self.seconds = 0.0

    @property
    def shape(self) -> tuple[int, int, int]:
        """Number of frames, rows and columns."""
        return (self._film.frame_count, *self._film.size)

    def _take(self, axis: int, index: int) -> NDArray[Any]:
        if axis != 0:
            message = f"A film has frames along time only; it cannot be cut along axis {axis}."
            raise MedSAMSegError(ErrorKind.INVALID_INPUT, "axis_invalid", message, "Leave --axis out.")
        started = time.perf_counter()
        frame = self._film.frame(index)
        self.seconds += time.perf_counter() - started
        return frame


def _unreadable(path: Path, reason: str) -> MedSAMSegError:
    return MedSAMSegError(
        ErrorKind.UNREADABLE,
        "film_unreadable",
        f"{path} is not a film that can be read: {reason}.",
        "Readable is what FFmpeg reads, such as MP4, AVI and MKV; copy or export the film again.",
    )
