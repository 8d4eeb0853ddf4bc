#!/bin/sh
# rt-utils writes structure sets (RTSTRUCT) that are half a voxel too small all round: it puts contours through the centers of the outermost
# voxels (OpenCV's findContours) and not along their edges. A ball of 12 mm loses 17 % of its volume, 2 x 2 voxels three
# quarters, a single voxel or a line of voxels everything: "closed" contours of one or two points. Whoever tries a round trip does not see it, because
# rt-utils fills what a contour touches.
# Seen with rt-utils 1.2.7 and pydicom 3.0.2. Prints the volumes of masks, as rt-utils reads them back, and inside of
# the contours (planimetry); fails when the latter are those of the masks.
set -e
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet rt-utils==1.2.7 pydicom==3.0.2 numpy==2.4.6 opencv-python-headless==5.0.0.93
cd "$folder"
"$folder/venv/bin/python" - <<'PYTHON'
from pathlib import Path

import numpy as np
import pydicom
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import CTImageStorage, ExplicitVRLittleEndian, generate_uid
from rt_utils import RTStructBuilder

SLICES, SIDE, THICKNESS = 10, 32, 2


def write_scan():
    study, series, place = (generate_uid() for _ in range(3))
    Path("scan").mkdir()
    for number in range(SLICES):
        image = Dataset()
        image.file_meta = FileMetaDataset()
        image.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
        image.SOPClassUID, image.SOPInstanceUID = CTImageStorage, generate_uid()
        image.StudyInstanceUID, image.SeriesInstanceUID, image.FrameOfReferenceUID = study, series, place
        image.PatientID = image.PatientName = "A^"
        image.PatientBirthDate = image.PatientSex = image.StudyID = image.StudyDate = image.StudyTime = ""
        image.Modality, image.InstanceNumber = "CT", number + 1
        image.ImagePositionPatient, image.ImageOrientationPatient = [0, 0, THICKNESS * number], [1, 0, 0, 0, 1, 0]
        image.PixelSpacing, image.SliceThickness = [1, 1], THICKNESS
        image.Rows = image.Columns = SIDE
        image.SamplesPerPixel, image.PhotometricInterpretation = 1, "MONOCHROME2"
        image.BitsAllocated, image.BitsStored, image.HighBit, image.PixelRepresentation = 16, 16, 15, 0
        image.PixelData = np.zeros((SIDE, SIDE), np.uint16).tobytes()
        image.save_as(f"scan/{number}.dcm", enforce_file_format=True)


def inside(roi):
    """The volume inside of an object's contours, none of which lies in another one here, in mm³."""
    volume = 0.0
    for contour in roi.ContourSequence:
        x, y, _ = np.array(contour.ContourData, float).reshape(-1, 3).T
        volume += THICKNESS * abs(np.sum(x * np.roll(y, -1) - y * np.roll(x, -1))) / 2
    return volume


write_scan()
row, column, slice_ = np.mgrid[:SIDE, :SIDE, :SLICES]
ball = (column - 15) ** 2 + (row - 14) ** 2 + (THICKNESS * (slice_ - 4)) ** 2 <= 6**2
square, line, voxel = (np.zeros_like(ball) for _ in range(3))
square[10:12, 11:13, 4] = line[10, 5:20, 3] = voxel[10, 11, 4] = True
masks = {"ball": ball, "square": square, "line": line, "voxel": voxel}

structures = RTStructBuilder.create_new("scan")
for name, mask in masks.items():
    structures.add_roi(mask=mask, name=name)
structures.save("structures.dcm")

again = RTStructBuilder.create_from("scan", "structures.dcm")
rois = pydicom.dcmread("structures.dcm").ROIContourSequence
share = {}
for (name, mask), roi in zip(masks.items(), rois, strict=True):
    volume = int(mask.sum()) * THICKNESS
    back = int(again.get_roi_mask_by_name(name).sum()) * THICKNESS
    points = sorted({len(contour.ContourData) // 3 for contour in roi.ContourSequence})
    print(f"{name}: mask {volume} mm³, read back {back}, inside of the contours {inside(roi)}; points {points}")
    assert back == volume, back
    share[name] = inside(roi) / volume
assert abs(share["ball"] - 0.83) < 0.01, share
assert share["square"] == 0.25 and share["line"] == share["voxel"] == 0, share
PYTHON
