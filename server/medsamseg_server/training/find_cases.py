"""Finding scans and their labels: in a folder, or by a manifest as for ``medsamseg evaluate``."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from medsamseg_server.errors import ErrorKind, MedSAMSegError
from medsamseg_server.evaluation.manifest import CaseEntry, read_manifest
from medsamseg_server.training.label_maps import read_label_names

_SUFFIXES = (".seg.nrrd", ".nii.gz", ".nrrd", ".nii", ".mha", ".mhd")
_IMAGE_FOLDERS = ("images", "imagesTr", "image")
_LABEL_FOLDERS = ("labels", "labelsTr", "label", "segmentations", "masks")
# What names of label files have behind the name of their image.
_LABEL_ENDINGS = ("_labels", "_label", "_seg", "_segmentation", "_mask", "-label", "-seg", "")

_LAYOUT = (
    "Put scans into a folder 'images' and label maps of the same names into a folder 'labels' beside it, or every "
    "label map beside its scan with '_labels' or '.seg.nrrd' at the end of its name; or give a manifest (.json)."
)


def find_cases(path: Path, window: str = "auto", axis: int = 0) -> list[CaseEntry]:
    """Return the cases of a folder or manifest, in the order of their names.

    Args:
        path: a manifest (see ``evaluation.manifest``), or a folder with NRRD, NIfTI or MetaImage files: ``images`` and
            ``labels`` with the same names, or each label map beside its scan.
        window: of scans in a folder; a manifest says it itself.
        axis: array axis across the slices; likewise.

    Raises:
        MedSAMSegError: ``data_missing``, ``data_empty``, or as ``read_manifest``.
    """
    if path.is_file():
        return read_manifest(path)
    if not path.is_dir():
        raise MedSAMSegError(
            ErrorKind.NOT_FOUND, "data_missing", f"There is no folder or manifest {path}.", "Check the path."
        )
    entries = [
        CaseEntry(_stem(image), image, labels, read_label_names(labels), window, axis)
        for image, labels in sorted(_pairs(path))
    ]
    if not entries:
        raise MedSAMSegError(
            ErrorKind.INVALID_INPUT, "data_empty", f"The folder {path} has no scan with a label map.", _LAYOUT
        )
    return entries


def _pairs(folder: Path) -> Iterator[tuple[Path, Path]]:
    """Yield every scan with its label map."""
    images = next((folder / name for name in _IMAGE_FOLDERS if (folder / name).is_dir()), folder)
    labels = next((folder / name for name in _LABEL_FOLDERS if (folder / name).is_dir()), folder)
    label_files = {path.name: path for path in _image_files(labels)}
    for image in _image_files(images):
        found = _label_file(image, label_files, same_folder=images == labels)
        if found is not None:
            yield image, found


def _image_files(folder: Path) -> list[Path]:
    return [path for path in folder.iterdir() if path.is_file() and _suffix(path) and not path.name.startswith(".")]


def _label_file(image: Path, label_files: dict[str, Path], same_folder: bool) -> Path | None:
    stem = _stem(image)
    for ending in _LABEL_ENDINGS:
        for suffix in _SUFFIXES:
            found = label_files.get(f"{stem}{ending}{suffix}")
            # In one folder, a scan is not its own label map.
            if found is not None and not (same_folder and found == image):
                if same_folder and ending == "" and suffix != ".seg.nrrd":
                    continue
                return found
    return None


def _suffix(path: Path) -> str:
    return next((suffix for suffix in _SUFFIXES if path.name.lower().endswith(suffix)), "")


def _stem(path: Path) -> str:
    return path.name[: len(path.name) - len(_suffix(path))]
