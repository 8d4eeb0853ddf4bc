"""DICOM SEG from `medsamseg segment`: the right voxels in the right place for two other readers, and whose they are."""

import highdicom
import numpy as np
import pydicom
import pytest
import SimpleITK as sitk
from phantom_writing import OBLIQUE, enhanced, save, slice_position, world_centroid, write_slices
from pydicom.sr.codedict import codes
from test_segment_command import networks  # noqa: F401

from medsamseg_server import __version__
from medsamseg_server.errors import ErrorKind, MedSAMSegError
from medsamseg_server.image_io.label_reading import read_labels
from medsamseg_server.image_io.mask_writer import Segment, SegmentingModel
from medsamseg_server.image_io.reading import read_image
from medsamseg_server.image_io.segmentations import write_segmentation

MODEL = SegmentingModel("litemedsam", "ab" * 32)
#: SimpleITK reads the last voxels wrong where the bits of all planes do not fill whole bytes; 14 × 12 always do.
SHAPE = (8, 14, 12)


def whole(ds, _=None):
    """Adds what every scanner writes and the phantom lacks."""
    ds.StudyID, ds.StudyDate, ds.StudyTime = "7", "20260102", "101112"
    ds.PatientBirthDate, ds.PatientSex, ds.AccessionNumber = "19500102", "O", "A1"
    ds.PatientName, ds.SpecificCharacterSet = "Müller^Änne", "ISO_IR 100"


def phantom():
    values = np.arange(np.prod(SHAPE), dtype=np.int16).reshape(SHAPE) - 900
    values[mask() > 0] = 3000
    return values


def mask():
    made = np.zeros(SHAPE, np.uint8)
    made[2:5, 3:9, 2] = made[2:4, 8, 2:7] = made[4, 3, 3] = 1
    return made


def other():
    """Overlaps the first object."""
    made = np.zeros(SHAPE, np.uint8)
    made[4:7, 2:6, 1:9] = 1
    return made


def write_files(folder):
    return write_slices(folder / "scan", phantom(), OBLIQUE, change=whole)


def write_enhanced(folder):
    """One file, whose frames are stored in another order than in space."""
    order = [3, 0, 7, 1, 6, 2, 5, 4]
    ds = enhanced(phantom()[order], [slice_position(k, OBLIQUE) for k in order], OBLIQUE)
    whole(ds)
    return [save(ds, folder / "scan" / "enhanced")]


@pytest.fixture(params=[write_files, write_enhanced])
def scan(request, tmp_path):
    return request.param(tmp_path)


@pytest.fixture
def written(scan, tmp_path):
    image = read_image(scan[0].parent)
    out = tmp_path / "out.dcm"
    segments = [Segment("Läsion", mask(), (1.0, 0.0, 0.0), MODEL), Segment("Other", other(), found_by=MODEL)]
    write_segmentation(out, segments, image.place)
    return out


def places(voxels, matrix):
    """Centers in the patient, in some order that depends on nothing else."""
    index = np.argwhere(voxels)
    found = index @ matrix[:3, :3].T + matrix[:3, 3]
    return found[np.lexsort(np.round(found, 3).T)]


def test_highdicom_finds_each_object_in_its_place_with_its_name(scan, written):
    file = highdicom.seg.segread(written)
    assert file.segmentation_type.value == "BINARY"
    image = read_image(scan[0].parent)
    for number, (name, expected) in enumerate([("Läsion", mask()), ("Other", other())], start=1):
        assert file.get_segment_description(number).segment_label == name
        volume = file.get_volume(segment_numbers=[number])
        np.testing.assert_allclose(
            places(volume.array[..., 0], volume.affine),
            places(np.transpose(expected), image.geometry.matrix),
            atol=1e-3,
        )
    center = places(file.get_volume(segment_numbers=[1]).array[..., 0], file.get_volume(segment_numbers=[1]).affine)
    np.testing.assert_allclose(center.mean(0), world_centroid(OBLIQUE), atol=1e-3)


