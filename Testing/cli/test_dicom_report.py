"""DICOM SR from `medsamseg segment`: the numbers, codes and places that two other readers find, and whose they are."""

import json

import highdicom
import numpy as np
import pydicom
import pytest
import SimpleITK as sitk
from highdicom.sr import srread
from phantom_writing import SPACING, slice_position, write_slices
from pydicom.sr.codedict import codes
from test_dicom_output import MODEL, OBLIQUE, mask, other, phantom, whole, write_enhanced, write_files
from test_segment_command import networks  # noqa: F401

from medsamseg_server import __version__
from medsamseg_server.image_io.mask_writer import Segment
from medsamseg_server.image_io.reading import read_image
from medsamseg_server.image_io.segmentations import write_segmentation
from medsamseg_server.measurements.dicom_report import Reported, write_report
from medsamseg_server.measurements.measuring import measure

BOX = ["--box", "0,1,8,10", "--slice", "3", "--window", "4000,1000"]


@pytest.fixture(params=[write_files, write_enhanced])
def scan(request, tmp_path):
    return request.param(tmp_path)


def report(folder, masks, withSeg=False):
    """Writes a report of objects; returns it as pydicom reads it, and what was measured."""
    image = read_image(folder / "scan")
    segments = [Segment(name, voxels, found_by=MODEL) for name, voxels in masks.items()]
    if withSeg:
        write_segmentation(folder / "out.dcm", segments, image.place)
    measured = [measure(each.mask > 0, image.geometry, 0, image.array) for each in segments]
    objects = [Reported(*pair) for pair in zip(segments, measured, strict=True)]
    write_report(folder / "out.sr.dcm", objects, image.source, folder / "out.dcm" if withSeg else None)
    return pydicom.dcmread(folder / "out.sr.dcm"), measured


def code(sequence):
    (found,) = sequence
    return found.CodeValue, found.CodingSchemeDesignator


def key(known):
    return known.value, known.scheme_designator


def children(item, kind=None):
    return [each for each in item.get("ContentSequence", ()) if kind in (None, each.ValueType)]


def groups(file):
    (container,) = [each for each in children(file, "CONTAINER") if code(each.ConceptNameCodeSequence)[0] == "126010"]
    return children(container, "CONTAINER")


def text(item, name):
    return [each.TextValue for each in children(item, "TEXT") if code(each.ConceptNameCodeSequence)[0] == name]


def numbers(group):
    """By name and derivation: the number, its unit and its content item."""
    found = {}
    for item in children(group, "NUM"):
        derived = [
            code(each.ConceptCodeSequence)
            for each in children(item, "CODE")
            if code(each.ConceptNameCodeSequence) == key(codes.DCM.Derivation)
        ]
        (value,) = item.MeasuredValueSequence
        unit = code(value.MeasurementUnitsCodeSequence)
        found[(code(item.ConceptNameCodeSequence), *derived)] = float(value.NumericValue), unit, item
    return found


def images(group):
    """SOP Instance UIDs and frames that a group names."""
    named = [each for item in children(group, "IMAGE") for each in item.ReferencedSOPSequence]
    frames = [np.atleast_1d(each.get("ReferencedFrameNumber", 0)).tolist() for each in named]
    return {
        (each.ReferencedSOPInstanceUID, number)
        for each, several in zip(named, frames, strict=True)
        for number in several
    }


def ends(item, scan):
    """Where in the patient (LPS) the ends of a diameter lie, by PS3.3 C.7.6.2.1.1, and on which image."""
    (line,) = children(item, "SCOORD")
    (named,) = children(line, "IMAGE")
    (reference,) = named.ReferencedSOPSequence
    (source,) = [
        file for file in map(pydicom.dcmread, scan) if file.SOPInstanceUID == reference.ReferencedSOPInstanceUID
    ]
    assert (line.GraphicType, named.RelationshipType) == ("POLYLINE", "SELECTED FROM")
    if "PerFrameFunctionalGroupsSequence" in source:
        frame = source.PerFrameFunctionalGroupsSequence[reference.ReferencedFrameNumber - 1]
        position = frame.PlanePositionSequence[0].ImagePositionPatient
    else:
        assert "ReferencedFrameNumber" not in reference
        position = source.ImagePositionPatient
    rows, columns = np.array(OBLIQUE[:3]), np.array(OBLIQUE[3:])
    steps = (np.array(line.GraphicData).reshape(-1, 2) - 0.5) * SPACING[:2]
    return np.array(position, float) + steps[:, :1] * rows + steps[:, 1:] * columns


