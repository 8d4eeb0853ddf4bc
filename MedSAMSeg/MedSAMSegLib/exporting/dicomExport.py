"""Segments into DICOM files: written out, made into DICOM by the server's program, put into a folder all at once."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from MedSAMSegLib.errors import UserError
from MedSAMSegLib.runs.backgroundRun import BackgroundRun

if TYPE_CHECKING:
    from MedSAMSegLib.exporting.segmentsFile import ExportedSegments
    from MedSAMSegLib.server.serverProgram import ServerProgram

#: What can be written: a segmentation, the same as a label map, contours, and a report of the measurements.
SEGMENTATION, LABEL_MAP, STRUCTURE_SET, REPORT = "seg", "labelmap", "rtstruct", "sr"
KINDS = (SEGMENTATION, LABEL_MAP, STRUCTURE_SET, REPORT)

_STEM = "MedSAMSeg"
_PREFIX = ".medsamseg-export-"


@dataclass(frozen=True)
class ExportProgress:
    """How far it is.

    :param done: steps so far: reading the images, then each file.
    :param total: steps in all.
    """

    done: int
    total: int


@dataclass(frozen=True)
class ImageSource:
    """The images that the files refer to.

    :param name: of their volume.
    :param count: how many files they are.
    """

    name: str
    count: int


@dataclass(frozen=True)
class ExportedFiles:
    """What was written.

    :param paths: the files.
    :param notes: sentences that the user should know.
    :param source: :class:`ImageSource`, the images that they refer to.
    """

    paths: list
    notes: list
    source: ImageSource


def startDicomExport(
    program: ServerProgram,
    segments: ExportedSegments,
    files: Sequence[Path],
    folder: Path,
    kinds: Sequence[str],
    onProgress: Callable[..., None] | None,
    source: ImageSource,
) -> BackgroundRun:
    """Return a run that writes segments into a folder; its result is :class:`ExportedFiles`, None when cancelled.

    What is made on the way lies in a hidden folder in there, and goes in any case: nothing of a patient is elsewhere.

    :param program: :class:`ServerProgram` of the environment in which the server runs.
    :param segments: :class:`ExportedSegments`.
    :param files: the DICOM files of their volume.
    :param folder: where the results go; what is there stays.
    :param kinds: what to write, of KINDS.
    :param onProgress: called with :class:`ExportProgress`; or None.
    :param source: :class:`ImageSource`, to be told with the result.
    """

    def work(report):
        try:
            with tempfile.TemporaryDirectory(prefix=_PREFIX, dir=folder) as temporary:
                written = _export(program, segments, files, Path(temporary), Path(folder), kinds, report)
                return None if written is None else ExportedFiles(written[0], written[1], source)
        except OSError as error:
            reason = error.strerror or str(error)
            raise UserError(
                f"Nothing can be written into {folder}: {reason}.", "Choose another folder.", "folder_unwritable"
            ) from error

    return BackgroundRun(work, program.cancel, onProgress)


def checkKinds(kinds: Sequence[str]) -> list[str]:
    """Return what is to be written, each once.

    :param kinds: of KINDS.
    :raises UserError: when there is none, or an unknown one.
    """
    chosen = list(dict.fromkeys(kinds))
    unknown = [kind for kind in chosen if kind not in KINDS]
    if unknown or not chosen:
        what = f"'{unknown[0]}' is no kind of DICOM file." if unknown else "Nothing is chosen to be written."
        raise UserError(what, f"Choose among {', '.join(KINDS)}.", "export_kind")
    return chosen


def _export(program, segments, files, temporary, folder, kinds, report):
    """:return: (paths, notes); None when cancelled."""
    segments.write(temporary / "segments.seg.nrrd")
    (temporary / "scan.txt").write_text("\n".join(str(file.resolve()) for file in files), encoding="utf-8")
    made = {kind: temporary / f"{_STEM}.{kind}.dcm" for kind in kinds}
    words: list[Any] = ["convert", str(temporary / "segments.seg.nrrd"), "--image", str(temporary / "scan.txt")]
    for kind, path in made.items():
        words += ["--report" if kind == REPORT else "-o", str(path)]

    def tell(event):
        if event.get("event") == "step":
            report(ExportProgress(event["done"], event["total"]))

    try:
        answer = program.run(*words, "--events", onLine=tell)
    except UserError as error:
        raise _forUser(error) from error
    if answer is None:
        return None
    return [_put(path, folder) for path in made.values()], answer["warnings"]


def _put(path, folder):
    """Move a file into a folder, under a name that is free there."""
    stem, _point, ending = path.name.partition(".")
    number, target = 1, folder / path.name
    while target.exists():
        number += 1
        target = folder / f"{stem}-{number}.{ending}"
    return path.replace(target)


def _forUser(error):
    """Return an error of the command line in words for a user of the panel."""
    said = {
        "labels_differ": (
            "The volume's voxels are not where those of its DICOM images are.",
            "Load it again from the module DICOM, and segment that: cropped, resampled or straightened volumes have no"
            " images of their own.",
        ),
        "series_ambiguous": (
            "The DICOM files hold several volumes, and it is not known which of them this is.",
            "Write it with 'medsamseg convert' and its option --series.",
        ),
        "overlap_in_labelmap": (
            "The segments overlap, which a label map cannot hold.",
            "Choose the binary segmentation, or let the segments not overlap.",
        ),
    }
    message, hint = said.get(error.code, (error.message, error.hint))
    return UserError(message, hint, error.code)
