"""The DICOM files that a volume was loaded from, in Slicer's DICOM database."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import slicer

from MedSAMSegLib.errors import UserError
from MedSAMSegLib.volumes.sliceGeometry import SliceGeometry

#: Where Slicer's importers note the images of a volume (DICOMScalarVolumePlugin), with spaces between their UIDs.
INSTANCES_ATTRIBUTE = "DICOM.instanceUIDs"


def isFromDicom(volume: slicer.vtkMRMLScalarVolumeNode) -> bool:
    """Return whether a volume says which DICOM images it was loaded from.

    :param volume: the volume node.
    """
    return bool(_instances(volume))


def volumesOfSeries(volume: slicer.vtkMRMLScalarVolumeNode) -> Sequence[slicer.vtkMRMLScalarVolumeNode]:
    """Return the volumes of the scene with images of the same series, on the same voxels: phases of one scan.

    Of several that have the same images, as of a series that was loaded twice, one is enough.

    :param volume: the volume node; the first one that is returned, also where it is not from DICOM.
    """
    found = {_instances(volume): volume}
    series = _seriesOf(volume)
    for other in slicer.util.getNodesByClass("vtkMRMLScalarVolumeNode") if series else ():
        if _instances(other) not in found and _seriesOf(other) == series and _isSamePlace(volume, other):
            found[_instances(other)] = other
    return list(found.values())


def _instances(volume):
    return tuple((volume.GetAttribute(INSTANCES_ATTRIBUTE) or "").split())


def _seriesOf(volume):
    """:return: Series Instance UID of a volume's first image; "" where it has none, or none that is in the database."""
    database = getattr(slicer, "dicomDatabase", None)
    instances = _instances(volume)
    path = database.fileForInstance(instances[0]) if database is not None and instances else ""
    return database.seriesForFile(path) if path else ""


def _isSamePlace(volume, other):
    try:
        one, two = SliceGeometry(volume), SliceGeometry(other)
    except UserError:
        # Such as a volume that is still empty.
        return False
    return one.shape == two.shape and np.allclose(one.IJKToWorld, two.IJKToWorld, atol=1e-3)


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
    instances = dict.fromkeys(_instances(volume))
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
