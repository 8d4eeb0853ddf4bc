"""The DICOM files that a volume was loaded from, in Slicer's DICOM database."""

from __future__ import annotations

from pathlib import Path

import slicer

from MedSAMSegLib.errors import UserError

#: Where Slicer's importers note the images of a volume (DICOMScalarVolumePlugin), with spaces between their UIDs.
INSTANCES_ATTRIBUTE = "DICOM.instanceUIDs"


def isFromDicom(volume: slicer.vtkMRMLScalarVolumeNode) -> bool:
    """Return whether a volume says which DICOM images it was loaded from.

    :param volume: the volume node.
    """
    return bool((volume.GetAttribute(INSTANCES_ATTRIBUTE) or "").split())


def dicomFiles(volume: slicer.vtkMRMLScalarVolumeNode) -> list[Path]:
    """Return the files of a volume's images.

    :param volume: the volume node.
    :raises UserError: when it was not loaded from DICOM, or its files are not in the database any more.
    """
    name = volume.GetName()
    if not isFromDicom(volume):
        raise UserError(
            f"The volume '{name}' was not loaded from Slicer's DICOM database, so there are no images to refer to.",
            "Import its DICOM files in the module DICOM, load it from there, and segment that volume.",
            "volume_not_dicom",
        )
    # Only there where Slicer was built with DICOM.
    database = getattr(slicer, "dicomDatabase", None)
    instances = dict.fromkeys(volume.GetAttribute(INSTANCES_ATTRIBUTE).split())
    found = [database.fileForInstance(uid) if database is not None else "" for uid in instances]
    files = [Path(path) for path in found if path and Path(path).is_file()]
    if len(files) < len(found):
        raise UserError(
            f"Of the {len(found)} DICOM images of '{name}', {len(found) - len(files)} are not in Slicer's database.",
            "Import its DICOM files again in the module DICOM.",
            "dicom_files_missing",
        )
    # An image of several frames is one file.
    return list(dict.fromkeys(files))
