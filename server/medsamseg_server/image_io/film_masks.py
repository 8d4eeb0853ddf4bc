"""The masks of a film's frames as files: a folder of pictures, one array, or a film with the object drawn in."""

from __future__ import annotations

import shutil
import zipfile
from collections.abc import Callable, Iterator
from fractions import Fraction
from pathlib import Path
from typing import TypeAlias

import av
import numpy as np
from av.video.stream import VideoStream
from numpy.typing import NDArray
from PIL import Image

from medsamseg_server.errors import ErrorKind, MedSAMSegError
from medsamseg_server.image_io.films import AnyFilm
from medsamseg_server.system.safe_files import (
    ensure_folder,
    ensure_writable,
    refuse_to_replace,
    replacing,
    write_failure,
)

#: Of a frame's number: the object there, bool (H, W); None where it was not found.
MaskOf: TypeAlias = Callable[[int], "NDArray[np.bool_] | None"]

#: Of the overlay film, in the order of preference: what every player knows comes first.
_ENCODERS = ("libx264", "libopenh264", "mpeg4")
#: Quality of x264, 0 (without loss) to 51; its own default is 23.
_QUALITY = "18"


def is_mask_output(path: Path) -> bool:
    """Return whether the masks of a film can be written to a name: ``.npz``, or no suffix for a folder."""
    return path.suffix.lower() in (".npz", "")


def check_mask_output(path: Path, overwrite: bool) -> None:
    """Raise an error unless the masks of a film can be written to ``path``, so that nobody computes in vain.

    Raises:
        MedSAMSegError: ``output_suffix``, ``output_exists``, or of kind ``CANNOT_WRITE`` for the folder's faults.
    """
    if not is_mask_output(path):
        message = f"{path.name} is no name for the masks of a film."
        hint = "Give the name of a folder for one PNG a frame, or end it with .npz for one array."
        raise MedSAMSegError(ErrorKind.INVALID_INPUT, "output_suffix", message, hint)
    refuse_to_replace(path, overwrite)
    ensure_writable(path.parent)


def write_masks(path: Path, film: AnyFilm, mask_of: MaskOf) -> None:
    """Write a mask for every frame, empty where the object was not found; one frame at a time is in memory.

    Args:
        path: ``….npz`` gets the array ``masks``, uint8 (frames, H, W), 1 on the object, and ``times`` in seconds; any
            other name becomes a folder with one PNG a frame, 255 on the object, of the size of the frames.
        film: the film.
        mask_of: the object on each frame.

    Raises:
        MedSAMSegError: of kind ``CANNOT_WRITE``.
    """
    try:
        if path.suffix.lower() == ".npz":
            _write_array(path, film, mask_of)
        else:
            _write_folder(path, film, mask_of)
    except OSError as error:
        raise write_failure(error, path) from error


def write_overlay_film(path: Path, film: AnyFilm, drawn: Iterator[NDArray[np.uint8]]) -> None:
    """Write frames as a film (MP4, H.264 where it can be encoded) that plays as fast as the original.

    Args:
        path: where to, ``….mp4``; replaced when the film is whole.
        film: the original.
        drawn: the frames, (H, W, 3), one after the other.

    Raises:
        MedSAMSegError: of kind ``CANNOT_WRITE``.
    """
    encoder = next(name for name in _ENCODERS if name in av.codecs_available)
    height, width = film.size
    with replacing(path) as temporary, av.open(str(temporary), "w", format="mp4") as container:
        stream = container.add_stream(encoder, rate=_rate(film))
        assert isinstance(stream, VideoStream)
        # Pairs of rows and columns share their colors in what players know.
        stream.width, stream.height, stream.pix_fmt = width + width % 2, height + height % 2, "yuv420p"
        stream.options = {"crf": _QUALITY}
        for frame in drawn:
            even = np.pad(frame, ((0, height % 2), (0, width % 2), (0, 0)), "edge")
            container.mux(stream.encode(av.VideoFrame.from_ndarray(even, format="rgb24")))
        container.mux(stream.encode())


def _rate(film: AnyFilm) -> Fraction:
    duration = film.times[-1]
    if duration <= 0:
        return Fraction(25)
    return Fraction((film.frame_count - 1) / duration).limit_denominator(1001)


def _write_array(path: Path, film: AnyFilm, mask_of: MaskOf) -> None:
    shape = (film.frame_count, *film.size)
    with replacing(path) as temporary, zipfile.ZipFile(temporary, "w", zipfile.ZIP_DEFLATED) as archive:
        with archive.open("masks.npy", "w", force_zip64=True) as file:
            header = {"descr": "|u1", "fortran_order": False, "shape": shape}
            np.lib.format.write_array_header_2_0(file, header)
            for index in range(film.frame_count):
                file.write(_mask(film, mask_of, index).tobytes())
        with archive.open("times.npy", "w") as file:
            np.save(file, np.array(film.times))


def _write_folder(path: Path, film: AnyFilm, mask_of: MaskOf) -> None:
    part = path.with_name(f"{path.name}.part")
    shutil.rmtree(part, ignore_errors=True)
    ensure_folder(part)
    digits = len(str(film.frame_count - 1))
    for index in range(film.frame_count):
        Image.fromarray(_mask(film, mask_of, index) * np.uint8(255)).save(part / f"frame_{index:0{digits}}.png")
    if path.is_dir():
        shutil.rmtree(path)
    elif path.exists():
        path.unlink()
    part.replace(path)


def _mask(film: AnyFilm, mask_of: MaskOf, index: int) -> NDArray[np.uint8]:
    found = mask_of(index)
    return np.zeros(film.size, np.uint8) if found is None else found.astype(np.uint8)
