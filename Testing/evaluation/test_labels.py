"""Labels of one scan in every format, orientation and layout, written by independent writers, are the same voxels."""

import re
from itertools import permutations, product

import highdicom
import nrrd
import numpy as np
import pydicom
import pytest
import SimpleITK as sitk
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import ExplicitVRLittleEndian, generate_uid

from medsamseg_server.errors import MedSAMSegError
from medsamseg_server.image_io.image import Image
from medsamseg_server.image_io.label_reading import read_labels
from medsamseg_server.image_io.reading import read_image
from medsamseg_server.image_io.structure_sets import fill

SHAPE = (8, 20, 24)
SPACING = (0.8, 1.5, 3.0)
ORIGIN = (-40.0, 55.0, -120.0)
AXIAL = (1.0, 0, 0, 0, 1.0, 0, 0, 0, 1.0)
LEFT_HANDED = (1.0, 0, 0, 0, -1.0, 0, 0, 0, 1.0)
OBLIQUE = tuple(
    np.round(
        np.array([[0.8, 0.6, 0], [-0.6, 0.8, 0], [0, 0, 1]]) @ [[1, 0, 0], [0, 0.28, -0.96], [0, 0.96, 0.28]], 6
    ).ravel()
)


def liver():
    """An object without any symmetry, (K, J, I)."""
    mask = np.zeros(SHAPE, bool)
    mask[2:6, 3:12, 4:10] = True
    mask[3, 12:15, 9:20] = True
    mask[5, 3:5, 4:6] = False
    return mask


def spleen():
    """An object that overlaps the liver."""
    mask = np.zeros(SHAPE, bool)
    mask[4:7, 8:13, 6:16] = True
    return mask


def as_image(array, direction=AXIAL):
    image = sitk.GetImageFromArray(array)
    image.SetSpacing(SPACING)
    image.SetOrigin(ORIGIN)
    image.SetDirection(direction)
    return image


def scan(direction=AXIAL):
    return Image.of(as_image(np.zeros(SHAPE, np.int16), direction))


def read_error(path, image):
    with pytest.raises(MedSAMSegError) as caught:
        read_labels(path, image)
    return caught.value


@pytest.mark.parametrize("direction", [AXIAL, LEFT_HANDED, OBLIQUE], ids=["axial", "left-handed", "oblique"])
@pytest.mark.parametrize("order", list(permutations(range(3))), ids=str)
@pytest.mark.parametrize("flips", list(product([False, True], repeat=3)), ids=str)
def test_label_map_with_turned_and_exchanged_axes_is_put_right(tmp_path, direction, order, flips):
    labels = as_image(liver().astype(np.uint8) * 3, direction)
    # Both keep every voxel where it is in the patient.
    turned = sitk.Flip(sitk.PermuteAxes(labels, order), flips)
    sitk.WriteImage(turned, str(tmp_path / "labels.nrrd"))
    found = read_labels(tmp_path / "labels.nrrd", scan(direction))
    assert found.numbers == {"3": 3}
    np.testing.assert_array_equal(found.mask("liver", 3), liver())


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda image: image.SetOrigin((ORIGIN[0], ORIGIN[1], ORIGIN[2] + 120)), "120 mm away"),
        (lambda image: image.SetOrigin((ORIGIN[0] + 0.8, ORIGIN[1], ORIGIN[2])), "0.8 mm away"),
        (
            lambda image: image.SetOrigin((ORIGIN[0] + 0.4, ORIGIN[1], ORIGIN[2])),
            "between the voxels .*: 0.4 mm",
        ),
        (lambda image: image.SetSpacing((0.8, 1.5, 3.3)), "another spacing or orientation than its scan: .* 2.1 mm"),
        (lambda image: image.SetDirection(OBLIQUE), "another spacing or orientation"),
        (lambda image: image.SetDirection(LEFT_HANDED), "28.5 mm away"),
    ],
    ids=["elsewhere", "one voxel", "half a voxel", "spacing", "turned by an angle", "mirrored"],
)
def test_label_map_of_another_place_is_refused_with_the_distance(tmp_path, change, words):
    image = as_image(liver().astype(np.uint8))
    change(image)
    sitk.WriteImage(image, str(tmp_path / "labels.nrrd"))
    error = read_error(tmp_path / "labels.nrrd", scan())
    assert error.code == "labels_differ"
    assert re.search(words, error.message), error.message


