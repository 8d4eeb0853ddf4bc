"""Labels from one type of file to others: voxels, names, colors, terms and who found them arrive."""

import json

import highdicom
import numpy as np
import pydicom
import pytest
import SimpleITK as sitk
from phantom_writing import write_slices
from test_dicom_output import MODEL, mask, other, phantom, whole, write_enhanced, write_files
from test_terminology import MASS

from medsamseg_server.image_io.label_reading import read_labels
from medsamseg_server.image_io.mask_writer import Segment
from medsamseg_server.image_io.reading import read_image
from medsamseg_server.image_io.segmentations import write_segmentation
from medsamseg_server.image_io.terminology import TISSUE

OBJECTS = {"Läsion": mask(), "Other": other()}
RED, BLUE = (1.0, 0.0, 0.0), (0.0, 0.2, 0.8)


@pytest.fixture(params=[write_files, write_enhanced])
def scan(request, tmp_path):
    return request.param(tmp_path)


def segments():
    return [
        Segment("Läsion", mask(), RED, MODEL, MASS),
        Segment("Other", other(), BLUE, is_ours=False),
    ]


def check(path, image, has_terms=True):
    """Every reader of ours and of others has its own tests; here, that all of it went through."""
    found = read_labels(path, image).objects
    assert [each.name for each in found] == list(OBJECTS)
    for each, color in zip(found, (RED, BLUE), strict=True):
        np.testing.assert_array_equal(each.voxels == each.value, OBJECTS[each.name] > 0)
        assert each.color == pytest.approx(color, abs=0.005)
    first, second = found
    assert (first.is_ours, first.found_by, second.is_ours, second.found_by) == (True, MODEL, False, None)
    assert (second.terminology or TISSUE).type == TISSUE.type
    assert first.terminology.type == MASS.type
    if has_terms:
        assert (first.terminology.modifier, first.terminology.region, first.terminology.region_modifier) == (
            MASS.modifier,
            MASS.region,
            MASS.region_modifier,
        )


@pytest.mark.parametrize("source", ["in.seg.nrrd", "in.dcm", "in.rtstruct.dcm"])
def test_each_type_becomes_each_other(run, scan, tmp_path, source):
    image = read_image(scan[0].parent)
    write_segmentation(tmp_path / source, segments(), image.place)
    outputs = [tmp_path / name for name in ("out.dcm", "out.rtstruct.dcm", "out.seg.nrrd")]
    words = [word for path in outputs for word in ("-o", path)]
    result = run("convert", tmp_path / source, "--image", scan[0].parent, *words, "--report", tmp_path / "out.sr.dcm")
    assert result.status == 0
    assert f"Läsion: {np.count_nonzero(mask())} voxels, 0.0425 ml, Mass (SCT:4147007)" in result.out
    assert "ller" not in result.out + result.err
    for path in outputs:
        check(path, image, "rtstruct" not in source + path.name)
    (first, second) = pydicom.dcmread(outputs[0]).SegmentSequence
    assert (first.SegmentAlgorithmType, second.SegmentAlgorithmType) == ("SEMIAUTOMATIC", "MANUAL")
    assert "SegmentationAlgorithmIdentificationSequence" not in second
    report = highdicom.sr.srread(tmp_path / "out.sr.dcm")
    groups = report.content.get_volumetric_roi_measurement_groups()
    assert [group.referenced_segment.referenced_segment_numbers for group in groups] == [[1], [2]]
    assert groups[0].referenced_segment.referenced_sop_instance_uid == pydicom.dcmread(outputs[0]).SOPInstanceUID


def test_a_report_refers_to_the_segments_of_a_label_map(run, tmp_path):
    scan = write_files(tmp_path)
    apart = [Segment("A", mask()), Segment("B", other() * (mask() == 0))]
    write_segmentation(tmp_path / "in.seg.nrrd", apart, read_image(scan[0].parent).place)
    outputs = ["-o", tmp_path / "out.labelmap.dcm", "--report", tmp_path / "out.sr.dcm"]
    result = run("convert", tmp_path / "in.seg.nrrd", "--image", scan[0].parent, *outputs)
    assert (result.status, result.err) == (0, "")
    file = highdicom.seg.segread(tmp_path / "out.labelmap.dcm")
    groups = highdicom.sr.srread(tmp_path / "out.sr.dcm").content.get_volumetric_roi_measurement_groups()
    for number, (name, group) in enumerate(zip("AB", groups, strict=True), start=1):
        described = file.get_segment_description(number)
        assert (described.segment_label, described.tracking_uid) == (name, group.tracking_uid)
        referred = group.referenced_segment
        assert referred.referenced_sop_instance_uid == file.SOPInstanceUID
        assert referred.referenced_segment_numbers == [number]


def test_a_list_of_files_is_read_alone(run, tmp_path):
    scan = write_files(tmp_path)
    # Another series of the same shape and place beside them.
    write_slices(scan[0].parent, phantom(), change=whole, series="1.2.3.9", name="XX")
    (tmp_path / "scan.txt").write_text("\n".join(["scan/" + scan[0].name, *map(str, scan[1:]), ""]), "utf-8")
    image = read_image(tmp_path / "scan.txt")
    assert set(image.source.files) == {path.resolve() for path in scan}
    write_segmentation(tmp_path / "in.seg.nrrd", Segment("A", mask()), image.place)
    result = run("convert", tmp_path / "in.seg.nrrd", "--image", tmp_path / "scan.txt", "-o", tmp_path / "out.dcm")
    assert result.status == 0
    (tmp_path / "scan.txt").write_text("scan/not-there")
    result = run("convert", tmp_path / "in.seg.nrrd", "--image", tmp_path / "scan.txt", "-o", tmp_path / "two.dcm")
    assert (result.status, "which is not there" in result.err) == (3, True)