def test_itk_finds_the_stored_planes_in_their_place(tmp_path):
    scan = write_files(tmp_path)
    image = read_image(scan[0].parent)
    write_segmentation(tmp_path / "out.dcm", Segment("One", mask()), image.place)
    found = sitk.ReadImage(str(tmp_path / "out.dcm"))
    voxels = sitk.GetArrayFromImage(found)
    # Planes without the object are not stored.
    assert voxels.shape == (3, *SHAPE[1:])
    geometry = type(image.geometry).of(found)
    np.testing.assert_allclose(
        places(np.transpose(voxels), geometry.matrix),
        places(np.transpose(mask()), image.geometry.matrix),
        atol=1e-3,
    )


def test_it_refers_to_every_image_and_says_what_found_the_objects(scan, written):
    file = pydicom.dcmread(written)
    sources = [pydicom.dcmread(path) for path in scan]
    (series,) = file.ReferencedSeriesSequence
    assert series.SeriesInstanceUID == sources[0].SeriesInstanceUID
    assert {item.ReferencedSOPInstanceUID for item in series.ReferencedInstanceSequence} == {
        source.SOPInstanceUID for source in sources
    }
    for key in ("StudyInstanceUID", "FrameOfReferenceUID", "PatientID", "PatientName", "StudyDate", "AccessionNumber"):
        assert file[key].value == sources[0][key].value
    assert file.SeriesInstanceUID != sources[0].SeriesInstanceUID
    for segment in file.SegmentSequence:
        assert segment.SegmentAlgorithmType == "SEMIAUTOMATIC"
        assert segment.SegmentedPropertyTypeCodeSequence[0].CodeValue == codes.SCT.Tissue.value
        (algorithm,) = segment.SegmentationAlgorithmIdentificationSequence
        assert (algorithm.AlgorithmName, algorithm.AlgorithmVersion) == ("MedSAMSeg", __version__)
        assert f"weights_sha256={MODEL.weights_sha256}" in algorithm.AlgorithmParameters
        assert "model=litemedsam" in algorithm.AlgorithmParameters


def test_each_plane_names_the_image_that_it_was_drawn_on(scan, written):
    file = pydicom.dcmread(written)
    image = read_image(scan[0].parent)
    for frame in file.PerFrameFunctionalGroupsSequence:
        position = frame.PlanePositionSequence[0].ImagePositionPatient
        distances = [np.linalg.norm(np.array(position) - slice_position(k, OBLIQUE)) for k in range(SHAPE[0])]
        (derived,) = frame.DerivationImageSequence
        (named,) = derived.SourceImageSequence
        k = int(np.argmin(distances))
        assert named.ReferencedSOPInstanceUID == image.source.sop_instance_uids[k]
        if len(scan) == 1:
            assert named.ReferencedFrameNumber == image.source.frames[k] + 1


def test_an_empty_segment_can_be_read_back(tmp_path):
    image = read_image(write_files(tmp_path)[0].parent)
    out = tmp_path / "out.dcm"
    write_segmentation(out, Segment("Nothing", mask() * 0), image.place)
    assert not highdicom.seg.segread(out).get_volume(segment_numbers=[1]).array.any()


@pytest.mark.parametrize("missing", ["StudyInstanceUID", "PatientID", "FrameOfReferenceUID"])
def test_images_that_lack_what_a_seg_takes_from_them_are_told(tmp_path, missing):
    def change(ds, k):
        whole(ds)
        delattr(ds, missing)

    image = read_image(write_slices(tmp_path / "scan", phantom(), change=change)[0].parent)
    out = tmp_path / "out.dcm"
    with pytest.raises(MedSAMSegError) as raised:
        write_segmentation(out, Segment("A", mask()), image.place)
    assert (raised.value.kind, raised.value.code) == (ErrorKind.CANNOT_WRITE, "output_source_incomplete")
    assert missing in raised.value.message.replace(" ", "")
    assert [each.name for each in tmp_path.iterdir()] == ["scan"]


def test_the_command_writes_it_and_says_nothing_of_the_patient(run, networks, tmp_path):  # noqa: F811
    folder = write_files(tmp_path)[0].parent
    out = tmp_path / "out.dcm"
    arguments = ["--box", "0,1,8,10", "--slice", "3", "--window", "4000,1000", "--name", "Lesion", "-o", out]
    result = run("segment", folder, *arguments)
    assert result.status == 0
    assert f"Written: {out}" in result.out
    assert "ller" not in result.out + result.err
    assert "1950" not in result.out + result.err
    file = highdicom.seg.segread(out)
    assert file.get_segment_description(1).segment_label == "Lesion"
    assert file.get_volume(segment_numbers=[1]).array.any()


