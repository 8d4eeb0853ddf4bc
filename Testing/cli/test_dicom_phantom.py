"""A phantom of known place and values in every kind of DICOM: read exactly, or refused in words."""

import shutil
from pathlib import Path

import numpy as np
import pydicom
import pytest
from highdicom.legacy import LegacyConvertedEnhancedCTImage
from phantom_writing import (
    AXIAL,
    COMPUTED_RADIOGRAPHY,
    CORONAL,
    ENHANCED_CT,
    ENHANCED_MR,
    ENHANCED_PET,
    OBLIQUE,
    PET,
    SAGITTAL,
    SERIES,
    SPACING,
    ULTRASOUND_CINE,
    base,
    enhanced,
    item,
    phantom,
    recompress,
    save,
    slice_position,
    world_centroid,
    write_slices,
)
from pydicom import Dataset, uid

from medsamseg_server.errors import MedSAMSegError
from medsamseg_server.image_io.reading import read_image

VALUES = phantom()
OBJECT = VALUES == 3000
SCRAMBLED = [5, 0, 3, 7, 1, 6, 2, 4]
ENHANCED = {"CT": ENHANCED_CT, "MR": ENHANCED_MR, "PT": ENHANCED_PET}


def check(image, expected=VALUES, iop=AXIAL, mask=OBJECT):
    """Voxels equal to the last bit, the object where it is in the patient, and its volume."""
    np.testing.assert_array_equal(image.array, expected)
    geometry = image.geometry
    k, j, i = np.argwhere(mask).T
    steps = np.reshape(geometry.direction, (3, 3)) * np.array(geometry.spacing)
    centroid = np.array(geometry.origin) + steps @ np.array([i.mean(), j.mean(), k.mean()])
    np.testing.assert_allclose(centroid, world_centroid(iop), atol=0.01)
    assert mask.sum() * geometry.voxel_ml == pytest.approx(mask.sum() * np.prod(SPACING) / 1000, rel=1e-6)


def refusal(*arguments):
    with pytest.raises(MedSAMSegError) as raised:
        read_image(*arguments)
    return f"{raised.value.code}: {raised.value.message} {raised.value.hint}"


def positions(order, iop=AXIAL, step=None):
    return [slice_position(k, iop, step) for k in order]


@pytest.mark.parametrize("iop", [AXIAL, CORONAL, SAGITTAL, OBLIQUE])
def test_single_files_of_every_direction(tmp_path, iop):
    write_slices(tmp_path, VALUES, iop)
    image = read_image(tmp_path)
    check(image, iop=iop)
    assert image.notes == ()
    assert image.array.dtype == np.int16


@pytest.mark.parametrize("iop", [AXIAL, CORONAL, SAGITTAL, OBLIQUE])
@pytest.mark.parametrize("modality", ["CT", "MR", "PT"])
def test_scrambled_frames_of_every_direction(tmp_path, iop, modality):
    ds = enhanced(VALUES[SCRAMBLED], positions(SCRAMBLED, iop), iop, ENHANCED[modality], modality)
    image = read_image(save(ds, tmp_path / "scan").parent)
    check(image, iop=iop)
    assert image.source.frames == tuple(np.argsort(SCRAMBLED))
    assert image.source.is_reordered
    assert set(image.source.sop_instance_uids) == {ds.SOPInstanceUID}


def test_frames_that_are_stored_backwards_keep_their_numbers(tmp_path):
    order = list(range(8))[::-1]
    image = read_image(save(enhanced(VALUES[order], positions(order)), tmp_path / "scan"))
    check(image, VALUES[order], mask=OBJECT[order])
    assert not image.source.is_reordered


