"""Which of the volumes in a folder of DICOM files is meant, and the errors where none is or the choice is not clear."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from pathlib import Path

from medsamseg_server.errors import ErrorKind, MedSAMSegError
from medsamseg_server.image_io.dicom_files import DamagedFileError
from medsamseg_server.image_io.dicom_problems import left_out
from medsamseg_server.image_io.dicom_series import Contents, Series


def choose(contents: Contents, uid: str | None) -> Series:
    """Return the volume that is meant.

    Args:
        contents: what there is.
        uid: which one; None for the only one. That of a series will do where it holds one volume.

    Raises:
        MedSAMSegError: ``series_ambiguous``, ``series_unknown``, ``series_no_scan``, ``dicom_missing`` or
            ``image_incomplete``; the first two list what can be chosen.
    """
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


def choose_times(contents: Contents, uid: str | None) -> list[Series]:
    """Return the volumes of the series that is meant, in the order of their numbers.

    Args:
        contents: what there is.
        uid: which series, without the number of a volume; None for the only one, or the only one of several volumes.

    Raises:
        MedSAMSegError: as ``choose``.
    """
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
    return chosen[0]


def nothing_whole(place: Path, damaged: Sequence[DamagedFileError]) -> MedSAMSegError:
    """Return the error where all images are damaged."""
    return MedSAMSegError(
        ErrorKind.UNREADABLE,
        "image_incomplete",
        f"No image in {place} can be read. {' '.join(left_out(damaged))}".strip(),
        "Copy or export the files again.",
    )


def _number(series: Series) -> int:
    return int(series.uid.partition(":")[2] or 0)


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


def _unknown(contents: Contents, uid: str) -> MedSAMSegError:
    if uid in contents.others:
        return MedSAMSegError(
            ErrorKind.INVALID_INPUT,
            "series_no_scan",
            f"The series {uid} is no scan: {_counted(contents.others[uid])}.",
            "Name the series of a scan with --series.",
        )
    if any(error.series_uid == uid for error in contents.damaged):
        return nothing_whole(contents.place, contents.damaged)
    listing = "\n".join(series.line for series in contents.offered)
    return MedSAMSegError(
        ErrorKind.INVALID_INPUT, "series_unknown", f"{_where(contents.place)} has no series {uid}, but:", listing
    )


def _nothing(contents: Contents) -> MedSAMSegError:
    if contents.series:
        return MedSAMSegError(
            ErrorKind.UNREADABLE,
            "dicom_missing",
            f"There are no volumes in {contents.place}, only pictures that do not say where they lie:",
            "\n".join(series.line for series in contents.series),
        )
    if contents.damaged:
        return nothing_whole(contents.place, contents.damaged)
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


def _counted(words: Iterable[str]) -> str:
    return ", ".join(f"{count} × {word}" for word, count in sorted(Counter(words).items()))