def test_a_scan_that_is_not_dicom_is_told_before_anything_is_computed(run, networks, tmp_path):  # noqa: F811
    sitk.WriteImage(sitk.GetImageFromArray(phantom()), str(tmp_path / "scan.nrrd"))
    out = tmp_path / "out.dcm"
    result = run("segment", tmp_path / "scan.nrrd", "--box", "0,1,8,10", "--slice", "3", "-o", out)
    assert result.status == 2
    assert result.err.splitlines() == [
        "medsamseg: out.dcm would be a DICOM segmentation, which belongs to DICOM images; the scan is not one.",
        "  End its name with .seg.nrrd, or give the folder of the scan's DICOM files.",
    ]
    assert networks == []
    assert not out.exists()


def test_a_name_that_dicom_cannot_hold_is_told(run, networks, tmp_path):  # noqa: F811
    folder = write_files(tmp_path)[0].parent
    arguments = ["--box", "0,1,8,10", "--slice", "3", "--name", "x" * 65, "-o", tmp_path / "out.dcm"]
    result = run("segment", folder, *arguments)
    assert result.status == 2
    assert "64 characters" in result.err


def apart():
    """The second object without what it shares with the first."""
    return other() * (mask() == 0)


def test_a_label_map_has_each_object_in_its_place_with_its_name(scan, tmp_path):
    image = read_image(scan[0].parent)
    out = tmp_path / "out.labelmap.dcm"
    write_segmentation(out, [Segment("Läsion", mask(), found_by=MODEL), Segment("Other", apart())], image.place)
    file = highdicom.seg.segread(out)
    assert file.segmentation_type.value == "LABELMAP"
    assert {each.ReferencedSOPInstanceUID for each in file.ReferencedSeriesSequence[0].ReferencedInstanceSequence} == {
        pydicom.dcmread(path).SOPInstanceUID for path in scan
    }
    volume = file.get_volume(combine_segments=True)
    for number, (name, expected) in enumerate([("Läsion", mask()), ("Other", apart())], start=1):
        assert file.get_segment_description(number).segment_label == name
        found = places(volume.array == number, volume.affine)
        np.testing.assert_allclose(found, places(np.transpose(expected), image.geometry.matrix), atol=1e-3)
    # pydicom alone: a number a voxel, on the planes that each frame says.
    raw = pydicom.dcmread(out)
    assert raw.SOPClassUID == "1.2.840.10008.5.1.4.1.1.66.7"
    for plane, frame in zip(raw.pixel_array, raw.PerFrameFunctionalGroupsSequence, strict=True):
        position = frame.PlanePositionSequence[0].ImagePositionPatient
        k = int(np.argmin([np.linalg.norm(np.array(position) - slice_position(k, OBLIQUE)) for k in range(SHAPE[0])]))
        np.testing.assert_array_equal(plane, mask()[k] + 2 * apart()[k])
    objects = {each.name: each.voxels == each.value for each in read_labels(out, image).objects}
    np.testing.assert_array_equal(objects["Other"], apart() > 0)


def test_a_label_map_refuses_objects_that_overlap(tmp_path):
    image = read_image(write_files(tmp_path)[0].parent)
    with pytest.raises(MedSAMSegError) as raised:
        write_segmentation(tmp_path / "a.labelmap.dcm", [Segment("A", mask()), Segment("B", other())], image.place)
    assert (raised.value.code, raised.value.hint) == (
        "overlap_in_labelmap",
        "End its name with .seg.nrrd or with .seg.dcm.",
    )
    assert [each.name for each in tmp_path.iterdir()] == ["scan"]


def test_a_segmentation_is_not_written_under_the_name_of_a_report(run, networks, tmp_path):  # noqa: F811
    folder = write_files(tmp_path)[0].parent
    result = run("segment", folder, "--box", "0,1,8,10", "--slice", "3", "-o", tmp_path / "tumor.sr.dcm")
    assert result.status == 2
    assert result.err.splitlines() == [
        "medsamseg: tumor.sr.dcm is the name of a report, not of a segmentation.",
        "  Name the report with --report tumor.sr.dcm, and the segmentation with -o, such as -o tumor.dcm.",
    ]
    assert networks == []
