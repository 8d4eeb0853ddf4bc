"""Volumes as Slicer loads them from its DICOM database: of real DICOM files, with the images' UIDs."""

import sys
from pathlib import Path

import numpy as np
import pydicom
import slicer

from slicerhost.standIn import StandIn

sys.path.append(str(Path(__file__).parents[1] / "cli"))
from phantom_writing import OBLIQUE, SPACING, slice_position, write_slices

SHAPE = (8, 14, 12)


class DicomDatabase(StandIn):
    """`slicer.dicomDatabase`, as far as it is asked: CTK: Libs/DICOM/Core/ctkDICOMDatabase.h, invokable methods."""

    standsFor = "ctkDICOMDatabase (slicer.dicomDatabase)"

    def __init__(self, files):
        headers = {str(path): pydicom.dcmread(path, stop_before_pixels=True) for path in files}
        self._files = {str(header.SOPInstanceUID): path for path, header in headers.items()}
        self._series = {path: str(header.SeriesInstanceUID) for path, header in headers.items()}

    def fileForInstance(self, sopInstanceUID):
        """:return: path of the file of an image; "" of one that is not in the database."""
        return self._files.get(sopInstanceUID, "")

    def seriesForFile(self, fileName):
        """:return: Series Instance UID of a file; "" of one that is not in the database."""
        return self._series.get(fileName, "")


def asScanned(dataset, _index=None):
    """Adds to a slice of the phantom what every scanner writes."""
    dataset.StudyID, dataset.StudyDate, dataset.StudyTime = "7", "20260102", "101112"
    dataset.PatientBirthDate, dataset.PatientSex, dataset.AccessionNumber = "19500102", "O", "A1"
    dataset.PatientName, dataset.PatientID = "DOE^JANE", "MRN4711"
    dataset.RescaleSlope, dataset.RescaleIntercept = 1, 0


def writeScan(folder, change=asScanned, **kind):
    """:return: paths of the slices of an oblique CT, in the order of K."""
    voxels = np.arange(np.prod(SHAPE), dtype=np.int16).reshape(SHAPE) - 900
    return write_slices(folder, voxels, OBLIQUE, change=change, **kind)


def loadScan(files, isReversed=False, name="CT"):
    """:return: the volume of the files, its slices from the first to the last, or from the last to the first."""
    rows, columns = np.array(OBLIQUE[:3]), np.array(OBLIQUE[3:])
    order = list(range(len(files)))[:: -1 if isReversed else 1]
    step = np.cross(rows, columns) * SPACING[2] * (-1 if isReversed else 1)
    matrix = np.eye(4)
    matrix[:3, :3] = np.column_stack([rows * SPACING[0], columns * SPACING[1], step])
    matrix[:3, 3] = slice_position(order[0], OBLIQUE)
    voxels = np.stack([pydicom.dcmread(files[index]).pixel_array for index in order])
    volume = slicer.util.addVolumeFromArray(voxels, name=name)
    volume.SetIJKToRASMatrix(slicer.util.vtkMatrixFromArray(np.diag([-1, -1, 1, 1]) @ matrix))
    uids = [str(pydicom.dcmread(files[index]).SOPInstanceUID) for index in order]
    volume.SetAttribute("DICOM.instanceUIDs", " ".join(uids))
    return volume
