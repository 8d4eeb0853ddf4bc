"""Reading one volume out of a folder of DICOM files, or out of one file: what is there, which is meant, its voxels."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from medsamseg_server.errors import ErrorKind, MedSAMSegError
from medsamseg_server.image_io.dicom_colors import is_color
from medsamseg_server.image_io.dicom_files import DamagedFileError, DicomFile, DicomFolder, read_files, read_folder
from medsamseg_server.image_io.dicom_frames import Frame, frames_of
from medsamseg_server.image_io.dicom_pixels import require_pixels
from medsamseg_server.image_io.dicom_problems import left_out, problem_of
from medsamseg_server.image_io.dicom_reading import read_volume
from medsamseg_server.image_io.dicom_volumes import Part, sort_frames
from medsamseg_server.image_io.file_lists import is_file_list, listed_files
from medsamseg_server.image_io.image import Image


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
class _Contents:
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


def read_series(place: Path, uid: str | None = None) -> Image:
    """Read a volume of DICOM images.

    Args:
        place: a folder, which is searched with its subfolders, one file, or a list of files.
        uid: which series; needed when there are several. Where a series holds several volumes, its UID, a colon and
            the volume's number.

    Raises:
        MedSAMSegError: ``dicom_missing``, ``series_ambiguous``, ``series_unknown``, ``image_incomplete``,
            ``image_compressed``, ``image_components``, ``dicom_positions_missing``, ``dicom_mosaic``,
            ``dicom_same_position``, ``dicom_slice_missing``, ``dicom_spacing_uneven`` or ``dicom_sheared``.
    """
    contents = _look_into(place)
    return _read_whole(contents, _choose(contents, uid))


def _read_whole(contents: _Contents, series: Series) -> Image:
    """Return a volume, without files that turn out to be damaged."""
    damaged = [error for error in contents.damaged if error.series_uid in (None, series.uid.partition(":")[0])]
    while True:
        try:
            return _read(series, damaged)
        except DamagedFileError as error:
            # Found on decoding only: the rest may be a volume without it.
            damaged.append(error)
            rest = tuple(frame for frame in series.frames if frame.file.path != error.path)
            if not rest:
                raise _nothing_whole(contents.place, damaged) from error
            series = replace(series, frames=rest)


def read_series_times(place: Path, uid: str | None = None) -> list[Callable[[], Image]]:
    """Return what reads the volumes of a series, one after the other in time.

    Args:
        place: a folder or a file.
        uid: which series, without the number of a volume; needed when several have more than one volume.

    Raises:
        MedSAMSegError: ``series_ambiguous``, or as ``read_series``.
    """
    contents = _look_into(place)
    groups: dict[str, list[Series]] = defaultdict(list)
    for series in sorted(contents.offered, key=_number):
        groups[series.uid.partition(":")[0]].append(series)
    if uid is not None:
        groups = {name: group for name, group in groups.items() if name == uid}
        if not groups:
            raise _unknown(contents, uid)
    several = [group for group in groups.values() if len(group) > 1]
    chosen = several or list(groups.values())
    if not chosen:
        raise _nothing(contents)
    if len(chosen) > 1:
        raise _ambiguous(contents.place, [series for group in chosen for series in group])
    return [partial(_read_whole, contents, series) for series in chosen[0]]


def _number(series: Series) -> int:
    return int(series.uid.partition(":")[2] or 0)


def find_series(folder: Path) -> list[Series]:
    """Return the volumes of a folder and its subfolders that can be chosen from, those of most pictures first."""
    return _look_into(folder).offered


def _read(series: Series, damaged: Sequence[DamagedFileError]) -> Image:
    told = (*series.notes, *left_out(damaged))
    try:
        if series.problem is not None:
            raise series.problem
        image = read_volume(f"the series {series.uid}", series.frames)
    except MedSAMSegError as error:
        # What was left out may be the reason.
        raise MedSAMSegError(error.kind, error.code, " ".join([error.message, *told]), error.hint) from error
    return replace(image, notes=(*told, *image.notes))


def _look_into(place: Path) -> _Contents:
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
    return _Contents(place, tuple(series), dict(others), tuple(damaged))


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


def _choose(contents: _Contents, uid: str | None) -> Series:
    if uid is not None:
        named = [series for series in contents.series if uid in (series.uid, series.uid.partition(":")[0])]
        if not named:
            raise _unknown(contents, uid)
    else:
        named = contents.offered
    if not named and len(contents.series) == 1:
        named = list(contents.series)
    if not named:
        raise _nothing(contents)
    if len(named) > 1:
        raise _ambiguous(contents.place, named)
    return named[0]


def _ambiguous(place: Path, named: Sequence[Series]) -> MedSAMSegError:
    kind = "series" if len({series.uid.partition(":")[0] for series in named}) == len(named) else "volumes"
    return MedSAMSegError(
        ErrorKind.INVALID_INPUT,
        "series_ambiguous",
        f"{_where(place)} holds {len(named)} {kind}. Choose one with --series UID:",
        "\n".join(series.line for series in named),
    )


def _where(place: Path) -> str:
    return f"The folder {place}" if place.is_dir() else f"The file {place}"


def _unknown(contents: _Contents, uid: str) -> MedSAMSegError:
    if uid in contents.others:
        return MedSAMSegError(
            ErrorKind.INVALID_INPUT,
            "series_no_scan",
            f"The series {uid} is no scan: {_counted(contents.others[uid])}.",
            "Name the series of a scan with --series.",
        )
    if any(error.series_uid == uid for error in contents.damaged):
        return _nothing_whole(contents.place, contents.damaged)
    listing = "\n".join(series.line for series in contents.offered)
    return MedSAMSegError(
        ErrorKind.INVALID_INPUT, "series_unknown", f"{_where(contents.place)} has no series {uid}, but:", listing
    )


def _nothing(contents: _Contents) -> MedSAMSegError:
    if contents.series:
        return MedSAMSegError(
            ErrorKind.UNREADABLE,
            "dicom_missing",
            f"There are no volumes in {contents.place}, only pictures that do not say where they lie:",
            "\n".join(series.line for series in contents.series),
        )
    if contents.damaged:
        return _nothing_whole(contents.place, contents.damaged)
    if contents.others:
        words = _counted([word for words in contents.others.values() for word in words])
        return MedSAMSegError(
            ErrorKind.UNREADABLE,
            "dicom_missing",
            f"There is no scan in {contents.place}, only: {words}.",
            "Give the folder of the scan that they belong to. A segmentation opens in 3D Slicer.",
        )
    if not contents.place.is_dir():
        return MedSAMSegError(
            ErrorKind.UNREADABLE,
            "dicom_missing",
            f"The file {contents.place} holds no image.",
            "Give the folder of the scan. A DICOMDIR only lists files: give the folder that it is in.",
        )
    return MedSAMSegError(
        ErrorKind.UNREADABLE,
        "dicom_missing",
        f"There are no DICOM images in the folder {contents.place}.",
        "Give a folder of DICOM files, or an image file.",
    )


def _nothing_whole(place: Path, damaged: Sequence[DamagedFileError]) -> MedSAMSegError:
    return MedSAMSegError(
        ErrorKind.UNREADABLE,
        "image_incomplete",
        f"No image in {place} can be read. {' '.join(left_out(damaged))}".strip(),
        "Copy or export the files again.",
    )


def _counted(words: Iterable[str]) -> str:
    return ", ".join(f"{count} × {word}" for word, count in sorted(Counter(words).items()))
