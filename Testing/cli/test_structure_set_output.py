"""RTSTRUCT from `medsamseg segment`: every voxel and hole comes back, whichever rule a reader fills contours by."""

import numpy as np
import pydicom
import pytest
import SimpleITK as sitk
from phantom_writing import SPACING, write_slices
from skimage.draw import polygon2mask
from test_dicom_output import MODEL, OBLIQUE, SHAPE, mask, other, phantom, whole, write_enhanced, write_files
from test_segment_command import networks  # noqa: F401

from medsamseg_server import __version__
from medsamseg_server.image_io.labels_over_time import read_labels
from medsamseg_server.image_io.mask_writer import Segment
from medsamseg_server.image_io.outlines import outlines
from medsamseg_server.image_io.reading import read_image
from medsamseg_server.image_io.segmentations import write_segmentation
from medsamseg_server.image_io.structure_sets import fill

BOX = ["--box", "0,1,8,10", "--slice", "3", "--window", "4000,1000"]
ROWS, COLUMNS = np.array(OBLIQUE[:3]), np.array(OBLIQUE[3:])


def picture(text):
    return np.array([[mark == "#" for mark in line] for line in text.split()])


SHAPES = {
    "one pixel": picture("... .#. ..."),
    "at the edges": picture("### #.# ###"),
    "hole": picture("..... .###. .#.#. .###. ....."),
    "island in a hole": picture("####### #.....# #.###.# #.#.#.# #.###.# #.....# #######"),
    "hole behind a hole": picture("######### #.##.##.# #.##..#.# #..####.# ###.....# #########"),
    "hole before two parts": picture("###.#### #.#.#..# ###.#### ........ ########"),
    "corners that touch": picture("##... ##... ..##. ..#.# ..###"),
    "hole open at a corner": picture("####. #..#. #.#.# ####."),
    "comb": picture("#.#.#.#.# #.#.#.#.# #########"),
    "nothing": picture("... ..."),
}


def crossings(polygon, x, y):
    """Signed crossings of a ray from a point to the right: odd is inside by one rule, not 0 by the other."""
    x0, y0 = polygon.T
    x1, y1 = np.roll(polygon, -1, axis=0).T
    up, down = (y0 <= y) & (y1 > y), (y1 <= y) & (y0 > y)
    with np.errstate(divide="ignore", invalid="ignore"):
        right = x0 + (y - y0) * (x1 - x0) / (y1 - y0) > x
    return int((up & right).sum()), int((down & right).sum())


def by_rule(polygons, shape, rule):
    found = np.zeros(shape, bool)
    for y, x in np.ndindex(*shape):
        counts = [crossings(polygon, x, y) for polygon in polygons]
        if rule == "union":
            found[y, x] = any((up + down) % 2 for up, down in counts)
        elif rule == "difference":
            found[y, x] = sum(up + down for up, down in counts) % 2
        else:
            found[y, x] = sum(up - down for up, down in counts) != 0
    return found


@pytest.mark.parametrize("rule", ["union", "difference", "winding"])
@pytest.mark.parametrize("shape", SHAPES)
def test_every_rule_of_filling_gives_the_same_pixels(shape, rule):
    wanted = SHAPES[shape]
    np.testing.assert_array_equal(by_rule(outlines(wanted), wanted.shape, rule), wanted)


@pytest.mark.parametrize("seed", range(6))
def test_random_pixels_come_back(seed):
    wanted = np.random.default_rng(seed).random((17, 14)) < (0.5, 0.7, 0.9)[seed % 3]
    found = outlines(wanted)
    for rule in ("union", "difference", "winding"):
        np.testing.assert_array_equal(by_rule(found, wanted.shape, rule), wanted)


def test_a_hole_lies_in_the_contour_of_its_part():
    parts = [len(outlines(SHAPES[name])) for name in ("hole", "island in a hole", "hole before two parts")]
    assert parts == [1, 2, 3]


def test_contours_lie_half_a_pixel_from_the_centers_of_the_mask():
    wanted = SHAPES["island in a hole"]
    centers = np.argwhere(wanted)[:, ::-1]
    for polygon in outlines(wanted):
        distances = np.linalg.norm(polygon[:, None] - centers[None], axis=2).min(axis=1)
        np.testing.assert_allclose(distances, 0.5)


def test_what_is_straight_has_no_points_between():
    assert len(outlines(picture("...... .####. .####. .####. ......"))[0]) == 8


def ring():
    made = np.zeros(SHAPE, np.uint8)
    made[1:7, 2:12, 1:9], made[2:6, 4:10, 3:7], made[3:5, 6:8, 4:6] = 1, 0, 1
    made[5, 12, 11] = 1
    return made


OBJECTS = {"Läsion": mask(), "Ring": ring(), "Nothing": mask() * 0, "Other": other()}
COLORS = [(1.0, 0.0, 0.0), (0.2, 0.4, 0.6), (0.0, 1.0, 0.0), (1.0, 0.75, 0.0)]