def test_rounded_headers_are_the_same_place(tmp_path):
    image = as_image(liver().astype(np.uint8), OBLIQUE)
    image.SetOrigin(np.round(np.array(ORIGIN) + 0.004, 2))
    image.SetSpacing(np.array(SPACING) + 1e-4)
    sitk.WriteImage(image, str(tmp_path / "labels.nrrd"))
    np.testing.assert_array_equal(read_labels(tmp_path / "labels.nrrd", scan(OBLIQUE)).mask("x", 1), liver())


def write_segmentation(path, layers, segments, first=(0, 0, 0), direction=AXIAL, fields=None):
    """Write layers (K, J, I) as Slicer does: the axis of the layers first, cropped at voxel ``first`` (I, J, K)."""
    steps = np.reshape(direction, (3, 3)) * SPACING
    header = {
        "space": "left-posterior-superior",
        "space origin": np.array(ORIGIN) + steps @ first,
        "space directions": steps.T,
        "kinds": ["domain"] * 3,
        "encoding": "gzip",
        "Segmentation_MasterRepresentation": "Binary labelmap",
    }
    data = layers[0].T
    if len(layers) > 1:
        data = np.stack([layer.T for layer in layers])
        header["kinds"] = ["list", "domain", "domain", "domain"]
        header["space directions"] = np.vstack([np.full(3, np.nan), steps.T])
    for number, segment in enumerate(segments):
        header.update({f"Segment{number}_{key}": str(value) for key, value in segment.items()})
    nrrd.write(str(path), data, header)


def segment(name, value, layer=0, number=1):
    return {"ID": f"Segment_{number}", "Name": name, "LabelValue": value, "Layer": layer}


@pytest.mark.parametrize("direction", [AXIAL, LEFT_HANDED, OBLIQUE], ids=["axial", "left-handed", "oblique"])
def test_segments_in_layers_overlap(tmp_path, direction):
    path = tmp_path / "labels.seg.nrrd"
    layers = [liver().astype(np.uint8) * 2, spleen().astype(np.uint8) * 2]
    write_segmentation(path, layers, [segment("Liver", 2, 0), segment("Spleen", 2, 1, 2)], direction=direction)
    found = read_labels(path, scan(direction))
    assert found.numbers == {"Liver": 2, "Spleen": 2}
    np.testing.assert_array_equal(found.mask("Liver", 2), liver())
    np.testing.assert_array_equal(found.mask("Spleen", 2), spleen())
    with pytest.raises(MedSAMSegError, match="label 2 is that of Liver, Spleen") as caught:
        found.mask("other", 2)
    assert caught.value.code == "target_ambiguous"
    with pytest.raises(MedSAMSegError, match=r"it has Liver \(2\), Spleen \(2\)") as caught:
        found.mask("other", 5)
    assert caught.value.code == "target_missing"


def test_segmentation_of_a_left_handed_scan_is_found_however_it_is_stored(tmp_path):
    """Other programs store what Slicer shows of such a scan with an axis turned and cropped."""
    labels = as_image(liver().astype(np.uint8), LEFT_HANDED)
    turned = sitk.Flip(labels[2:22, 1:18, 1:7], (False, True, False))
    for key, value in segment("Liver", 1).items():
        turned.SetMetaData(f"Segment0_{key}", str(value))
    sitk.WriteImage(turned, str(tmp_path / "labels.seg.nrrd"))
    found = read_labels(tmp_path / "labels.seg.nrrd", scan(LEFT_HANDED))
    np.testing.assert_array_equal(found.mask("Liver"), liver())


def test_cropped_segmentation_is_put_back_and_cut_at_the_scan(tmp_path):
    path = tmp_path / "labels.seg.nrrd"
    crop = liver()[1:7, 2:16, 3:21].astype(np.uint8)
    write_segmentation(path, [crop], [segment("Liver", 1)], first=(3, 2, 1))
    np.testing.assert_array_equal(read_labels(path, scan()).mask("Liver"), liver())
    write_segmentation(path, [np.pad(liver(), 3).astype(np.uint8)], [segment("Liver", 1)], first=(-3, -3, -3))
    np.testing.assert_array_equal(read_labels(path, scan()).mask("Liver"), liver())
    write_segmentation(path, [crop], [segment("Liver", 1)], first=(3, 2, 18))
    assert "30 mm away" in read_error(path, scan()).message


