#!/bin/sh
# highdicom's ReferencedSegment.from_segmentation, which makes the reference of a report to a segment, looks for Segment
# Identification in each frame. In a segmentation with one segment, highdicom itself writes that once, in the shared
# functional groups, as PS3.3 A.51.5 allows: so it cannot refer to the only segment of its own file. With two it can.
# Seen with highdicom 0.28.2 and pydicom 3.0.2: AttributeError. Prints what happens with one and two segments; fails when
# both go well.
set -e
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet highdicom==0.28.2 pydicom==3.0.2
"$folder/venv/bin/python" - <<'PYTHON'
import highdicom as hd
import numpy as np
from highdicom.sr import ReferencedSegment
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.sr.codedict import codes
from pydicom.uid import CTImageStorage, ExplicitVRLittleEndian, generate_uid

study, series, frame = generate_uid(), generate_uid(), generate_uid()


def image(z):
    made = Dataset()
    made.file_meta = FileMetaDataset()
    made.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    made.SOPClassUID, made.SOPInstanceUID = CTImageStorage, generate_uid()
    made.StudyInstanceUID, made.SeriesInstanceUID, made.FrameOfReferenceUID = study, series, frame
    made.PatientID, made.PatientName, made.PatientBirthDate, made.PatientSex = "1", "A^B", "", ""
    made.StudyID, made.StudyDate, made.StudyTime, made.AccessionNumber = "1", "20260101", "101010", ""
    made.Modality, made.Rows, made.Columns, made.InstanceNumber = "CT", 8, 8, z + 1
    made.ImagePositionPatient, made.ImageOrientationPatient = [0, 0, 2 * z], [1, 0, 0, 0, 1, 0]
    made.PixelSpacing, made.SliceThickness = [1, 1], 2
    return made


def outcome(count):
    images = [image(z) for z in range(3)]
    described = [
        hd.seg.SegmentDescription(
            number, f"Segment {number}", codes.SCT.Tissue, codes.SCT.Tissue, "MANUAL"
        )
        for number in range(1, count + 1)
    ]
    masks = np.ones((3, 8, 8, count), np.uint8)
    file = hd.seg.Segmentation(
        images, masks, "BINARY", described, hd.UID(), 2, hd.UID(), 1, "Maker", "Model", "1", "0"
    )
    shared = "SegmentIdentificationSequence" in file.SharedFunctionalGroupsSequence[0]
    try:
        ReferencedSegment.from_segmentation(file, 1)
    except AttributeError as error:
        return shared, str(error)
    return shared, "refers to segment 1"


one, two = outcome(1), outcome(2)
print("one segment: identification is shared:", one[0], "-", one[1])
print("two segments: identification is shared:", two[0], "-", two[1])
assert one[0] and "SegmentIdentificationSequence" in one[1]
assert two == (False, "refers to segment 1")
PYTHON