def test_files_that_highdicom_put_into_one(tmp_path):
    def change(ds, k):
        ds.RescaleSlope, ds.RescaleIntercept, ds.RescaleType = 1, -10 * k, "HU"
        ds.ImageType, ds.AccessionNumber, ds.PatientBirthDate, ds.PatientSex = ["ORIGINAL", "PRIMARY"], "", "", ""
        ds.StudyDate = ds.StudyTime = ds.StudyID = ds.ReferringPhysicianName = ds.Manufacturer = None
        ds.SeriesNumber = ds.BodyPartExamined = ds.Laterality = ds.AcquisitionNumber = None

    slices = [pydicom.dcmread(path) for path in write_slices(tmp_path / "single", VALUES, OBLIQUE, change=change)]
    legacy = LegacyConvertedEnhancedCTImage([slices[k] for k in SCRAMBLED], SERIES + ".9", 1, SERIES + ".9.1", 1)
    image = read_image(save(legacy, tmp_path / "scan"))
    # It stores them by their instance numbers, which here run against the order in space.
    check(image, scaled(lambda k: 1, lambda k: -10 * k)[::-1], OBLIQUE, OBJECT[::-1])


def test_stacks_beside_each_other_are_volumes_of_their_own(tmp_path):
    places = [*range(8), *range(8, 16)]
    ds = enhanced(
        np.concatenate([VALUES, VALUES + 1]),
        positions(places),
        groups=lambda n: {"FrameContentSequence": item(StackID=str(1 + n // 8))},
    )
    path = save(ds, tmp_path / "scan")
    assert f"{SERIES}:2  CT 'Phantom', stack 2, 8 frames in 1 file" in refusal(path)
    check(read_image(path, f"{SERIES}:1"))


def test_stacks_within_each_other_are_one_volume(tmp_path):
    ds = enhanced(VALUES, positions(range(8)), groups=lambda n: {"FrameContentSequence": item(StackID=str(1 + n % 2))})
    check(read_image(save(ds, tmp_path / "scan")))


def slope_of(k):
    return 1 if k == 0 else 0.00004 * (k + 1)


def scaled(slope, intercept):
    return np.stack([VALUES[k] * slope(k) + intercept(k) for k in range(8)])


SCALINGS = {
    "fractions after a whole one": (slope_of, lambda k: 0, np.float64),
    "an intercept after none": (lambda k: 1, lambda k: -1024 if k else 0, np.int32),
    "whole slopes": (lambda k: k + 1, lambda k: 7 - k, np.int32),
    "fractional intercept": (lambda k: 1, lambda k: 0.5, np.float64),
}


@pytest.mark.parametrize("kind", SCALINGS)
def test_each_file_has_its_own_scaling(tmp_path, kind):
    slope, intercept, dtype = SCALINGS[kind]

    def change(ds, k):
        ds.RescaleSlope, ds.RescaleIntercept = slope(k), intercept(k)

    write_slices(tmp_path, VALUES, change=change, sop_class=PET, modality="PT")
    image = read_image(tmp_path)
    check(image, scaled(slope, intercept))
    assert image.array.dtype == dtype


@pytest.mark.parametrize("kind", SCALINGS)
def test_each_frame_has_its_own_scaling(tmp_path, kind):
    slope, intercept, _ = SCALINGS[kind]

    def groups(n):
        k = SCRAMBLED[n]
        return {
            "PixelValueTransformationSequence": item(
                RescaleSlope=slope(k), RescaleIntercept=intercept(k), RescaleType="US"
            )
        }

    ds = enhanced(VALUES[SCRAMBLED], positions(SCRAMBLED), sop_class=ENHANCED_PET, modality="PT", groups=groups)
    check(read_image(save(ds, tmp_path / "scan")), scaled(slope, intercept))


#: Modality lookup tables: bits of an entry, and how pydicom writes the entries.
TABLES = {
    "words": (16, lambda table: table.astype("<u2").tobytes()),
    "numbers": (16, lambda table: [int(value) for value in table]),
    "bytes": (8, lambda table: table.astype(np.uint8).tobytes()),
}


@pytest.mark.parametrize("syntax", [uid.ExplicitVRLittleEndian, uid.ImplicitVRLittleEndian])
@pytest.mark.parametrize("kind", TABLES)
def test_a_table_of_real_values_is_applied(tmp_path, kind, syntax):
    bits, write = TABLES[kind]
    # Shorter than the range of the pixels at both ends.
    table, first = np.arange(1000)[::-1] * 3 % (1 << bits), -500
    entries = Dataset()
    entries.add_new("LUTDescriptor", "SS", [len(table), first, bits])
    entries.add_new("LUTData", "US" if kind == "numbers" else "OW", write(table))

    def change(ds, k):
        ds.ModalityLUTSequence, ds.file_meta.TransferSyntaxUID = [entries], syntax

    write_slices(tmp_path, VALUES, change=change)
    check(read_image(tmp_path), table[np.clip(VALUES.astype(int) - first, 0, len(table) - 1)])


def test_a_table_may_begin_far_below_the_pixels(tmp_path):
    entries = Dataset()
    entries.add_new("LUTDescriptor", "SS", [0, -32768, 16])  # 0 stands for 65536 entries
    entries.add_new("LUTData", "OW", np.arange(1 << 16).astype("<u2").tobytes())
    write_slices(tmp_path, VALUES, change=lambda ds, k: setattr(ds, "ModalityLUTSequence", [entries]))
    check(read_image(tmp_path), VALUES.astype(int) + 32768)


def test_a_table_that_is_cut_off_is_told(tmp_path):
    entries = Dataset()
    entries.add_new("LUTDescriptor", "SS", [1000, 0, 16])
    entries.add_new("LUTData", "OW", bytes(200))
    write_slices(tmp_path, VALUES[:1], change=lambda ds, k: setattr(ds, "ModalityLUTSequence", [entries]))
    assert "has 100 of the 1000 entries of its lookup table" in refusal(tmp_path)


def test_minus_1000_hu_stays_minus_1000_hu(tmp_path):
    def change(ds, k):
        ds.RescaleIntercept = -1024 if k else 0

    write_slices(tmp_path, np.full((8, 14, 11), 24, np.uint16), change=change)
    array = read_image(tmp_path).array
    assert (array[0] == 24).all()
    assert (array[1:] == -1000).all()


#: What tells two volumes of one series apart in enhanced files: functional groups of volume v (0 or 1) at slice k.
TELLING = {
    "time": lambda v, k: {"FrameContentSequence": item(TemporalPositionIndex=v + 1)},
    "echo time": lambda v, k: {"MREchoSequence": item(EffectiveEchoTime=4.6 + v)},
    "b-value": lambda v, k: {"MRDiffusionSequence": item(DiffusionBValue=1000.0 * v)},
    "stack": lambda v, k: {"FrameContentSequence": item(StackID=str(v + 1))},
    "kind": lambda v, k: {"MRImageFrameTypeSequence": item(FrameType=["ORIGINAL", "PRIMARY", "MP"[v], "NONE"])},
    "dimension 2": lambda v, k: {"FrameContentSequence": item(DimensionIndexValues=[1, v + 1, k + 1])},
    "trigger delay": lambda v, k: {"CardiacSynchronizationSequence": item(NominalCardiacTriggerDelayTime=40.0 * v)},
}


@pytest.mark.parametrize("interleaved", [False, True])
@pytest.mark.parametrize("kind", TELLING)
def test_volumes_in_one_file_are_listed_and_chosen(tmp_path, kind, interleaved):
    frames = [(v, k) for v in range(2) for k in range(8)]
    frames = sorted(frames, key=lambda frame: frame[1]) if interleaved else frames
    values = np.stack([VALUES[k] + v for v, k in frames])
    ds = enhanced(
        values,
        positions([k for _, k in frames]),
        sop_class=ENHANCED_MR,
        modality="MR",
        groups=lambda n: TELLING[kind](*frames[n]),
    )
    path = save(ds, tmp_path / "scan")
    listing = refusal(path)
    assert "series_ambiguous" in listing
    assert "holds 2 volumes. Choose one with --series UID:" in listing
    assert f"{SERIES}:2  MR 'Phantom', {kind} " in listing
    assert "8 frames in 1 file" in listing
    for v in range(2):
        check(read_image(path, f"{SERIES}:{v + 1}"), VALUES + v)


@pytest.mark.parametrize("keyword", ["TemporalPositionIdentifier", "EchoNumbers", "AcquisitionNumber", "TriggerTime"])
def test_volumes_in_single_files_are_listed_and_chosen(tmp_path, keyword):
    for v in range(2):
        write_slices(tmp_path, VALUES + v, name=f"T{v}", change=lambda ds, k, v=v: setattr(ds, keyword, v + 1))
    assert "holds 2 volumes" in refusal(tmp_path)
    for v in range(2):
        check(read_image(tmp_path, f"{SERIES}:{v + 1}"), VALUES + v)


def test_a_value_that_changes_from_slice_to_slice_does_not_tell_volumes_apart(tmp_path):
    for v in range(2):

        def change(ds, k, v=v):
            ds.FlipAngle, ds.AcquisitionNumber = v * 8 + k, v + 1

        write_slices(tmp_path, VALUES + v, name=f"T{v}", change=change)
    assert "acquisition 2, 8 files" in refusal(tmp_path)
    check(read_image(tmp_path, f"{SERIES}:2"), VALUES + 1)


def test_nothing_of_the_jpeg_library_is_printed(capfd):
    data = uid.__file__.replace("uid.py", "data/test_files/")
    assert read_image(Path(data + "JPGExtended.dcm")).array.shape == (1, 1024, 256)
    assert capfd.readouterr().err == ""


def test_times_that_nothing_tells_apart_are_refused(tmp_path):
    ds = enhanced(np.concatenate([VALUES, VALUES + 1]), positions([*range(8), *range(8)]))
    assert "dicom_same_position" in (words := refusal(save(ds, tmp_path / "scan")))
    assert "the frames 1 and 9 of scan" in words
    assert "over time or duplicates" in words


KEPT = [0, 1, 3, 4, 5, 6, 7]
MISPLACED = {
    "missing": (KEPT, None, "dicom_slice_missing", "5.00 mm apart, the others 2.50 mm"),
    "tilt": (range(8), (0, 0.5, 2.5), "dicom_sheared", "gantry tilt of 11.3 degrees"),
    "small tilt": (range(8), (0, 0.06, 10.0), "dicom_sheared", "gantry tilt of 0.3 degrees"),
    "uneven": ([0, 1, 2, 3, 4, 5, 6, 7.3], None, "dicom_spacing_uneven", "3.25 mm apart, most others 2.50 mm"),
}


@pytest.mark.parametrize("form", ["files", "frames"])
@pytest.mark.parametrize("kind", MISPLACED)
def test_what_is_no_even_volume_is_refused(tmp_path, kind, form):
    order, step, code, words = MISPLACED[kind]
    values, places = VALUES[np.array(order, int)], positions(order, step=step)
    if form == "frames":
        save(enhanced(values, places), tmp_path / "scan")
    else:
        write_slices(tmp_path, values, change=lambda ds, k: setattr(ds, "ImagePositionPatient", list(places[k])))
    found = refusal(tmp_path)
    assert code in found
    assert words in found


def test_pictures_over_time_are_no_volume(tmp_path):
    ds = base(np.abs(VALUES).astype(np.uint8), ULTRASOUND_CINE, "US")
    ds.FrameTime = 33
    found = refusal(save(ds, tmp_path / "cine.dcm"))
    assert "dicom_positions_missing: The 8 frames of cine.dcm do not say where they lie" in found
    assert "over time, 33 ms apart" in found


NO_SCANS = {
    "1.2.840.10008.5.1.4.1.1.66.4": "segmentation (SEG)",
    "1.2.840.10008.5.1.4.1.1.66.7": "segmentation (LABELMAP SEG)",
    "1.2.840.10008.5.1.4.1.1.481.2": "dose (RTDOSE)",
}


@pytest.mark.parametrize("sop_class", NO_SCANS)
def test_segmentations_and_doses_are_no_scans(tmp_path, sop_class):
    save(base(VALUES, sop_class, "OT", series="1.2.9"), tmp_path / "beside")
    assert f"There is no scan in {tmp_path}, only: 1 × {NO_SCANS[sop_class]}." in refusal(tmp_path)
    write_slices(tmp_path, VALUES)
    check(read_image(tmp_path))
    assert f"The series 1.2.9 is no scan: 1 × {NO_SCANS[sop_class]}." in refusal(tmp_path, "1.2.9")


def test_what_lies_beside_a_scan_does_not_matter(tmp_path):
    write_slices(tmp_path, VALUES)
    data = uid.__file__.replace("uid.py", "data/test_files/")
    for name in ("rtstruct.dcm", "rtplan.dcm", "reportsi.dcm", "rtdose_1frame.dcm", "SC_rgb_rle.dcm", "test-SR.dcm"):
        shutil.copy(data + name, tmp_path)
    shutil.copy(data + "dicomdirtests/DICOMDIR", tmp_path)
    (tmp_path / "notes.txt").write_text("not an image")
    image = read_image(tmp_path)
    check(image)
    assert image.notes == ()


#: How files break; what is said of them.
BREAKS = {
    "cut off in its pixels": (lambda content: content[:-100], "ends inside its pixels (208 of 308 bytes)"),
    "cut off in its header": (lambda content: content[:300], "ends before its pixels"),
    "empty": (lambda content: b"", "is empty"),
    "announces 65535 × 65535 pixels": (
        lambda content: content.replace(
            b"\x28\x00\x10\x00US\x02\x00\x0e\x00", b"\x28\x00\x10\x00US\x02\x00\xff\xff"
        ).replace(b"\x28\x00\x11\x00US\x02\x00\x0b\x00", b"\x28\x00\x11\x00US\x02\x00\xff\xff"),
        "ends inside its pixels (308 of 8,589,672,450 bytes)",
    ),
}


@pytest.mark.parametrize("kind", BREAKS)
def test_a_damaged_file_at_the_end_is_left_out_and_named(tmp_path, kind):
    damage, words = BREAKS[kind]
    last = write_slices(tmp_path, VALUES)[-1]
    last.write_bytes(damage(last.read_bytes()))
    image = read_image(tmp_path)
    check(image, VALUES[:-1], mask=OBJECT[:-1])
    assert image.notes == (f"1 file could not be read and was left out: {last.name} {words}.",)


@pytest.mark.parametrize(
    "keyword", ["Rows", "Columns", "NumberOfFrames", "SamplesPerPixel", "BitsStored", "HighBit", "PixelRepresentation"]
)
def test_a_file_with_several_numbers_in_the_place_of_one_is_left_out_and_named(tmp_path, keyword):
    def change(ds, k):
        if k == 7:
            setattr(ds, keyword, [1, 1])

    last = write_slices(tmp_path, VALUES, change=change)[-1]
    image = read_image(tmp_path)
    check(image, VALUES[:-1], mask=OBJECT[:-1])
    assert image.notes == (
        f"1 file could not be read and was left out: {last.name} has several values as its {keyword}.",
    )


@pytest.mark.parametrize("kind", BREAKS)
def test_a_damaged_file_in_the_middle_is_named(tmp_path, kind):
    damage, words = BREAKS[kind]
    middle = write_slices(tmp_path, VALUES)[4]
    middle.write_bytes(damage(middle.read_bytes()))
    found = refusal(tmp_path)
    assert "dicom_slice_missing" in found
    assert f"{middle.name} {words}" in found


@pytest.mark.parametrize("share", [0.3, 0.6, 0.99])
def test_an_enhanced_file_that_is_cut_off_is_refused(tmp_path, share):
    path = save(enhanced(VALUES, positions(range(8))), tmp_path / "scan.dcm")
    path.write_bytes(path.read_bytes()[: int(share * path.stat().st_size)])
    found = refusal(path)
    assert "image_incomplete" in found
    assert "scan.dcm ends " in found


COMPRESSED = [uid.RLELossless, uid.JPEGLSLossless, uid.JPEG2000Lossless, uid.JPEGLosslessSV1]


@pytest.mark.parametrize("syntax", COMPRESSED)
def test_compressed_files_are_read_exactly(tmp_path, syntax):
    for path in write_slices(tmp_path, VALUES):
        recompress(path, syntax)
    check(read_image(tmp_path))


@pytest.mark.parametrize("syntax", COMPRESSED)
def test_compressed_frames_are_read_exactly(tmp_path, syntax):
    path = save(enhanced(VALUES[SCRAMBLED], positions(SCRAMBLED)), tmp_path / "scan")
    recompress(path, syntax)
    check(read_image(path))


@pytest.mark.parametrize("cut", [20, 120])
def test_a_compressed_file_that_is_cut_off_is_left_out(tmp_path, cut):
    paths = write_slices(tmp_path, VALUES)
    for path in paths:
        recompress(path, uid.RLELossless)
    paths[-1].write_bytes(paths[-1].read_bytes()[:-cut])
    image = read_image(tmp_path)
    check(image, VALUES[:-1], mask=OBJECT[:-1])
    assert f"{paths[-1].name} ends inside its pixels" in image.notes[0]


def test_a_compressed_file_of_another_size_than_it_announces_is_left_out(tmp_path):
    paths = write_slices(tmp_path, VALUES)
    recompress(paths[-1], uid.JPEG2000Lossless)
    ds = pydicom.dcmread(paths[-1])
    at = ds.PixelData.index(b"\xff\x4f\xff\x51") + 8
    ds.PixelData = ds.PixelData[:at] + (60000).to_bytes(4, "big") * 2 + ds.PixelData[at + 8 :]
    ds.save_as(paths[-1])
    assert "announces another size than its compressed pixels have" in read_image(tmp_path).notes[0]


@pytest.mark.parametrize(
    ("number", "words"), [("201", "High-Throughput JPEG 2000"), ("110", "JPEG XL Lossless"), ("112", "JPEG XL")]
)
def test_a_codec_that_is_missing_is_named(tmp_path, number, words):
    for path in write_slices(tmp_path, VALUES):
        recompress(path, uid.JPEG2000Lossless)
        ds = pydicom.dcmread(path)
        ds.file_meta.TransferSyntaxUID = uid.HTJ2KLossless
        ds.save_as(path)
        path.write_bytes(path.read_bytes().replace(b"1.2.4.201", b"1.2.4." + number.encode()))
    found = refusal(tmp_path)
    assert "image_compressed" in found
    assert f"{words} " in found
    assert f"(transfer syntax 1.2.840.10008.1.2.4.{number})" in found
    assert "Export the series uncompressed" in found


PLAIN = [uid.ImplicitVRLittleEndian, uid.ExplicitVRBigEndian, uid.DeflatedExplicitVRLittleEndian]


@pytest.mark.parametrize("syntax", PLAIN)
def test_every_way_to_store_plain_pixels_is_read_exactly(tmp_path, syntax):
    for path in write_slices(tmp_path, VALUES):
        ds = pydicom.dcmread(path)
        ds.file_meta.TransferSyntaxUID = syntax
        if syntax == uid.ExplicitVRBigEndian:
            ds.PixelData = np.frombuffer(ds.PixelData, "<i2").astype(">i2").tobytes()
        pydicom.dcmwrite(path, ds, implicit_vr=syntax.is_implicit_VR, little_endian=syntax.is_little_endian)
    check(read_image(tmp_path))


def test_files_without_preamble_or_number_are_read(tmp_path):
    for path in write_slices(tmp_path, VALUES):
        ds = pydicom.dcmread(path)
        del ds.InstanceNumber
        with path.open("wb") as stream:
            pydicom.filewriter.write_dataset(stream_of(stream), ds)
    check(read_image(tmp_path))


def stream_of(stream):
    found = pydicom.filebase.DicomFileLike(stream)
    found.is_implicit_VR, found.is_little_endian = False, True
    return found


def test_values_are_not_inverted_where_bright_is_shown_dark(tmp_path):
    write_slices(tmp_path, VALUES, change=lambda ds, k: setattr(ds, "PhotometricInterpretation", "MONOCHROME1"))
    check(read_image(tmp_path))


def test_bits_that_do_not_belong_to_the_pixels_are_left_out(tmp_path):
    def change(ds, k):
        ds.BitsStored, ds.HighBit = 13, 12

    write_slices(tmp_path, (VALUES & 0x1FFF) | 0x4000, change=change)
    check(read_image(tmp_path))


def test_copies_are_called_duplicates(tmp_path):
    paths = write_slices(tmp_path / "a", VALUES)
    shutil.copytree(tmp_path / "a", tmp_path / "b")
    image = read_image(tmp_path)
    check(image)
    assert "for they are duplicates" in image.notes[0]
    assert f"{sorted(path.name for path in paths)[0]}" in image.notes[0]


def test_copies_under_other_uids_are_called_duplicates(tmp_path):
    for name in "ab":
        write_slices(tmp_path, VALUES, name=name)
    image = read_image(tmp_path)
    check(image)
    assert "for they are duplicates" in image.notes[0]


@pytest.mark.parametrize("place", [True, False], ids=["localizer", "screenshot"])
def test_an_odd_picture_in_the_series_is_left_out_and_named(tmp_path, place):
    write_slices(tmp_path, VALUES)
    (odd,) = write_slices(tmp_path, VALUES[:1, :9], iop=CORONAL, name="scout")
    if not place:
        ds = pydicom.dcmread(odd)
        del ds.ImagePositionPatient
        ds.save_as(odd)
    image = read_image(tmp_path)
    check(image)
    assert image.notes == ("Left out, for they are of another size or direction or have no place: scout000.",)


@pytest.mark.parametrize(("thickness", "expected"), [(2.5, 2.5), (None, 1)])
def test_a_single_slice_is_as_thick_as_it_says(tmp_path, thickness, expected):
    write_slices(tmp_path, VALUES[2:3], change=lambda ds, k: setattr(ds, "SliceThickness", thickness))
    image = read_image(tmp_path)
    assert image.geometry.spacing[2] == expected
    told = ["does not say how thick it is; 1 mm is assumed" in note for note in image.notes]
    assert told == ([] if thickness else [True])


def test_a_scan_keeps_where_it_came_from(tmp_path):
    paths = write_slices(tmp_path, VALUES)
    source = read_image(tmp_path).source
    assert source.series_uid == SERIES
    assert source.files == tuple(paths)
    assert source.sop_instance_uids == tuple(pydicom.dcmread(path).SOPInstanceUID for path in paths)
    assert source.frames == (0,) * 8


def test_a_projection_without_sizes_gives_no_milliliters(tmp_path):
    image = read_image(save(base(VALUES[0], COMPUTED_RADIOGRAPHY, "CR"), tmp_path / "hand"))
    assert image.voxel_ml is None
    assert image.notes == (
        "hand does not say where in the patient it lies.",
        "hand does not say how large its pixels are: they are counted, but give no milliliters.",
    )


def test_scans_at_one_place_with_the_same_names_are_told_with_their_folders(tmp_path):
    for name, more in ("a", 0), ("b", 5):
        write_slices(tmp_path / name, VALUES + more)
    assert "show the same place (a/IM000 and b/IM000)" in refusal(tmp_path)


def test_an_index_of_files_is_told(tmp_path):
    shutil.copy(uid.__file__.replace("uid.py", "data/test_files/dicomdirtests/DICOMDIR"), tmp_path)
    found = refusal(tmp_path / "DICOMDIR")
    assert f"The file {tmp_path / 'DICOMDIR'} holds no image." in found
    assert "give the folder that it is in" in found


def test_mosaics_are_refused(tmp_path):
    write_slices(tmp_path, VALUES[:1], change=lambda ds, k: setattr(ds, "ImageType", ["ORIGINAL", "PRIMARY", "MOSAIC"]))
    assert "dicom_mosaic" in refusal(tmp_path)


@pytest.mark.filterwarnings("ignore:Invalid value for VR DA")  # from writing it
def test_nothing_of_the_readers_own_warnings_is_printed(tmp_path, capfd):
    paths = write_slices(tmp_path, VALUES, change=lambda ds, k: setattr(ds, "PatientBirthDate", "never"))
    paths[-1].write_bytes(paths[-1].read_bytes()[:-10])
    recompress(paths[0], uid.JPEG2000Lossless)
    read_image(tmp_path)
    captured = capfd.readouterr()
    assert (captured.out, captured.err) == ("", "")