@pytest.mark.parametrize("value", [1, 2], ids=["one value", "two values"])
def test_segments_of_one_name_are_one_object(tmp_path, value):
    path = tmp_path / "labels.seg.nrrd"
    first, second = liver(), spleen() & ~liver()
    layer = first.astype(np.uint8) + second * np.uint8(2)
    write_segmentation(path, [layer], [segment("Lesion", 1), segment("Lesion", 2, number=2)])
    found = read_labels(path, scan())
    assert found.numbers == {"Lesion": 1}
    np.testing.assert_array_equal(found.mask("Lesion", value), first | second)


def test_segmentation_of_an_older_slicer_has_a_layer_a_segment(tmp_path):
    path = tmp_path / "labels.seg.nrrd"
    layers = [liver().astype(np.uint8), spleen().astype(np.uint8)]
    write_segmentation(path, layers, [{"ID": "A", "Name": "Liver"}, {"ID": "B"}])
    found = read_labels(path, scan())
    np.testing.assert_array_equal(found.mask("Liver"), liver())
    np.testing.assert_array_equal(found.mask("B"), spleen())


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"LabelValue": "one"}, "Segment0_LabelValue with something else than a whole number"),
        ({"Layer": "3"}, "segment in layer 3, but only the layers 0 to 0"),
    ],
)
def test_segmentation_with_wrong_fields_is_refused_in_words(tmp_path, fields, words):
    path = tmp_path / "labels.seg.nrrd"
    write_segmentation(path, [liver().astype(np.uint8)], [{**segment("Liver", 1), **fields}])
    assert words in read_error(path, scan()).message


def test_npz_of_the_cvpr_challenge(tmp_path):
    path = tmp_path / "CT_case.npz"
    voxels = np.arange(np.prod(SHAPE), dtype=np.uint16).reshape(SHAPE)
    boxes = np.array([{"z_mid": 3}], object)
    np.savez_compressed(path, imgs=voxels, gts=liver().astype(np.uint8) * 7, boxes=boxes, spacing=SPACING)
    image = read_image(path)
    np.testing.assert_array_equal(image.array, voxels)
    assert image.geometry.spacing == SPACING
    np.testing.assert_array_equal(read_labels(path, image).mask("liver", 7), liver())


@pytest.mark.parametrize(
    ("arrays", "words"),
    [
        ({"imgs": np.zeros(SHAPE)}, "no array 'gts'"),
        ({"imgs": np.zeros(SHAPE), "gts": np.zeros((3, 3, 3))}, "has 3 × 3 × 3 voxels, its scan has 8 × 20 × 24"),
        ({"imgs": np.zeros(SHAPE), "gts": np.full(SHAPE, 0.5)}, "other than whole numbers"),
        ({"imgs": np.zeros(24), "gts": np.zeros(24)}, "a single line"),
        ({"imgs": np.zeros(SHAPE), "gts": np.zeros(SHAPE), "spacing": [1, 0, 1]}, "three positive distances"),
        ({"gts": np.zeros(SHAPE)}, "no array 'imgs'"),
    ],
)
def test_npz_without_what_is_needed_is_refused_in_words(tmp_path, arrays, words):
    np.savez(tmp_path / "case.npz", **arrays)
    with pytest.raises(MedSAMSegError, match=words):
        read_labels(tmp_path / "case.npz", read_image(tmp_path / "case.npz"))


def slices_of_scan(direction):
    """The scan as single DICOM files, which a segmentation refers to."""
    study, series, frame = generate_uid(), generate_uid(), generate_uid()
    axes = np.reshape(direction, (3, 3))
    found = []
    for k in range(SHAPE[0]):
        data = Dataset()
        data.file_meta = FileMetaDataset()
        data.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
        data.file_meta.MediaStorageSOPClassUID = data.SOPClassUID = "1.2.840.10008.5.1.4.1.1.2"
        data.file_meta.MediaStorageSOPInstanceUID = data.SOPInstanceUID = generate_uid()
        data.StudyInstanceUID, data.SeriesInstanceUID, data.FrameOfReferenceUID = study, series, frame
        data.PatientID = data.StudyID = data.AccessionNumber = "1"
        data.PatientName, data.PatientBirthDate, data.PatientSex = "Test^Test", "", ""
        data.StudyDate = data.StudyTime = data.ReferringPhysicianName = ""
        data.Modality, data.SeriesNumber, data.InstanceNumber = "CT", 1, k + 1
        data.Rows, data.Columns = SHAPE[1:]
        data.PixelSpacing, data.SliceThickness = [SPACING[1], SPACING[0]], SPACING[2]
        data.ImageOrientationPatient = [*axes[:, 0], *axes[:, 1]]
        data.ImagePositionPatient = list(np.round(np.array(ORIGIN) + axes[:, 2] * SPACING[2] * k, 6))
        found.append(data)
    return found