@pytest.fixture(params=[write_files, write_enhanced])
def scan(request, tmp_path):
    return request.param(tmp_path)


@pytest.fixture
def written(scan, tmp_path):
    out = tmp_path / "out.rtstruct.dcm"
    segments = [
        Segment(name, voxels, color, MODEL) for (name, voxels), color in zip(OBJECTS.items(), COLORS, strict=True)
    ]
    write_segmentation(out, segments, read_image(scan[0].parent).place)
    return out


def named_place(contour, scan):
    """Position of the first pixel of the image, or frame, that a contour names (LPS, mm)."""
    (named,) = contour.ContourImageSequence
    (image,) = [each for each in map(pydicom.dcmread, scan) if each.SOPInstanceUID == named.ReferencedSOPInstanceUID]
    assert named.ReferencedSOPClassUID == image.SOPClassUID
    if len(scan) > 1:
        assert "ReferencedFrameNumber" not in named
        return np.array(image.ImagePositionPatient, float)
    frame = image.PerFrameFunctionalGroupsSequence[named.ReferencedFrameNumber - 1]
    return np.array(frame.PlanePositionSequence[0].ImagePositionPatient, float)


def rasterized(roi, scan):
    """An object as voxels in space, by scikit-image and the formula of PS3.3 C.7.6.2.1.1 turned round."""
    found = np.zeros(SHAPE, bool)
    first = np.array(read_image(scan[0].parent).geometry.origin)
    normal = np.cross(ROWS, COLUMNS)
    for contour in roi.get("ContourSequence", ()):
        assert contour.ContourGeometricType == "CLOSED_PLANAR"
        points = np.array(contour.ContourData, float).reshape(-1, 3)
        assert len(points) == contour.NumberOfContourPoints
        place = named_place(contour, scan)
        np.testing.assert_allclose((points - place) @ normal, 0, atol=1e-4)
        k = round(float((place - first) @ normal) / SPACING[2])
        rows_and_columns = np.column_stack(
            [(points - place) @ COLUMNS / SPACING[1], (points - place) @ ROWS / SPACING[0]]
        )
        found[k] |= polygon2mask(SHAPE[1:], rows_and_columns)
    return found


def test_another_reader_finds_every_voxel_in_its_place(scan, written):
    file = pydicom.dcmread(written)
    assert [each.ROIName for each in file.StructureSetROISequence] == list(OBJECTS)
    assert [each.ROINumber for each in file.StructureSetROISequence] == [1, 2, 3, 4]
    for number, (roi, voxels) in enumerate(zip(file.ROIContourSequence, OBJECTS.values(), strict=True), start=1):
        assert roi.ReferencedROINumber == number
        np.testing.assert_array_equal(rasterized(roi, scan), voxels > 0)


def test_our_own_reader_does(scan, written):
    found = {each.name: each.voxels for each in read_labels(written, read_image(scan[0].parent)).objects}
    assert list(found) == ["Läsion", "Ring", "Other"]
    for name, voxels in found.items():
        np.testing.assert_array_equal(voxels, OBJECTS[name] > 0)


def test_it_refers_to_every_image_and_says_what_found_the_objects(scan, written):
    file = pydicom.dcmread(written)
    images = [pydicom.dcmread(path) for path in scan]
    (frame,) = file.ReferencedFrameOfReferenceSequence
    (study,) = frame.RTReferencedStudySequence
    (series,) = study.RTReferencedSeriesSequence
    assert (study.ReferencedSOPInstanceUID, series.SeriesInstanceUID) == (
        images[0].StudyInstanceUID,
        images[0].SeriesInstanceUID,
    )
    named = {each.ReferencedSOPInstanceUID for each in series.ContourImageSequence}
    assert named == {image.SOPInstanceUID for image in images}
    assert (file.Modality, file.SOPClassUID) == ("RTSTRUCT", pydicom.uid.RTStructureSetStorage)
    for keyword in (
        "StudyInstanceUID",
        "FrameOfReferenceUID",
        "PatientID",
        "PatientName",
        "StudyDate",
        "AccessionNumber",
    ):
        assert file[keyword].value == images[0][keyword].value
    assert file.SeriesInstanceUID != images[0].SeriesInstanceUID
    assert frame.FrameOfReferenceUID == images[0].FrameOfReferenceUID
    for roi, color in zip(file.ROIContourSequence, COLORS, strict=True):
        assert list(roi.ROIDisplayColor) == [round(255 * part) for part in color]
    for roi in file.StructureSetROISequence:
        assert (roi.ROIGenerationAlgorithm, roi.ReferencedFrameOfReferenceUID) == (
            "SEMIAUTOMATIC",
            images[0].FrameOfReferenceUID,
        )
        (algorithm,) = roi.ROIDerivationAlgorithmIdentificationSequence
        assert (algorithm.AlgorithmName, algorithm.AlgorithmVersion) == ("MedSAMSeg", __version__)
        assert f"weights_sha256={MODEL.weights_sha256}" in algorithm.AlgorithmParameters
    observed = [each.ReferencedROINumber for each in file.RTROIObservationsSequence]
    assert observed == [each.ROINumber for each in file.StructureSetROISequence]


