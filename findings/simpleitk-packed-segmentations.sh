#!/bin/sh
# SimpleITK reads the last voxels of a valid binary DICOM segmentation (SEG) wrong, without a warning, when the bits of all frames together do not fill
# whole bytes (PS3.5 section 8.1.1 packs frames without padding): those in the last, partly filled byte, in the last corner of one slice.
# highdicom, which also wrote the files, reads them right.
# Seen with SimpleITK 2.5.7 (ITK 5.4, GDCM) and highdicom 0.28.2. Fails when SimpleITK reads them right.
set -e
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet SimpleITK==2.5.7 highdicom==0.28.2 pydicom==3.0.2 numpy==2.4.6
cd "$folder"
"$folder/venv/bin/python" - <<'PYTHON'
import highdicom
import numpy as np
import SimpleITK as sitk
from highdicom.seg import SegmentAlgorithmTypeValues, SegmentationTypeValues, SegmentDescription
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.sr.codedict import codes
from pydicom.uid import CTImageStorage, ExplicitVRLittleEndian, generate_uid


def scan(slices, rows, columns):
    """The headers of a CT of some slices."""
    study, series, place = (generate_uid() for _ in range(3))
    images = []
    for number in range(slices):
        image = Dataset()
        image.file_meta = FileMetaDataset()
        image.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
        image.SOPClassUID, image.SOPInstanceUID = CTImageStorage, generate_uid()
        image.StudyInstanceUID, image.SeriesInstanceUID, image.FrameOfReferenceUID = study, series, place
        image.PatientID = image.PatientName = "A^"
        image.PatientBirthDate = image.PatientSex = image.StudyID = image.StudyDate = image.StudyTime = ""
        image.AccessionNumber = image.ReferringPhysicianName = image.PositionReferenceIndicator = ""
        image.Modality, image.InstanceNumber = "CT", number + 1
        image.ImagePositionPatient, image.ImageOrientationPatient = [0, 0, 2 * number], [1, 0, 0, 0, 1, 0]
        image.PixelSpacing, image.SliceThickness = [1, 1], 2
        image.Rows, image.Columns = rows, columns
        images.append(image)
    return images


def wrong_voxels(rows, columns):
    """How many voxels of a mask on four slices each reader gets wrong, in whichever order it has the slices."""
    mask = (np.random.default_rng(1).random((4, rows, columns)) < 0.3).astype(np.uint8)
    description = SegmentDescription(1, "A", codes.SCT.Tissue, codes.SCT.Tissue, SegmentAlgorithmTypeValues.MANUAL)
    highdicom.seg.Segmentation(
        scan(4, rows, columns),
        mask,
        SegmentationTypeValues.BINARY,
        [description],
        series_instance_uid=generate_uid(),
        series_number=2,
        sop_instance_uid=generate_uid(),
        instance_number=1,
        manufacturer="A",
        manufacturer_model_name="A",
        software_versions="1",
        device_serial_number="0",
    ).save_as("seg.dcm")
    by_highdicom = highdicom.seg.segread("seg.dcm").get_volume().array.reshape(mask.shape)
    by_itk = sitk.GetArrayFromImage(sitk.ReadImage("seg.dcm"))
    return [min(int((array != mask).sum()), int((array[::-1] != mask).sum())) for array in (by_highdicom, by_itk > 0)]


whole, rest = wrong_voxels(14, 11), wrong_voxels(13, 11)
print("4 frames of 14 x 11 bits fill 77 bytes: wrong by highdicom, SimpleITK:", *whole)
print("4 frames of 13 x 11 bits fill 71 bytes and a half: wrong by highdicom, SimpleITK:", *rest)
assert whole == [0, 0], whole
assert rest == [0, 2], rest
PYTHON