@pytest.mark.parametrize("kind", ["BINARY", "FRACTIONAL", "LABELMAP"])
@pytest.mark.parametrize("direction", [AXIAL, OBLIQUE], ids=["axial", "oblique"])
def test_dicom_segmentation(tmp_path, kind, direction):
    path = tmp_path / "seg.dcm"
    codes = pydicom.sr.codedict.codes.SCT
    descriptions = [
        highdicom.seg.SegmentDescription(
            number, name, codes.Organ, codes.Liver, highdicom.seg.SegmentAlgorithmTypeValues.MANUAL
        )
        for number, name in ((1, "Liver"), (2, "Spleen"))
    ]
    second = spleen() if kind != "LABELMAP" else spleen() & ~liver()
    masks = np.stack([liver(), second], axis=-1).astype(np.uint8)
    if kind == "FRACTIONAL":
        masks = masks * np.float32(0.9)
    highdicom.seg.Segmentation(
        slices_of_scan(direction),
        masks,
        kind,
        descriptions,
        series_instance_uid=generate_uid(),
        series_number=2,
        sop_instance_uid=generate_uid(),
        instance_number=1,
        manufacturer="Test",
        manufacturer_model_name="Test",
        software_versions="1",
        device_serial_number="1",
    ).save_as(path)
    found = read_labels(path, scan(direction))
    assert found.numbers == {"Liver": 1, "Spleen": 2}
    np.testing.assert_array_equal(found.mask("Liver", 1), liver())
    np.testing.assert_array_equal(found.mask("b", 2), second)
    # Alone in a folder, as archives hand it out.
    np.testing.assert_array_equal(read_labels(tmp_path, scan(direction)).mask("Liver"), liver())
    moved = Image(scan(direction).array, scan().geometry.__class__(SPACING, (900.0, 0.0, 0.0), direction))
    assert "mm" in read_error(path, moved).message


def circle(center, radius, count=720):
    angles = np.linspace(0, 2 * np.pi, count, endpoint=False)
    return np.stack([center[0] + radius * np.cos(angles), center[1] + radius * np.sin(angles)], axis=1)


@pytest.mark.parametrize(
    ("contours", "area"),
    [
        ([circle((100.3, 99.6), 40)], np.pi * 40**2),
        ([circle((100.3, 99.6), 40), circle((100.3, 99.6), 25)], np.pi * (40**2 - 25**2)),
        ([circle((100.3, 99.6), 40), circle((100.3, 99.6), 25)[::-1]], np.pi * (40**2 - 25**2)),
        (
            # A keyhole: to the inner circle and back on the same line.
            [np.vstack([circle((100.3, 99.6), 40), [[140.3, 99.6]], circle((100.3, 99.6), 25)[::-1], [[125.3, 99.6]]])],
            np.pi * (40**2 - 25**2),
        ),
        ([circle((60.3, 60.7), 20), circle((140.8, 140.1), 20)], 2 * np.pi * 20**2),
        ([circle((-0.5, -0.5), 40)], np.pi * 40**2 / 4),
    ],
    ids=["circle", "ring", "ring, turned", "keyhole", "two", "over the border"],
)
def test_area_inside_contours_is_right(contours, area):
    found = np.count_nonzero(fill(contours, (200, 210)))
    assert found == pytest.approx(area, rel=0.004)


def test_neighboring_contours_share_and_lose_no_pixel():
    left, right = ([(x, 2), (x + 5, 2), (x + 5, 9), (x, 9)] for x in (3, 8))
    first, second = (fill([np.array(each, float)], (12, 16)) for each in (left, right))
    assert not (first & second).any()
    assert first.sum() == second.sum() == 5 * 7
    assert (first | second)[2:9, 3:13].all()