def test_a_contour_longer_than_an_explicit_length_can_say_is_whole(tmp_path):
    shape = (1, 60, 800)
    comb = np.zeros(shape, np.uint8)
    comb[0, 1:50, 1:799:2], comb[0, 50, 1:799] = 1, 1
    paths = write_slices(tmp_path / "scan", np.zeros(shape, np.int16), change=whole)
    image = read_image(paths[0])
    write_segmentation(tmp_path / "out.rtstruct.dcm", Segment("Comb", comb), image.place)
    file = pydicom.dcmread(tmp_path / "out.rtstruct.dcm")
    (contour,) = file.ROIContourSequence[0].ContourSequence
    assert len("\\".join(str(value) for value in contour.ContourData)) > 0xFFFF
    (found,) = read_labels(tmp_path / "out.rtstruct.dcm", image).objects
    np.testing.assert_array_equal(found.voxels, comb > 0)


@pytest.mark.parametrize("missing", ["StudyInstanceUID", "PatientID", "FrameOfReferenceUID"])
def test_images_that_lack_what_a_structure_set_takes_from_them_are_told(run, networks, tmp_path, missing):  # noqa: F811
    def change(ds, k):
        whole(ds)
        delattr(ds, missing)

    folder = write_slices(tmp_path / "scan", phantom(), change=change)[0].parent
    result = run("segment", folder, *BOX, "-o", tmp_path / "out.rtstruct.dcm")
    assert result.status == 6
    assert "A structure set of " in result.err
    assert missing in result.err.replace(" ", "")
    assert [each.name for each in tmp_path.iterdir() if each.suffix == ".dcm"] == []


@pytest.mark.parametrize("axis", [0, 1])
def test_the_command_writes_contours_on_the_stored_slices(run, networks, tmp_path, axis):  # noqa: F811
    scan = write_files(tmp_path)
    out = tmp_path / "out.rtstruct.dcm"
    # Round the same object: on slice K 3 in I and J, on row J 5 in I and K.
    box = BOX if axis == 0 else ["--box", "0,0,8,7", "--slice", "5", "--axis", "1", "--window", "4000,1000"]
    result = run("segment", scan[0].parent, *box, "--name", "Lesion", "-o", out)
    assert result.status == 0
    assert f"Written: {out}" in result.out
    assert "ller" not in result.out + result.err
    again = run("segment", scan[0].parent, *box, "-o", tmp_path / "out.nrrd")
    assert again.status == 0
    file = pydicom.dcmread(out)
    voxels = sitk.GetArrayFromImage(sitk.ReadImage(str(tmp_path / "out.nrrd")))
    assert voxels.any()
    np.testing.assert_array_equal(rasterized(file.ROIContourSequence[0], scan), voxels > 0)


def test_a_scan_that_is_not_dicom_is_told_before_anything_is_computed(run, networks, tmp_path):  # noqa: F811
    sitk.WriteImage(sitk.GetImageFromArray(phantom()), str(tmp_path / "scan.nrrd"))
    result = run("segment", tmp_path / "scan.nrrd", *BOX, "-o", tmp_path / "out.rtstruct.dcm")
    assert result.status == 2
    assert result.err.splitlines() == [
        "medsamseg: out.rtstruct.dcm would be a structure set, which belongs to DICOM images; the scan is not one.",
        "  End its name with .seg.nrrd, or give the folder of the scan's DICOM files.",
    ]
    assert networks == []


def test_a_contour_of_another_program_comes_back_within_half_a_pixel(tmp_path):
    shape = (1, 40, 44)
    image = read_image(write_slices(tmp_path / "scan", np.zeros(shape, np.int16), change=whole)[0])
    center, radius = np.array((20.3, 18.7)), 11.4
    angles = np.linspace(0, 2 * np.pi, 400, endpoint=False)
    circle = center + radius * np.column_stack([np.cos(angles), np.sin(angles)])
    (polygon,) = outlines(fill([circle], shape[1:]))
    assert np.abs(np.linalg.norm(polygon - center, axis=1) - radius).max() <= 0.5
    # And through the files.
    write_segmentation(
        tmp_path / "a.rtstruct.dcm", Segment("A", fill([circle], shape[1:])[None].astype(np.uint8)), image.place
    )
    (found,) = read_labels(tmp_path / "a.rtstruct.dcm", image).objects
    (again,) = outlines(found.voxels[0])
    np.testing.assert_array_equal(again, polygon)
