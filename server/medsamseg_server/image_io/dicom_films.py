"""DICOM files with frames over time, such as ultrasound, endoscopy and angiography, as films."""

from __future__ import annotations

import tempfile
from functools import lru_cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from pydicom.encaps import generate_fragments

from medsamseg_server.errors import ErrorKind, MedSAMSegError
from medsamseg_server.image_io.dicom_colors import check_whole_slide, is_color, read_colors, read_gray
from medsamseg_server.image_io.dicom_files import DamagedFileError, DicomFile, is_dicom, read_files
from medsamseg_server.image_io.dicom_frames import frames_of
from medsamseg_server.image_io.dicom_pixels import require_pixels
from medsamseg_server.image_io.films import Film
from medsamseg_server.volumes.colors import to_rgb

#: Transfer syntaxes of which the pixels are a film as such: MPEG-2, MPEG-4 and HEVC (PS3.6, table A-1).
_FILM_SYNTAXES = tuple(f"1.2.840.10008.1.2.4.{number}" for number in range(100, 109))
#: Frames a second where the file does not say.
_USUAL_RATE = 25.0


def dicom_film(path: Path) -> DicomFile | None:
    """Return a file whose frames are pictures over time, which do not say where they lie; None for any other.

    Raises:
        MedSAMSegError: ``image_whole_slide`` for tiles of a slide.
    """
    if not path.is_file() or not is_dicom(path):
        return None
    files = read_files([path]).files
    if not files or files[0].no_scan is not None:
        return None
    file = files[0]
    check_whole_slide(file)
    if file.syntax in _FILM_SYNTAXES:
        return file
    if file.frame_count < 2:
        return None
    try:
        return None if any(frame.has_place for frame in frames_of(file)) else file
    except DamagedFileError:
        return None


class DicomFilm:
    """A DICOM file's frames by number; as ``films.Film``.

    Args:
        file: one of ``dicom_film``.

    Raises:
        MedSAMSegError: ``film_unreadable`` when the file is damaged.
    """

    def __init__(self, file: DicomFile) -> None:
        self.path = file.path
        self._file = file
        try:
            require_pixels(file)
        except DamagedFileError as error:
            raise _unreadable(file.path, str(error)) from error
        self.frame_count = file.frame_count
        self.size = (int(file.get("Rows")), int(file.get("Columns")))
        self.times = _times(file)
        self._kept = lru_cache(maxsize=16)(self._decode)

    def __enter__(self) -> DicomFilm:
        """Return the film."""
        return self

    def __exit__(self, *_: object) -> None:
        """Forget the frames."""
        self._kept.cache_clear()

    def frame(self, index: int) -> NDArray[np.uint8]:
        """Return a frame, (H, W, 3), read-only.

        Raises:
            MedSAMSegError: ``frame_unreadable`` when it cannot be decoded, or ``image_compressed``.
        """
        return self._kept(index)

    def _decode(self, index: int) -> NDArray[np.uint8]:
        try:
            if is_color(self._file):
                colors = to_rgb(read_colors(self._file, index))[0]
            else:
                colors = np.repeat(read_gray(self._file, index)[..., np.newaxis], 3, axis=2)
        except DamagedFileError as error:
            message = f"Frame {index} of {self.path} could not be decoded."
            hint = "Export the film again, or leave these frames out with --range."
            raise MedSAMSegError(ErrorKind.UNREADABLE, "frame_unreadable", message, hint) from error
        colors.flags.writeable = False
        return colors


class _EncodedFilm(Film):
    """A film that is a DICOM file's pixels, taken out into a file of its own for as long as it is open."""

    def __init__(self, file: DicomFile) -> None:
        self._folder = tempfile.TemporaryDirectory()
        path = Path(self._folder.name) / "film"
        if file.pixels is None:
            raise _unreadable(file.path, "has no pixels")
        with file.path.open("rb") as stream, path.open("wb") as film:
            stream.seek(file.pixels.offset)
            # The first item is the table of offsets.
            for number, fragment in enumerate(generate_fragments(stream)):
                if number:
                    film.write(fragment)
        super().__init__(path)
        self.path = file.path

    def __exit__(self, *reason: object) -> None:
        """Close and remove the file."""
        super().__exit__(*reason)
        self._folder.cleanup()


def open_film(path: Path) -> Film | DicomFilm:
    """Return the film in a file that ``film_names.is_film`` takes for one."""
    file = dicom_film(path)
    if file is None:
        return Film(path)
    return _EncodedFilm(file) if file.syntax in _FILM_SYNTAXES else DicomFilm(file)


def _times(file: DicomFile) -> tuple[float, ...]:
    """Return the seconds of each frame since the first: by Frame Time Vector, Frame Time or Cine Rate."""
    count = file.frame_count
    try:
        steps = [float(step) for step in file.get("FrameTimeVector", None) or ()]
        if len(steps) == count:
            # The first is what passes before the first frame (PS3.3 C.7.6.5.1.2).
            return tuple(float(time) for time in (np.cumsum(steps) - steps[0]) / 1000)
        step = float(file.get("FrameTime", 0) or 0) / 1000 or 1 / float(file.get("CineRate", 0) or _USUAL_RATE)
    except (TypeError, ValueError):
        step = 1 / _USUAL_RATE
    return tuple(index * step for index in range(count))


def _unreadable(path: Path, reason: str) -> MedSAMSegError:
    message = f"{path} is not a film that can be read: it {reason}."
    return MedSAMSegError(ErrorKind.UNREADABLE, "film_unreadable", message, "Copy or export the film again.")
