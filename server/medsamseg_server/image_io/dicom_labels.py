"""Labels in DICOM: segmentations (SEG) and structure sets (RTSTRUCT), as a file or alone in a folder."""

from __future__ import annotations

from pathlib import Path

from medsamseg_server.errors import ErrorKind, MedSAMSegError
from medsamseg_server.image_io.image import Image
from medsamseg_server.image_io.labels import Labels, unreadable

# SOP classes: Segmentation Storage, Label Map Segmentation Storage, and RT Structure Set Storage.
_SEGMENTATIONS = ("1.2.840.10008.5.1.4.1.1.66.4", "1.2.840.10008.5.1.4.1.1.66.7")
_STRUCTURE_SET = "1.2.840.10008.5.1.4.1.1.481.3"


def find(path: Path) -> Path | None:
    """Return the DICOM file of labels that ``path`` is or, as a folder, holds; None where there is none.

    Raises:
        MedSAMSegError: ``labels_ambiguous`` for a folder with several.
    """
    files = sorted(path.iterdir()) if path.is_dir() else [path]
    found = [file for file in files if file.is_file() and _sop_class(file) in (*_SEGMENTATIONS, _STRUCTURE_SET)]
    if len(found) > 1:
        raise MedSAMSegError(
            ErrorKind.INVALID_INPUT,
            "labels_ambiguous",
            f"The folder {path.name} has {len(found)} files of labels: {', '.join(file.name for file in found[:5])}.",
            "Name the file.",
        )
    return found[0] if found else None


def read(path: Path, image: Image) -> Labels:
    """Return the labels of a DICOM file; see ``label_reading.read_labels``."""
    # Each takes a moment to import.
    from medsamseg_server.image_io import dicom_segmentations, structure_sets

    if _sop_class(path) == _STRUCTURE_SET:
        return structure_sets.read(path, image)
    return dicom_segmentations.read(path, image)


def _sop_class(path: Path) -> str:
    with path.open("rb") as file:
        start = file.read(132)
    if start[128:] != b"DICM":
        return ""
    import pydicom

    try:
        # The meta information has the class, too, and nothing else has to be read for it.
        return str(pydicom.filereader.read_file_meta_info(path).get("MediaStorageSOPClassUID", ""))
    except Exception as error:
        raise unreadable(path, f"is a DICOM file that cannot be read ({type(error).__name__})") from error