def check_numbers(found, measured, scan):
    assert found[(key(codes.SCT.Volume),)][:2] == (pytest.approx(measured.volume_ml, rel=1e-9), ("cm3", "UCUM"))
    for name in ("mean", "sd", "minimum", "maximum"):
        derivation = {"mean": "Mean", "sd": "StandardDeviation", "minimum": "Minimum", "maximum": "Maximum"}[name]
        value, unit, _ = found[(key(codes.DCM.AttenuationCoefficient), key(getattr(codes.SCT, derivation)))]
        assert (value, unit) == (pytest.approx(getattr(measured.intensities, name)), ("[hnsf'U]", "UCUM"))


def check_lines(found, measured, scan):
    for name, line in (
        (codes.SCT.LongAxis, measured.diameters.longest),
        (codes.SCT.ShortAxis, measured.diameters.perpendicular),
    ):
        value, unit, item = found[(key(name),)]
        assert (value, unit) == (pytest.approx(line.length), ("mm", "UCUM"))
        places = ends(item, scan)
        np.testing.assert_allclose(places, np.array(line.ras) * (-1, -1, 1), atol=1e-3)
        assert np.linalg.norm(np.diff(places, axis=0)) == pytest.approx(value, abs=1e-3)


def test_pydicom_finds_numbers_units_and_the_ends_in_their_place(scan, tmp_path):
    file, measured = report(tmp_path, {"Läsion": mask(), "Other": other()})
    found = groups(file)
    assert [text(group, "112039") for group in found] == [["Läsion"], ["Other"]]
    for group, each in zip(found, measured, strict=True):
        check_numbers(numbers(group), each, scan)
        check_lines(numbers(group), each, scan)
        assert text(group, "111001") == ["MedSAMSeg"]
        assert text(group, "111003") == [__version__]
        assert text(group, "111002") == ["model=litemedsam", f"weights_sha256={MODEL.weights_sha256}"]
    uids = [each.UID for group in found for each in children(group, "UIDREF")]
    assert len(set(uids)) == 2


def test_each_object_names_the_images_that_it_was_measured_on_and_the_file_all(scan, tmp_path):
    file, _ = report(tmp_path, {"A": mask(), "B": other()})
    source = read_image(tmp_path / "scan").source
    for group, slices in zip(groups(file), (range(2, 5), range(4, 7)), strict=True):
        frames = [source.frames[k] + 1 if len(scan) == 1 else 0 for k in slices]
        assert images(group) == {(source.sop_instance_uids[k], frame) for k, frame in zip(slices, frames, strict=True)}
    (study,) = file.CurrentRequestedProcedureEvidenceSequence
    (series,) = study.ReferencedSeriesSequence
    assert series.SeriesInstanceUID == source.series_uid
    assert {each.ReferencedSOPInstanceUID for each in series.ReferencedSOPSequence} == set(source.sop_instance_uids)


def test_patient_and_study_are_those_of_the_images(scan, tmp_path):
    file, _ = report(tmp_path, {"A": mask()})
    image = pydicom.dcmread(scan[0])
    for keyword in ("StudyInstanceUID", "PatientID", "PatientName", "PatientBirthDate", "StudyDate", "AccessionNumber"):
        assert file[keyword].value == image[keyword].value
    assert file.SeriesInstanceUID != image.SeriesInstanceUID
    assert (file.Modality, file.SOPClassUID) == ("SR", pydicom.uid.ComprehensiveSRStorage)
    assert (file.CompletionFlag, file.VerificationFlag, file.PreliminaryFlag) == (
        "COMPLETE",
        "UNVERIFIED",
        "PRELIMINARY",
    )
    assert file.ContentTemplateSequence[0].TemplateIdentifier == "1500"


def test_highdicom_reads_the_same(scan, tmp_path):
    _, (measured,) = report(tmp_path, {"A": mask()})
    (group,) = srread(tmp_path / "out.sr.dcm").content.get_image_measurement_groups()
    assert group.tracking_identifier == "A"
    values = {
        (each.name.meaning, each.derivation and each.derivation.meaning): each for each in group.get_measurements()
    }
    assert values["Volume", None].value == measured.volume_ml
    assert values["Attenuation Coefficient", "Mean"].value == measured.intensities.mean
    assert values["Attenuation Coefficient", "Mean"].unit == codes.UCUM.HounsfieldUnit
    long = values["Long axis", None]
    assert long.value == measured.diameters.longest.length
    (line,) = long.referenced_coordinates
    np.testing.assert_allclose(line.value, [(i + 0.5, j + 0.5) for i, j, _ in measured.diameters.longest.voxels])
    assert len(group.source_images) == (1 if len(scan) == 1 else 3)


