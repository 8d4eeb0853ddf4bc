"""Finding scans and their labels: in a folder, or by a manifest as for ``medsamseg evaluate``."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

from medsamseg_server.errors import ErrorKind, MedSAMSegError
from medsamseg_server.evaluation.manifest import CaseEntry, Target, read_manifest, require_single_scans

#: Scan and labels in one file; see ``npz_scans``.
_BOTH_IN_ONE = ".npz"
_SUFFIXES = (".seg.nrrd", ".nii.gz", ".nrrd", ".nii", ".mha", ".mhd", _BOTH_IN_ONE)
# Of labels only; one without suffix is a folder.
_DICOM_SUFFIXES = (".dcm", "")
_FIRST_CHANNEL = "_0000"
_DESCRIPTION = "dataset.json"
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
            ``labels`` with the same names, or each label map beside its scan; a dataset of nnU-Net; or ``.npz`` files
            of the CVPR challenges. Labels may be any that ``label_reading`` knows.
        window: of scans in a folder; a manifest says it itself.
        axis: array axis across the slices; likewise.

    Raises:
        MedSAMSegError: ``data_missing``, ``data_empty``, ``dataset_malformed``, ``case_unfit``, or as
            ``read_manifest``.
    """
    if path.is_file():
        return require_single_scans(read_manifest(path), "Training takes")
    if not path.is_dir():
        raise MedSAMSegError(
            ErrorKind.NOT_FOUND, "data_missing", f"There is no folder or manifest {path}.", "Check the path."
        )
    targets = _described_targets(path)
    entries = [
        CaseEntry(_case_name(image, labels), image, labels, dict(targets), window, axis)
        for image, labels in sorted(_pairs(path))
    ]
    if not entries:
        raise MedSAMSegError(
            ErrorKind.INVALID_INPUT, "data_empty", f"The folder {path} has no scan with a label map.", _LAYOUT
        )
    return entries


def _described_targets(folder: Path) -> dict[str, Target]:
    """Return the labels by name that an nnU-Net ``dataset.json`` in the folder describes; empty without one.

    Its second version has ``{name: label}``, with lists of labels for regions, and the first, which the Medical
    Segmentation Decathlon has too, ``{label: name}``. Background, and what is to be ignored, are no objects.

    Raises:
        MedSAMSegError: ``dataset_malformed``.
    """
    path = folder / _DESCRIPTION
    if not path.is_file():
        return {}
    try:
        labels = json.loads(path.read_text(encoding="utf-8-sig"))["labels"]
        if all(key.isdecimal() for key in labels):
            labels = {name: int(label) for label, name in labels.items()}
        targets: dict[str, Target] = {
            str(name): tuple(map(int, label)) if isinstance(label, list) else int(label)
            for name, label in labels.items()
            if name != "ignore"
        }
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise MedSAMSegError(
            ErrorKind.INVALID_INPUT,
            "dataset_malformed",
            f"{path} does not describe labels as nnU-Net's datasets do.",
            'Expected is {"labels": {"background": 0, "liver": 1}}; or remove the file.',
        ) from error
    return {name: label for name, label in targets.items() if label != 0}


def _pairs(folder: Path) -> Iterator[tuple[Path, Path]]:
    """Yield every scan with its labels."""
    images = next((folder / name for name in _IMAGE_FOLDERS if (folder / name).is_dir()), folder)
    labels = next((folder / name for name in _LABEL_FOLDERS if (folder / name).is_dir()), folder)
    label_files = {path.name: path for path in _label_files(labels)}
    for image in _image_files(images):
        found = image if image.suffix == _BOTH_IN_ONE else _label_file(image, label_files, images == labels)
        if found is not None:
            yield image, found


def _image_files(folder: Path) -> list[Path]:
    return [path for path in folder.iterdir() if path.is_file() and _suffix(path) and not path.name.startswith(".")]


def _label_files(folder: Path) -> list[Path]:
    """Return what may be labels: files, and folders with a DICOM file of labels each."""
    return [path for path in folder.iterdir() if not path.name.startswith(".")]


def _label_file(image: Path, label_files: dict[str, Path], same_folder: bool) -> Path | None:
    stem = _stem(image)
    # nnU-Net's images have the number of their channel behind the case's name. The first channel is the one.
    stems = (stem, stem.removesuffix(_FIRST_CHANNEL)) if stem.endswith(_FIRST_CHANNEL) else (stem,)
    for name in stems:
        for ending in _LABEL_ENDINGS:
            for suffix in (*_SUFFIXES, *_DICOM_SUFFIXES):
                found = label_files.get(f"{name}{ending}{suffix}")
                # In one folder, a scan is not its own label map.
                if found is None or (same_folder and (found == image or (ending == "" and suffix != ".seg.nrrd"))):
                    continue
                return found
    return None


def _case_name(image: Path, labels: Path) -> str:
    """Return what reports call a case: the name of its image, without the number of a channel."""
    name = _stem(image)
    short = name.removesuffix(_FIRST_CHANNEL)
    return short if _stem(labels).startswith(short) and not _stem(labels).startswith(name) else name


def _suffix(path: Path) -> str:
    return next((suffix for suffix in _SUFFIXES if path.name.lower().endswith(suffix)), "")


def _stem(path: Path) -> str:
    return path.name[: len(path.name) - len(_suffix(path))]
