"""The volumes that a folder of DICOM files holds, or one file, and what is there besides."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from medsamseg_server.errors import MedSAMSegError
from medsamseg_server.image_io.dicom_colors import is_color
from medsamseg_server.image_io.dicom_files import DamagedFileError, DicomFile, DicomFolder, read_files, read_folder
from medsamseg_server.image_io.dicom_frames import Frame, frames_of
from medsamseg_server.image_io.dicom_pixels import require_pixels
from medsamseg_server.image_io.dicom_problems import problem_of
from medsamseg_server.image_io.dicom_volumes import Part, sort_frames
from medsamseg_server.image_io.file_lists import is_file_list, listed_files


@dataclass(frozen=True)
class Series:
    """A volume in a folder: a series of images, or one of several volumes that a series holds.

    Attributes:
        uid: its Series Instance UID; followed by a colon and a number where the series holds several volumes.
        frames: its pictures, sorted in space.
        modality: such as CT.
        description: what the scanner calls it; may be empty.
        words: what sets it apart from the series' other volumes; mostly empty.
        notes: what was left out of it.
        problem: why it is no volume, if that is known without reading its voxels.
    """

    uid: str
    frames: tuple[Frame, ...]
    modality: str
    description: str
    words: str = ""
    notes: tuple[str, ...] = ()
    problem: MedSAMSegError | None = None

    @property
    def files(self) -> tuple[Path, ...]:
        """Its files, without repetition."""
        return tuple(dict.fromkeys(frame.file.path for frame in self.frames))

    @property
    def has_places(self) -> bool:
        """Whether its pictures say where they lie."""
        return all(frame.has_place for frame in self.frames)

    @property
    def is_offered(self) -> bool:
        """Whether it can be meant by someone who looks for a scan: not films, photographs and reports."""
        return self.has_places and not is_color(self.frames[0].file)

    @property
    def line(self) -> str:
        """Words for a list to choose from."""
        words = f", {self.words}" if self.words else ""
        count = len(self.files)
        files = f"{count} {'file' if count == 1 else 'files'}"
        frames = f"{len(self.frames)} frames in " if len(self.frames) != count else ""
        return f"{self.uid}  {self.modality} '{self.description}'{words}, {frames}{files}"


@dataclass(frozen=True)
class Contents:
    """What a folder or file holds.

    Attributes:
        place: the folder or file.
        series: its images, those of most pictures first.
        others: by Series Instance UID, what is there besides.
        damaged: files that cannot be used.
    """

    place: Path
    series: tuple[Series, ...]
    others: dict[str, list[str]]
    damaged: tuple[DamagedFileError, ...]

    @property
    def offered(self) -> list[Series]:
        """The scans to choose from: volumes, or where there are none, single pictures without a place."""
        volumes = [series for series in self.series if series.is_offered]
        return volumes or [series for series in self.series if series.problem is None]


def look_into(place: Path) -> Contents:
    """Return what is in a folder and its subfolders, in one file, or in the files of a list.

    Voxels are read only where that tells copies apart.
    """
    found = _files_of(place)
    damaged = list(found.damaged)
    by_series: dict[str, list[DicomFile]] = defaultdict(list)
    others: dict[str, list[str]] = defaultdict(list)
    for file in found.files:
        if file.no_scan is None:
            by_series[file.series_uid].append(file)
        else:
            others[file.series_uid].append(file.no_scan)
    series: list[Series] = []
    for uid, files in by_series.items():
        series += _volumes_of(uid, files, damaged)
    series.sort(key=lambda each: (-len(each.frames), each.uid))
    return Contents(place, tuple(series), dict(others), tuple(damaged))


def _files_of(place: Path) -> DicomFolder:
    if place.is_dir():
        return read_folder(place)
    return read_files(listed_files(place) if is_file_list(place) else [place])


def _volumes_of(uid: str, files: Iterable[DicomFile], damaged: list[DamagedFileError]) -> list[Series]:
    """Return the volumes of a series; what cannot be used is added to ``damaged``."""
    frames: list[Frame] = []
    for file in files:
        try:
            require_pixels(file)
            frames += frames_of(file)
        except DamagedFileError as error:
            damaged.append(DamagedFileError(error.path, str(error), uid))
    while frames:
        try:
            ordered = sort_frames(frames)
            break
        except DamagedFileError as error:
            damaged.append(DamagedFileError(error.path, str(error), uid))
            frames = [frame for frame in frames if frame.file.path != error.path]
    else:
        return []
    notes = (*_odd_sentence(ordered.odd), *_copies_sentence(ordered.copies))
    several = len(ordered.parts) > 1
    return [
        _series(f"{uid}:{n}" if several else uid, part, notes, ordered.turned)
        for n, part in enumerate(ordered.parts, start=1)
    ]


def _series(uid: str, part: Part, notes: tuple[str, ...], turned: bool) -> Series:
    file = part.frames[0].file
    return Series(
        uid,
        part.frames,
        str(file.get("Modality", "")).strip(),
        str(file.get("SeriesDescription", "")).strip(),
        ", ".join(part.words),
        notes,
        problem_of(uid, part.frames, turned),
    )


def _odd_sentence(frames: Sequence[Frame]) -> list[str]:
    if not frames:
        return []
    names = _names(frames)
    return [f"Left out, for they are of another size or direction or have no place: {names}."]


def _copies_sentence(frames: Sequence[Frame]) -> list[str]:
    return [f"Left out, for they are duplicates: {_names(frames)}."] if frames else []


def _names(frames: Sequence[Frame]) -> str:
    names = list(dict.fromkeys(frame.file.path.name for frame in frames))
    return ", ".join(names[:3]) + (f" and {len(names) - 3} more files" if len(names) > 3 else "")