def test_a_segmentation_of_the_same_call_is_referred_to_segment_by_segment(scan, tmp_path):
    file, measured = report(tmp_path, {"A": mask(), "Nothing": mask() * 0, "B": other()}, withSeg=True)
    seg = pydicom.dcmread(tmp_path / "out.dcm")
    found = groups(file)
    assert [text(group, "112039") for group in found] == [["A"], ["A"], ["Nothing"], ["B"], ["B"]]
    for number, sizes, lines, each in ((1, 0, 1, measured[0]), (3, 3, 4, measured[2])):
        check_numbers(numbers(found[sizes]), each, scan)
        check_lines(numbers(found[lines]), each, scan)
        assert not numbers(found[sizes]).keys() & numbers(found[lines]).keys()
        (named,) = [
            item.ReferencedSOPSequence[0]
            for item in children(found[sizes], "IMAGE")
            if code(item.ConceptNameCodeSequence) == key(codes.DCM.ReferencedSegment)
        ]
        assert (named.ReferencedSOPInstanceUID, named.ReferencedSegmentNumber) == (seg.SOPInstanceUID, number)
        slices = [
            item for item in children(found[sizes], "IMAGE") if item.ConceptNameCodeSequence[0].CodeValue == "121233"
        ]
        assert len(slices) == (1 if len(scan) == 1 else 3)
        uids = {item.UID for group in (found[sizes], found[lines]) for item in children(group, "UIDREF")}
        assert uids == {seg.SegmentSequence[number - 1].TrackingUID}
    assert numbers(found[2])[(key(codes.SCT.Volume),)][0] == 0
    (study,) = file.CurrentRequestedProcedureEvidenceSequence
    named = {each.SeriesInstanceUID for each in study.ReferencedSeriesSequence}
    assert named == {seg.SeriesInstanceUID, read_image(tmp_path / "scan").source.series_uid}
    for group in srread(tmp_path / "out.sr.dcm").content.get_volumetric_roi_measurement_groups():
        assert group.referenced_segment.referenced_sop_instance_uid == seg.SOPInstanceUID


@pytest.mark.parametrize(
    ("tags", "name", "unit"),
    [
        ({"Modality": "CT", "RescaleType": "HU"}, codes.DCM.AttenuationCoefficient, "[hnsf'U]"),
        ({"Modality": "CT", "RescaleType": "MGML"}, None, "1"),
        ({"Modality": "MR"}, codes.DCM.MRSignalIntensity, "1"),
        ({"Modality": "PT", "Units": "BQML"}, None, "Bq/ml"),
        ({"Modality": "PT", "Units": "CNTS"}, None, "1"),
        ({"Modality": "US"}, None, "1"),
    ],
)
def test_intensities_are_named_by_what_the_images_hold(tmp_path, tags, name, unit):
    def change(ds, k):
        whole(ds)
        for keyword, value in tags.items():
            setattr(ds, keyword, value)

    write_slices(tmp_path / "scan", phantom(), OBLIQUE, change=change)
    file, _ = report(tmp_path, {"A": mask()})
    found = numbers(groups(file)[0])
    wanted = ("intensity", "99MEDSAMSEG") if name is None else key(name)
    assert found[(wanted, key(codes.SCT.Mean))][1] == (unit, "UCUM")


def test_the_command_writes_both_and_says_nothing_of_the_patient(run, networks, tmp_path):  # noqa: F811
    folder = write_files(tmp_path)[0].parent
    out, sr = tmp_path / "out.dcm", tmp_path / "out.sr.dcm"
    result = run("segment", folder, *BOX, "--name", "Lesion", "-o", out, "--report", sr)
    assert result.status == 0
    assert result.out.splitlines()[-1] == f"Written: {out}, and {sr}"
    assert "ller" not in result.out + result.err
    assert highdicom.seg.segread(out).get_segment_description(1).segment_label == "Lesion"
    first, second = groups(pydicom.dcmread(sr))
    again = run("segment", folder, *BOX, "--name", "Lesion", "-o", tmp_path / "out.nrrd", "--json")
    said = json.loads(again.out)["measurements"]
    assert numbers(first)[(key(codes.SCT.Volume),)][0] == pytest.approx(said["volume_ml"])
    assert numbers(second)[(key(codes.SCT.LongAxis),)][0] == pytest.approx(said["diameters"]["longest"]["mm"])


