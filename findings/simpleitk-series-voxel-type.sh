#!/bin/sh
# SimpleITK reads a DICOM series with the voxel type of its first file, whatever slope and intercept the others have:
# - slope 1 in the first file and 0.25 in the rest, as PET scanners write for an empty first slice: fractions are cut off, without a warning;
# - intercept 0 in the first file and -1024 in the rest: -1000 wraps round to 64536.
# Each file read alone is right. Seen with SimpleITK 2.5.7 (ITK 5.4) on files by pydicom 3.0.2. Fails when the series is read right.
set -e
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet SimpleITK==2.5.7 pydicom==3.0.2 numpy==2.4.6
cd "$folder"
"$folder/venv/bin/python" - <<'PYTHON'
from pathlib import Path
from tempfile import mkdtemp

import numpy as np
import SimpleITK as sitk
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import ExplicitVRLittleEndian, PositronEmissionTomographyImageStorage, generate_uid


def write_slice(path, number, slope, intercept, stored, uids):
    meta = FileMetaDataset()
    meta.TransferSyntaxUID = ExplicitVRLittleEndian
    meta.MediaStorageSOPClassUID = PositronEmissionTomographyImageStorage
    meta.MediaStorageSOPInstanceUID = generate_uid()
    image = Dataset()
    image.file_meta = meta
    image.SOPClassUID, image.SOPInstanceUID = meta.MediaStorageSOPClassUID, meta.MediaStorageSOPInstanceUID
    image.StudyInstanceUID, image.SeriesInstanceUID, image.FrameOfReferenceUID = uids
    image.PatientName, image.PatientID, image.Modality, image.InstanceNumber = "A", "A", "PT", number + 1
    image.ImagePositionPatient, image.ImageOrientationPatient = [0, 0, 2 * number], [1, 0, 0, 0, 1, 0]
    image.PixelSpacing, image.SliceThickness = [1, 1], 2
    image.Rows, image.Columns, image.SamplesPerPixel, image.PhotometricInterpretation = 4, 4, 1, "MONOCHROME2"
    image.BitsAllocated, image.BitsStored, image.HighBit, image.PixelRepresentation = 16, 16, 15, 0
    image.RescaleSlope, image.RescaleIntercept = slope, intercept
    image.PixelData = np.full((4, 4), stored, np.uint16).tobytes()
    image.save_as(path, enforce_file_format=True)


def readings(slices):
    """What is read of (slope, intercept, stored value) a slice: as a series, file by file, and by the standard."""
    folder, uids = Path(mkdtemp(dir=".")), [generate_uid() for _ in range(3)]
    for number, scaling in enumerate(slices):
        write_slice(folder / f"{number}.dcm", number, *scaling, uids)
    files = sitk.ImageSeriesReader.GetGDCMSeriesFileNames(str(folder))
    series = sitk.GetArrayFromImage(sitk.ReadImage(files))[:, 0, 0]
    alone = [float(sitk.GetArrayFromImage(sitk.ReadImage(file))[0, 0, 0]) for file in files]
    return series.astype(float).tolist(), alone, [slope * stored + intercept for slope, intercept, stored in slices]


pet = readings([(1, 0, 0), (0.25, 0, 3), (0.25, 0, 30)])
ct = readings([(1, 0, 0), (1, -1024, 24), (1, -1024, 2024)])
print("slopes 1, 0.25, 0.25: series, file by file, stated:", *pet)
print("intercepts 0, -1024, -1024: series, file by file, stated:", *ct)
assert pet == ([0.0, 0.0, 7.0], [0.0, 0.75, 7.5], [0, 0.75, 7.5]), pet
assert ct == ([0.0, 64536.0, 1000.0], [0.0, -1000.0, 1000.0], [0, -1000, 1000]), ct
PYTHON