def write_structure_set(path, rois, direction=AXIAL, shift=(0, 0, 0)):
    """Write objects {name: [(k, contour in pixels)]} with pydicom."""
    data = Dataset()
    data.file_meta = FileMetaDataset()
    data.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    data.file_meta.MediaStorageSOPClassUID = data.SOPClassUID = "1.2.840.10008.5.1.4.1.1.481.3"
    data.file_meta.MediaStorageSOPInstanceUID = data.SOPInstanceUID = generate_uid()
    data.StructureSetROISequence, data.ROIContourSequence = [], []
    steps = np.reshape(direction, (3, 3)) * SPACING
    for number, (name, contours) in enumerate(rois.items(), start=4):
        roi, contour_of = Dataset(), Dataset()
        roi.ROINumber = contour_of.ReferencedROINumber = number
        roi.ROIName = name
        contour_of.ContourSequence = []
        for k, points in contours:
            item = Dataset()
            item.ContourGeometricType = "CLOSED_PLANAR"
            voxels = np.column_stack([points, np.full(len(points), k)])
            millimeters = voxels @ steps.T + ORIGIN + np.array(shift)
            item.ContourData = [f"{value:.4f}" for value in millimeters.ravel()]
            item.NumberOfContourPoints = len(points)
            contour_of.ContourSequence.append(item)
        data.StructureSetROISequence.append(roi)
        data.ROIContourSequence.append(contour_of)
    data.save_as(path, enforce_file_format=True)


@pytest.mark.parametrize("direction", [AXIAL, LEFT_HANDED, OBLIQUE], ids=["axial", "left-handed", "oblique"])
def test_structure_set_with_a_hole(tmp_path, direction):
    path = tmp_path / "rs.dcm"
    outer, inner = circle((12, 10), 8.2), circle((12, 10), 3.7)
    write_structure_set(
        path, {"Ring": [(3, outer), (3, inner), (4, outer)], "Other": [(2, inner)], "No": []}, direction
    )
    found = read_labels(path, scan(direction))
    assert found.numbers == {"Ring": 4, "Other": 5}
    rows, columns = np.indices(SHAPE[1:])
    distance = np.hypot(rows - 10, columns - 12)
    expected = np.zeros(SHAPE, bool)
    expected[3] = (distance < 8.2) & (distance > 3.7)
    expected[4] = distance < 8.2
    np.testing.assert_array_equal(found.mask("Ring", 4), expected)
    assert found.mask("Other").sum() == (distance < 3.7).sum()


def test_contours_without_a_voxel_are_named(tmp_path):
    square = np.array([(4, 3), (9, 3), (9, 8), (4, 8)])
    # As programs write that draw through the centers of the outermost voxels: a voxel, a line, and one between centers.
    rois = {
        "square": [(2, square)],
        "voxel": [(2, square[:1])],
        "line": [(3, square[:2])],
        "speck": [(3, square[:3] / 20 + 0.3)],
    }
    write_structure_set(tmp_path / "rt.dcm", rois)
    found = read_labels(tmp_path / "rt.dcm", scan())
    assert [each.name for each in found.objects] == ["square", "speck"]
    assert list(found.notes) == [
        f"rt.dcm, {name}: the center of no voxel lies inside of its contours." for name in ("voxel", "line", "speck")
    ]


@pytest.mark.parametrize(
    ("shift", "words"), [((0, 0, 1.5), "beside the slices of its scan, by 1.5 mm"), ((0, 0, 300), "mm away")]
)
def test_structure_set_of_another_place_is_refused_with_the_distance(tmp_path, shift, words):
    path = tmp_path / "rs.dcm"
    write_structure_set(path, {"Ring": [(3, circle((12, 10), 8.2))]}, shift=shift)
    error = read_error(path, scan())
    assert error.code == "labels_differ"
    assert words in error.message
    assert "Ring" in error.message


def test_folder_with_several_files_of_labels_asks_which(tmp_path):
    for name in ("a.dcm", "b.dcm"):
        write_structure_set(tmp_path / name, {"Ring": [(3, circle((12, 10), 8.2))]})
    assert "2 files of labels: a.dcm, b.dcm" in read_error(tmp_path, scan()).message
