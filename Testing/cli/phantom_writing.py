"""A phantom whose place is known, written as DICOM in the ways of scanners and archives, by pydicom and highdicom."""

import numpy as np
import pydicom
import SimpleITK as sitk
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.encaps import encapsulate, generate_fragments
from pydicom.sequence import Sequence
from pydicom.uid import ExplicitVRLittleEndian, JPEG2000Lossless, JPEGLosslessSV1, generate_uid

CT, ENHANCED_CT = "1.2.840.10008.5.1.4.1.1.2", "1.2.840.10008.5.1.4.1.1.2.1"
ENHANCED_MR, ENHANCED_PET = "1.2.840.10008.5.1.4.1.1.4.1", "1.2.840.10008.5.1.4.1.1.130"
COMPUTED_RADIOGRAPHY = "1.2.840.10008.5.1.4.1.1.1"
PET, ULTRASOUND_CINE = "1.2.840.10008.5.1.4.1.1.128", "1.2.840.10008.5.1.4.1.1.3.1"
SERIES = "1.2.826.0.1.3680043.10.77.1"

AXIAL = (1, 0, 0, 0, 1, 0)
CORONAL = (1, 0, 0, 0, 0, -1)
SAGITTAL = (0, 1, 0, 0, 0, -1)
OBLIQUE = (0.8, 0.6, 0, -0.36, 0.48, 0.8)
SPACING = (0.7, 0.9, 2.5)  # between columns (I), rows (J), slices (K)
ORIGIN = np.array((-31.5, 12.25, -80.125))
SHAPE = (8, 14, 11)


def phantom(shape=SHAPE):
    """Stored values (K, J, I), int16: an L that no turn or mirror leaves as it is, on a ramp where no two are equal."""
    values = np.arange(np.prod(shape), dtype=np.int16).reshape(shape) - 900
    values[2:5, 3:9, 2] = 3000
    values[2:4, 8, 2:7] = 3000
    values[4, 3, 3] = 3000
    return values


def slice_position(k, iop=AXIAL, step=None):
    normal = np.cross(iop[:3], iop[3:])
    return ORIGIN + k * (normal * SPACING[2] if step is None else np.array(step))


def world_centroid(iop=AXIAL, shape=SHAPE):
    """Center of the L in the patient (LPS, mm), from the stored indices by the formula of PS3.3 C.7.6.2.1.1."""
    indices = np.argwhere(phantom(shape) == 3000)
    rows, columns = np.array(iop[:3]), np.array(iop[3:])
    return np.mean(
        [slice_position(k, iop) + rows * SPACING[0] * i + columns * SPACING[1] * j for k, j, i in indices], 0
    )


def base(values, sop_class=CT, modality="CT", series=SERIES, uid=None):
    """A dataset with the pixels of `values` (rows, columns) or (frames, rows, columns) and nothing of their place."""
    ds = Dataset()
    ds.file_meta = FileMetaDataset()
    ds.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    ds.file_meta.MediaStorageSOPClassUID = ds.SOPClassUID = sop_class
    ds.file_meta.MediaStorageSOPInstanceUID = ds.SOPInstanceUID = uid or generate_uid()
    ds.StudyInstanceUID, ds.SeriesInstanceUID, ds.FrameOfReferenceUID = "1.2.3", series, "1.2.4"
    ds.PatientName, ds.PatientID, ds.Modality, ds.SeriesDescription = "P^H", "1", modality, "Phantom"
    ds.Rows, ds.Columns = values.shape[-2:]
    if values.ndim == 3:
        ds.NumberOfFrames = len(values)
    ds.SamplesPerPixel, ds.PhotometricInterpretation = 1, "MONOCHROME2"
    bits = values.dtype.itemsize * 8
    ds.BitsAllocated, ds.BitsStored, ds.HighBit = bits, bits, bits - 1
    ds.PixelRepresentation = int(values.dtype.kind == "i")
    ds.PixelData = np.ascontiguousarray(values).tobytes()
    return ds


def write_slices(folder, values, iop=AXIAL, step=None, change=None, series=SERIES, name="IM", **kind):
    """A file for each slice, with names and instance numbers against the order in space; returns the paths by K."""
    folder.mkdir(parents=True, exist_ok=True)
    paths = []
    for k, plane in enumerate(values):
        ds = base(plane, series=series, **kind)
        ds.InstanceNumber = len(values) - k
        ds.ImagePositionPatient = [f"{value:.6f}" for value in slice_position(k, iop, step)]
        ds.ImageOrientationPatient = [f"{value:.8f}" for value in iop]
        ds.PixelSpacing = [SPACING[1], SPACING[0]]
        ds.SliceThickness = SPACING[2]
        if change is not None:
            change(ds, k)
        paths.append(folder / f"{name}{k * 37 % 101:03d}")
        ds.save_as(paths[-1], enforce_file_format=True)
    return paths


def item(**values):
    """A sequence of one item."""
    dataset = Dataset()
    for keyword, value in values.items():
        setattr(dataset, keyword, value)
    return Sequence([dataset])


def enhanced(values, positions, iop=AXIAL, sop_class=ENHANCED_CT, modality="CT", groups=None, **kind):
    """An enhanced file: frame n is `values[n]` at `positions[n]`; `groups(n)` adds functional groups of its own."""
    ds = base(values, sop_class, modality, **kind)
    shared, frames = Dataset(), []
    shared.PixelMeasuresSequence = item(PixelSpacing=[SPACING[1], SPACING[0]], SliceThickness=SPACING[2])
    shared.PlaneOrientationSequence = item(ImageOrientationPatient=list(iop))
    for n, position in enumerate(positions):
        frame = Dataset()
        frame.PlanePositionSequence = item(ImagePositionPatient=[round(float(value), 6) for value in position])
        for keyword, value in (groups(n) if groups else {}).items():
            setattr(frame, keyword, value)
        frames.append(frame)
    ds.SharedFunctionalGroupsSequence = Sequence([shared])
    ds.PerFrameFunctionalGroupsSequence = Sequence(frames)
    return ds


def save(ds, path):
    path.parent.mkdir(parents=True, exist_ok=True)
    ds.save_as(path, enforce_file_format=True)
    return path


#: Encoders that pydicom lacks, and GDCM has.
_BY_GDCM = {JPEG2000Lossless: "JPEG2000", JPEGLosslessSV1: "JPEG"}


def recompress(path, syntax):
    """Compress a file in place, by pydicom's encoders, or by GDCM's, frame by frame."""
    ds = pydicom.dcmread(path)
    if syntax in _BY_GDCM:
        ds.PixelData = encapsulate([_encoded(plane, path, syntax) for plane in _planes(ds)])
        ds["PixelData"].is_undefined_length = True
        ds.file_meta.TransferSyntaxUID = syntax
    else:
        ds.compress(syntax, generate_instance_uid=False)
    ds.save_as(path)


def _planes(ds):
    return ds.pixel_array.reshape(-1, ds.Rows, ds.Columns)


def _encoded(plane, path, syntax):
    writer = sitk.ImageFileWriter()
    writer.SetImageIO("GDCMImageIO")
    writer.UseCompressionOn()
    writer.SetCompressor(_BY_GDCM[syntax])
    alone = path.with_name("encoded.tmp")
    writer.SetFileName(str(alone))
    writer.Execute(sitk.GetImageFromArray(plane))
    ds = pydicom.dcmread(alone)
    alone.unlink()
    assert ds.file_meta.TransferSyntaxUID == syntax
    return b"".join(generate_fragments(ds.PixelData[8:]))
