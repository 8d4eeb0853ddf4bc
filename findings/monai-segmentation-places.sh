#!/bin/sh
# MONAI's PydicomReader reads a DICOM segmentation (SEG) with several segments into wrong places, without a warning: it stacks the frames of each
# segment from the first slice on, wherever their positions say that they lie. Slices without a segment are usually left out (highdicom, dcmqi and 3D Slicer
# do so), so segments come with their slices moved onto each other; the distance of slices is the one between first and last
# frame of the file, across segments, and may come out with the wrong sign. Segments with unequal numbers of frames cannot be read at all.
# Seen with monai 1.6.1, highdicom 0.28.2 and pydicom 3.0.2. Prints where each object's slices are, and where MONAI has them; fails when
# these agree.
set -e
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet monai==1.6.1 torch==2.13.0 highdicom==0.28.2 pydicom==3.0.2 numpy==2.4.6
cd "$folder"
"$folder/venv/bin/python" - <<'PYTHON'
import highdicom
import numpy as np
from highdicom.seg import SegmentAlgorithmTypeValues, SegmentationTypeValues, SegmentDescription
from monai.data import PydicomReader
from monai.transforms import LoadImage
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.sr.codedict import codes
from pydicom.uid import CTImageStorage, ExplicitVRLittleEndian, generate_uid

SLICES, SIDE, STEP = 10, 8, 2


def scan():
    """The headers of a CT."""
    study, series, place = (generate_uid() for _ in range(3))
    images = []
    for number in range(SLICES):
        image = Dataset()
        image.file_meta = FileMetaDataset()
        image.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
        image.SOPClassUID, image.SOPInstanceUID = CTImageStorage, generate_uid()
        image.StudyInstanceUID, image.SeriesInstanceUID, image.FrameOfReferenceUID = study, series, place
        image.PatientID = image.PatientName = "A^"
        image.PatientBirthDate = image.PatientSex = image.StudyID = image.StudyDate = image.StudyTime = ""
        image.AccessionNumber = image.ReferringPhysicianName = image.PositionReferenceIndicator = ""
        image.Modality, image.InstanceNumber = "CT", number + 1
        image.ImagePositionPatient, image.ImageOrientationPatient = [0, 0, STEP * number], [1, 0, 0, 0, 1, 0]
        image.PixelSpacing, image.SliceThickness = [1, 1], STEP
        image.Rows = image.Columns = SIDE
        images.append(image)
    return images


def heights(*segments):
    """Where MONAI has the slices of segments along the patient's axis, in mm; in, for each, the slices that it is on."""
    mask = np.zeros((SLICES, SIDE, SIDE, len(segments)), np.uint8)
    for number, slices in enumerate(segments):
        mask[slices, 2:5, 2:5, number] = 1
    descriptions = [
        SegmentDescription(number + 1, f"Object {number}", codes.SCT.Tissue, codes.SCT.Tissue, SegmentAlgorithmTypeValues.MANUAL)
        for number in range(len(segments))
    ]
    written = highdicom.seg.Segmentation(
        scan(),
        mask,
        SegmentationTypeValues.BINARY,
        descriptions,
        series_instance_uid=generate_uid(),
        series_number=2,
        sop_instance_uid=generate_uid(),
        instance_number=1,
        manufacturer="A",
        manufacturer_model_name="A",
        software_versions="1",
        device_serial_number="0",
    )
    written.save_as("seg.dcm")
    image = LoadImage(reader=PydicomReader())("seg.dcm")
    found = []
    for number in range(len(segments)):
        voxels = np.argwhere(image.numpy()[..., number] > 0)
        places = image.affine.numpy() @ np.column_stack([voxels, np.ones(len(voxels))]).T
        found.append(sorted(set(places[2].round(1).tolist())))
    return found


apart = heights([2, 3, 4], [6, 7, 8])
print("objects at 4, 6, 8 and at 12, 14, 16 mm come at:", *apart)
overlapping = heights([1, 2, 3, 4], [3, 4, 5, 6])
print("objects at 2, 4, 6, 8 and at 6, 8, 10, 12 mm come at:", *overlapping)
assert apart == [[8, 10, 12]] * 2, apart
assert overlapping == [[6, 6.7, 7.3, 8]] * 2, overlapping
try:
    heights([2, 3, 4], [2, 3])
except ValueError as error:
    print("objects on three and on two slices:", error)
else:
    raise AssertionError("read")
PYTHON
