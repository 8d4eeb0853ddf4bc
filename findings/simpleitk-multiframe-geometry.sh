#!/bin/sh
# SimpleITK gives an enhanced (multi-frame) DICOM file a spacing of 1 x 1 x 1 mm, without a warning, when its frames are not stored in the order of
# their positions, or when one is missing. Both are valid: the standard lets frames lie in any order, each with its own position. In order, or
# exactly reversed, the same file has its true spacing.
# Seen with SimpleITK 2.5.7 (ITK 5.4, GDCM) on files by pydicom 3.0.2. Fails when the true spacing, 0.5 x 0.5 x 3 mm, is read.
set -e
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet SimpleITK==2.5.7 pydicom==3.0.2 numpy==2.4.6
cd "$folder"
"$folder/venv/bin/python" - <<'PYTHON'
import numpy as np
import SimpleITK as sitk
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import EnhancedMRImageStorage, ExplicitVRLittleEndian, generate_uid


def item(**attributes):
    dataset = Dataset()
    for keyword, value in attributes.items():
        setattr(dataset, keyword, value)
    return [dataset]


def frame(place):
    return item(
        PlanePositionSequence=item(ImagePositionPatient=[0, 0, 3 * place]),
        FrameContentSequence=item(StackID="1", InStackPositionNumber=place + 1, DimensionIndexValues=[1, place + 1]),
    )[0]


def spacing(places):
    """What is read for the spacing (x, y, z) of a file whose frames lie at these places along z."""
    meta = FileMetaDataset()
    meta.TransferSyntaxUID, meta.MediaStorageSOPClassUID = ExplicitVRLittleEndian, EnhancedMRImageStorage
    meta.MediaStorageSOPInstanceUID = generate_uid()
    image = Dataset()
    image.file_meta = meta
    image.SOPClassUID, image.SOPInstanceUID = meta.MediaStorageSOPClassUID, meta.MediaStorageSOPInstanceUID
    image.StudyInstanceUID, image.SeriesInstanceUID, image.FrameOfReferenceUID = (generate_uid() for _ in range(3))
    image.PatientName, image.PatientID, image.Modality, image.InstanceNumber = "A", "A", "MR", 1
    image.ImageType = ["ORIGINAL", "PRIMARY", "M", "NONE"]
    image.Rows, image.Columns, image.SamplesPerPixel, image.PhotometricInterpretation = 4, 4, 1, "MONOCHROME2"
    image.BitsAllocated, image.BitsStored, image.HighBit, image.PixelRepresentation = 16, 16, 15, 0
    image.SharedFunctionalGroupsSequence = item(
        PixelMeasuresSequence=item(PixelSpacing=[0.5, 0.5], SliceThickness=3, SpacingBetweenSlices=3),
        PlaneOrientationSequence=item(ImageOrientationPatient=[1, 0, 0, 0, 1, 0]),
    )
    image.PerFrameFunctionalGroupsSequence = [frame(place) for place in places]
    image.NumberOfFrames = len(places)
    image.PixelData = np.zeros((len(places), 4, 4), np.uint16).tobytes()
    image.save_as("enhanced.dcm", enforce_file_format=True)
    return sitk.ReadImage("enhanced.dcm").GetSpacing()


in_order, reversed_order = spacing([0, 1, 2, 3, 4, 5]), spacing([5, 4, 3, 2, 1, 0])
interleaved, one_missing = spacing([0, 2, 4, 1, 3, 5]), spacing([0, 1, 3, 4, 5])
print("in order:", in_order, "reversed:", reversed_order)
print("interleaved:", interleaved, "one missing:", one_missing)
assert in_order == reversed_order == (0.5, 0.5, 3.0), (in_order, reversed_order)
assert interleaved == one_missing == (1.0, 1.0, 1.0), (interleaved, one_missing)
PYTHON