def test_the_segmentation_may_have_another_format(run, networks, tmp_path):  # noqa: F811
    folder = write_files(tmp_path)[0].parent
    out, sr = tmp_path / "out.seg.nrrd", tmp_path / "out.sr.dcm"
    result = run("segment", folder, *BOX, "-o", out, "--report", sr, "--json")
    assert (result.status, result.json()["report"]) == (0, str(sr))
    (group,) = groups(pydicom.dcmread(sr))
    assert {(key(codes.SCT.Volume),), (key(codes.SCT.LongAxis),)} <= numbers(group).keys()


def no_spacing(ds, _):
    whole(ds)
    del ds.PixelSpacing, ds.ImagePositionPatient, ds.ImageOrientationPatient


@pytest.mark.parametrize(
    ("arguments", "name", "code", "words"),
    [
        (["-o", "out.dcm", "--axis", "1"], "r.sr.dcm", "report_axis", "across axis 1 do not lie on one stored image"),
        (["-o", "out.dcm"], "r.txt", "report_suffix", "r.txt is no name for a DICOM report."),
        (["-o", "r.dcm"], "r.dcm", "usage", "--report and --output have the same name."),
        (["-o", "out.dcm", "--all-times"], "r.dcm", "usage", "--report cannot go with --all-times."),
        (["-o", "out.dcm"], "there.dcm", "output_exists", "there.dcm exists already."),
        (["-o", "out.dcm"], "nowhere/r.dcm", "folder_missing", "nowhere does not exist."),
    ],
)
def test_what_cannot_be_reported_is_told_before_anything_is_read(
    run,
    networks,  # noqa: F811
    tmp_path,
    monkeypatch,
    arguments,
    name,
    code,
    words,
):
    folder = write_files(tmp_path)[0].parent
    monkeypatch.chdir(tmp_path)
    (tmp_path / "there.dcm").touch()
    result = run("segment", folder, *BOX, *arguments, "--report", name, "--json")
    error = result.json()["error"]
    assert error["code"] == code
    assert words in error["message"]
    assert networks == []
    assert {each.name for each in tmp_path.iterdir()} >= {"scan", "there.dcm"}
    assert not (tmp_path / "out.dcm").exists()


def test_a_scan_that_is_not_dicom_has_no_study_for_a_report(run, networks, tmp_path):  # noqa: F811
    sitk.WriteImage(sitk.GetImageFromArray(phantom()), str(tmp_path / "scan.nrrd"))
    out = tmp_path / "out.seg.nrrd"
    result = run("segment", tmp_path / "scan.nrrd", *BOX, "-o", out, "--report", tmp_path / "r.sr.dcm")
    assert result.status == 2
    assert result.err.splitlines() == [
        "medsamseg: r.sr.dcm would be a DICOM report, which belongs to DICOM images; the scan is not one.",
        "  Leave --report out, or give the folder of the scan's DICOM files.",
    ]
    assert networks == []
    assert not out.exists()


def test_a_picture_without_millimeters_is_not_measured(run, networks, tmp_path):  # noqa: F811
    (path,) = write_slices(tmp_path / "scan", phantom()[:1], change=no_spacing, modality="CR", sop_class=CR)
    arguments = ["--box", "0,1,8,10", "--slice", "0", "-o", tmp_path / "out.seg.nrrd", "--report", tmp_path / "r.dcm"]
    result = run("segment", path, *arguments, "--json")
    assert result.json()["error"]["code"] == "report_no_millimeters"
    assert networks == []


CR = "1.2.840.10008.5.1.4.1.1.1"


@pytest.mark.parametrize("missing", ["StudyInstanceUID", "PatientID"])
def test_images_that_lack_what_a_report_takes_from_them_are_told(run, networks, tmp_path, missing):  # noqa: F811
    def change(ds, k):
        whole(ds)
        delattr(ds, missing)

    folder = write_slices(tmp_path / "scan", phantom(), change=change)[0].parent
    result = run("segment", folder, *BOX, "-o", tmp_path / "o.nrrd", "--report", tmp_path / "r.sr.dcm")
    assert result.status == 6
    assert "A DICOM report of " in result.err
    assert missing in result.err.replace(" ", "")
    assert not (tmp_path / "r.sr.dcm").exists()


def test_slices_are_counted_in_space():
    """The phantom's slices ascend along its normal, as the tests above take for granted."""
    normal = np.cross(OBLIQUE[:3], OBLIQUE[3:])
    assert (slice_position(1, OBLIQUE) - slice_position(0, OBLIQUE)) @ normal > 0