def test_events_tell_each_step_and_json_what_was_written(run, tmp_path):
    scan = write_files(tmp_path)
    write_segmentation(tmp_path / "in.seg.nrrd", segments(), read_image(scan[0].parent).place)
    words = ["--image", scan[0].parent, "-o", tmp_path / "out.dcm", "--report", tmp_path / "out.sr.dcm"]
    result = run("convert", tmp_path / "in.seg.nrrd", *words, "--events", "--json")
    lines = [json.loads(line) for line in result.out.splitlines()]
    assert [(line["done"], line["total"]) for line in lines[:-1]] == [(0, 3), (1, 3), (2, 3)]
    assert lines[-1]["written"] == [str(tmp_path / "out.dcm"), str(tmp_path / "out.sr.dcm")]
    assert lines[-1]["segments"][0] == {
        "name": "Läsion",
        "mask_voxels": 27,
        "volume_ml": pytest.approx(0.042525),
    }


def test_terms_of_the_options_go_before_those_of_the_file(run, tmp_path):
    scan = write_files(tmp_path)
    image = read_image(scan[0].parent)
    write_segmentation(tmp_path / "in.seg.nrrd", segments(), image.place)
    words = ["--image", scan[0].parent, "-o", tmp_path / "out.seg.nrrd"]
    assert run("convert", tmp_path / "in.seg.nrrd", *words, "--term", "liver").status == 0
    found = read_labels(tmp_path / "out.seg.nrrd", image).objects
    assert [each.terminology.type.meaning for each in found] == ["Liver", "Liver"]


def test_what_cannot_be_written_is_told_and_nothing_is(run, tmp_path):
    scan = write_files(tmp_path)
    write_segmentation(tmp_path / "in.seg.nrrd", segments(), read_image(scan[0].parent).place)
    sitk.WriteImage(sitk.GetImageFromArray(phantom()), str(tmp_path / "other.nrrd"))
    sitk.WriteImage(sitk.GetImageFromArray(phantom().astype("int16") - 1000), str(tmp_path / "ct.nrrd"))
    image = run("convert", tmp_path / "ct.nrrd", "--image", tmp_path / "ct.nrrd", "-o", tmp_path / "a.seg.nrrd")
    assert "ct.nrrd has negative values, down to -1900: it is an image, and no label map." in image.err
    ignored = np.zeros(phantom().shape, np.int16)
    ignored[..., 0], ignored[..., 1] = -1, 1
    sitk.WriteImage(sitk.GetImageFromArray(ignored), str(tmp_path / "ignored.nrrd"))
    labels = run("convert", tmp_path / "ignored.nrrd", "--image", tmp_path / "ct.nrrd", "-o", tmp_path / "a.seg.nrrd")
    assert "ignored.nrrd has negative values, down to -1: labels are 0 and above." in labels.err
    for name, status in (("mr", 4), ("cells", 0)):
        numbers = np.random.default_rng(0).integers(0, 900, phantom().shape, np.int16)
        # A map of hundreds of cells, each of two columns, is one all the same.
        numbers = np.repeat(numbers[..., ::2], 2, axis=-1) if name == "cells" else numbers
        sitk.WriteImage(sitk.GetImageFromArray(numbers), str(tmp_path / f"{name}.nrrd"))
        file = tmp_path / f"{name}.nrrd"
        result = run("convert", file, "--image", file, "-o", tmp_path / f"{name}.nii.gz")
        assert result.status == status, result.err
        assert status == 0 or "different values, and neighbors mostly differ: it is an image" in result.err
    before = sorted(tmp_path.rglob("*"))
    dicom = ["--image", scan[0].parent]
    for words, status, said in (
        ([*dicom], 2, "Nothing says what to write."),
        ([*dicom, "-o", tmp_path / "a.dcm", "-o", tmp_path / "a.dcm"], 2, "Two outputs have the same name."),
        ([*dicom, "-o", tmp_path / "a.dcm", "-o", tmp_path / "a.labelmap.dcm"], 2, "objects cannot overlap"),
        ([*dicom, "-o", tmp_path / "in.seg.nrrd", "--force"], 2, "is the file of the labels itself"),
        (["--image", tmp_path / "other.nrrd", "-o", tmp_path / "a.dcm"], 2, "another"),
        ([*dicom, "-o", tmp_path / "a.sr.dcm"], 2, "--report a.sr.dcm"),
    ):
        result = run("convert", tmp_path / "in.seg.nrrd", *words)
        assert result.status == status, result.err
        assert said in result.err
    assert sorted(tmp_path.rglob("*")) == before


def test_objects_of_a_structure_set_without_a_voxel_are_named(run, tmp_path):
    files = write_files(tmp_path)
    image = read_image(files[0].parent)
    write_segmentation(tmp_path / "in.rtstruct.dcm", segments(), image.place)
    structures = pydicom.dcmread(tmp_path / "in.rtstruct.dcm")
    contour = structures.ROIContourSequence[1].ContourSequence[0]
    contour.ContourData, contour.NumberOfContourPoints = contour.ContourData[:3], 1
    structures.ROIContourSequence[1].ContourSequence = [contour]
    structures.save_as(tmp_path / "in.rtstruct.dcm")
    out = tmp_path / "out.seg.nrrd"
    result = run("convert", tmp_path / "in.rtstruct.dcm", "--image", files[0].parent, "-o", out, "--json")
    assert result.status == 0, result.err
    assert "in.rtstruct.dcm, Other: the center of no voxel lies inside of its contours." in result.err
    said = json.loads(result.out)
    assert [each["name"] for each in said["segments"]] == ["Läsion"]
    assert any("Other" in warning for warning in said["warnings"])
