"""What a segment is, in codes: found by name or code, and carried into every file that has a field for it."""

import json

import highdicom
import pydicom
import pytest
import SimpleITK as sitk
from pydicom.sr.codedict import codes
from test_dicom_output import mask, phantom, write_files
from test_segment_command import networks  # noqa: F401

from medsamseg_server.errors import MedSAMSegError
from medsamseg_server.image_io.mask_writer import Segment
from medsamseg_server.image_io.reading import read_image
from medsamseg_server.image_io.segmentations import write_segmentation
from medsamseg_server.image_io.term_lists import term_lists
from medsamseg_server.image_io.term_search import find_term, find_terminology
from medsamseg_server.image_io.terminology import TISSUE, Code, Terminology, from_slicer_entry, slicer_entry

BOX = ["--box", "0,1,8,10", "--slice", "3", "--window", "4000,1000"]
LEFT = Code("SCT", "7771000", "Left")
MASS = Terminology(
    Code("SCT", "49755003", "Morphologically Abnormal Structure"),
    Code("SCT", "4147007", "Mass"),
    LEFT,
    Code("SCT", "39607008", "Lung"),
    LEFT,
)
#: As vtkSlicerTerminologiesModuleLogic of Slicer 5.10 serializes it.
ENTRY = (
    "Segmentation category and type - DICOM master list~SCT^49755003^Morphologically Abnormal Structure"
    "~SCT^4147007^Mass~SCT^7771000^Left~Anatomic codes - DICOM master list~SCT^39607008^Lung~SCT^7771000^Left"
)


@pytest.fixture(scope="module")
def standard():
    return term_lists()


@pytest.fixture(autouse=True)
def noSlicer(monkeypatch):
    monkeypatch.delenv("SLICER_HOME", raising=False)


@pytest.mark.parametrize(
    ("text", "code", "modifier"),
    [
        ("Mass", "4147007", None),
        ("  mass ", "4147007", None),
        ("SCT:4147007", "4147007", None),
        ("left kidney", "64033007", "Left"),
        ("Kidney, left", "64033007", "Left"),
        ("SCT:64033007+SCT:7771000", "64033007", "Left"),
        ("kidney", "64033007", None),
    ],
)
def test_a_name_or_a_code_finds_its_one_term(standard, text, code, modifier):
    found = find_term(text, standard.types, "--term")
    assert (found.code.scheme, found.code.value) == ("SCT", code)
    assert (found.modifier and found.modifier.meaning) == modifier


def test_every_type_of_the_standard_has_a_category_of_it(standard):
    categories = {code.value for code in codes.cid7150.concepts.values()}
    assert {term.category.value for term in standard.types} == categories
    assert find_terminology("Mass", "lung", standard) == Terminology(
        Code("SCT", "49755003", "Morphologically Abnormal Structure"), MASS.type, region=MASS.region
    )


def test_an_unknown_name_gets_the_nearest_ones(standard):
    with pytest.raises(MedSAMSegError) as raised:
        find_term("nodul", standard.types, "--term")
    assert raised.value.code == "term_unknown"
    assert "Nodule (SCT:27925004)" in raised.value.hint
    with pytest.raises(MedSAMSegError) as raised:
        find_term("Livr", standard.types, "--term")
    assert raised.value.hint.startswith("Liver (SCT:10200004)")


@pytest.mark.parametrize(
    ("text", "first"),
    [
        ("Tumour", "Neoplasm (SCT:108369006)"),
        ("tumors", "Neoplasm (SCT:108369006)"),
        ("Metastases", "Neoplasm, Secondary (SCT:14799000)"),
        ("Oesophagus", "Esophagus (SCT:32849002)"),
        ("haemorrhages", "Hemorrhage (SCT:50960005)"),
        ("Grey matter", "Gray Matter (SCT:389081007)"),
    ],
)
def test_other_spellings_and_words_of_everyday_get_what_is_meant(standard, text, first):
    with pytest.raises(MedSAMSegError) as raised:
        find_term(text, standard.types, "--term")
    assert raised.value.message.endswith("Did you mean:")
    assert raised.value.hint.splitlines()[0] == first
    # No thumb for a tumor.
    assert "Thumb" not in raised.value.hint


@pytest.mark.parametrize(
    ("text", "expected", "places"),
    [
        ("Liver tumour", ["Neoplasm (SCT:108369006)", "Liver (SCT:10200004)"], "Liver (SCT:10200004)"),
        ("tumors of the  Liver", ["Neoplasm (SCT:108369006)", "Liver (SCT:10200004)"], "Liver (SCT:10200004)"),
        ("left kidney cyst", ["Cyst (SCT:367643001)", "Kidney (SCT:64033007), Left (SCT:7771000)"], ""),
        ("Lymph node metastases", ["Neoplasm, Secondary (SCT:14799000)", "Lymph Node (SCT:59441001)"], ""),
        ("haemorrhage in the brain", ["Hemorrhage (SCT:50960005)", "Brain (SCT:12738006)"], "Brain (SCT:12738006)"),
        ("secondary neoplasm", ["Neoplasm, Secondary (SCT:14799000)"], ""),
        ("Gray mattre", ["Gray Matter (SCT:389081007)"], ""),
        ("ugly nodul", ["Nodule (SCT:27925004)"], ""),
    ],
)
def test_phrases_get_what_their_words_mean_and_where_it_is(standard, text, expected, places):
    with pytest.raises(MedSAMSegError) as raised:
        find_terminology(text, None, standard)
    assert raised.value.code == "term_unknown"
    *offered, last = raised.value.hint.splitlines()
    if places:
        assert last.startswith(f"--region says where it is: {places}")
    else:
        offered.append(last)
    assert [line for line in offered if line in expected] == expected
    assert offered[0] == expected[0]


def test_what_cannot_be_a_place_is_not_called_one(standard):
    with pytest.raises(MedSAMSegError) as raised:
        find_terminology("Livr", None, standard)
    assert "--region" not in raised.value.hint


def test_an_empty_name_is_near_nothing(standard):
    with pytest.raises(MedSAMSegError) as raised:
        find_term(" ", standard.types, "--term")
    assert raised.value.hint == "Give an English name such as Mass, or a code such as SCT:4147007."


def slicer_list(path, name="Segmentation category and type - 3D Slicer General Anatomy list", codes=("1", "2")):
    """A file as Slicer's, with two types of one name, one of them with sides."""

    def item(value, meaning, **more):
        return {"CodingSchemeDesignator": "99TEST", "CodeValue": value, "CodeMeaning": meaning, **more}

    sides = [item("L", "Left", **{"3dSlicerLabel": "sinistra"}), item("R", "Right")]
    types = [item(codes[0], "Twin", Modifier=sides), item(codes[1], "Twin")]
    category = item("C", "Things", Type=types)
    content = {"SegmentationCategoryTypeContextName": name, "SegmentationCodes": {"Category": [category]}}
    path.write_text(json.dumps(content), "utf-8")
    return path


def test_slicers_own_file_is_read_where_it_is(tmp_path, monkeypatch):
    folder = tmp_path / "share" / "Slicer-5.10" / "qt-loadable-modules" / "Terminologies"
    folder.mkdir(parents=True)
    slicer_list(folder / "a.json")
    (folder / "regions.json").write_text(
        json.dumps(
            {
                "AnatomicContextName": "Anatomic codes - DICOM master list",
                "AnatomicCodes": {
                    "AnatomicRegion": [
                        {"CodingSchemeDesignator": "99TEST", "CodeValue": "9", "CodeMeaning": "Somewhere"}
                    ]
                },
            }
        )
    )
    monkeypatch.setenv("SLICER_HOME", str(tmp_path))
    found = find_terminology("sinistra", "somewhere", term_lists())
    assert (found.category.value, found.type.value, found.modifier.value, found.region.value) == ("C", "1", "L", "9")
    assert slicer_entry(found).startswith("Segmentation category and type - 3D Slicer General Anatomy list~99TEST^C^")
    with pytest.raises(MedSAMSegError) as raised:
        find_term("twin", term_lists().types, "--term")
    assert raised.value.code == "term_ambiguous"
    assert raised.value.hint.splitlines() == ["Twin (99TEST:1)", "Twin (99TEST:2)"]


def test_a_term_of_two_lists_is_one(tmp_path):
    paths = [slicer_list(tmp_path / "a.json", "Other list"), slicer_list(tmp_path / "b.json")]
    found = find_term("99TEST:1", term_lists(paths).types, "--term")
    assert found.list_name.endswith("General Anatomy list")


def test_a_file_that_is_no_terminology_is_told(tmp_path):
    (tmp_path / "x.json").write_text("[1, 2]")
    (tmp_path / "z.json").write_text("{}")
    (tmp_path / "y.json").write_text('{"SegmentationCodes": {}}')
    for name in ("x.json", "y.json", "z.json", "none.json"):
        with pytest.raises(MedSAMSegError) as raised:
            term_lists([tmp_path / name])
        assert raised.value.code == "terms_unreadable"
        assert name in raised.value.message


@pytest.mark.parametrize("known", [MASS, TISSUE])
def test_slicers_entry_comes_back(known):
    assert from_slicer_entry(slicer_entry(known)) == known
    assert slicer_entry(MASS) == ENTRY
    assert from_slicer_entry("nothing") is None
    # Slicer up to 4.11 has entries without a region.
    assert from_slicer_entry("list~SCT^1^A~SCT^2^B~^^").type.value == "2"


def code_of(sequence):
    (item,) = sequence
    return Code(item.CodingSchemeDesignator, item.CodeValue, item.CodeMeaning)


def test_each_format_carries_it(tmp_path):
    image = read_image(write_files(tmp_path)[0].parent)
    segment = Segment("One", mask(), terminology=MASS)
    for name in ("out.dcm", "out.rtstruct.dcm", "out.seg.nrrd"):
        write_segmentation(tmp_path / name, segment, image.place)
    described = highdicom.seg.segread(tmp_path / "out.dcm").get_segment_description(1)
    assert described.segmented_property_category.value == MASS.category.value
    assert described.segmented_property_type.value == MASS.type.value
    assert described.anatomic_regions[0].value == MASS.region.value
    (item,) = pydicom.dcmread(tmp_path / "out.dcm").SegmentSequence
    assert code_of(item.SegmentedPropertyTypeCodeSequence[0].SegmentedPropertyTypeModifierCodeSequence) == LEFT
    assert code_of(item.AnatomicRegionSequence[0].AnatomicRegionModifierSequence) == LEFT
    (observed,) = pydicom.dcmread(tmp_path / "out.rtstruct.dcm").RTROIObservationsSequence
    assert code_of(observed.RTROIIdentificationCodeSequence) == MASS.type
    tags = sitk.ReadImage(str(tmp_path / "out.seg.nrrd")).GetMetaData("Segment0_Tags")
    assert f"|TerminologyEntry:{ENTRY}|" in f"|{tags}"


def test_the_command_carries_it_into_segmentation_and_report(run, networks, tmp_path, home):  # noqa: F811
    folder = write_files(tmp_path)[0].parent
    outputs = ["-o", tmp_path / "out.dcm", "--report", tmp_path / "out.sr.dcm"]
    result = run("segment", folder, *BOX, "--term", "mass", "--region", "left lung", *outputs)
    assert result.status == 0
    assert "Mass (SCT:4147007) in Lung (SCT:39607008), Left (SCT:7771000)" in result.out
    (item,) = pydicom.dcmread(tmp_path / "out.dcm").SegmentSequence
    assert code_of(item.SegmentedPropertyTypeCodeSequence) == MASS.type
    report = highdicom.sr.srread(tmp_path / "out.sr.dcm")
    for group in report.content.get_volumetric_roi_measurement_groups():
        assert (group.finding_type.value, group.finding_category.value) == (MASS.type.value, MASS.category.value)
        (site,) = group.finding_sites
        assert (site.value.value, site.topographical_modifier.value) == (MASS.region.value, LEFT.value)
    # Of the patient, nothing is in caches and logs.
    for path in (each for each in home.rglob("*") if each.is_file()):
        assert not any(secret in path.read_bytes() for secret in (b"ller^", b"19500102"))


def test_what_cannot_be_is_told_before_anything_is_computed(run, networks, tmp_path):  # noqa: F811
    sitk.WriteImage(sitk.GetImageFromArray(phantom()), str(tmp_path / "scan.nrrd"))
    result = run("segment", tmp_path / "scan.nrrd", *BOX, "--term", "mass", "-o", tmp_path / "out.nii.gz")
    assert result.status == 2
    assert "out.nii.gz has no field for what a segment is (--term)." in result.err
    result = run("segment", tmp_path / "scan.nrrd", *BOX, "--region", "Lunge", "-o", tmp_path / "out.seg.nrrd")
    assert result.status == 2
    assert "--region 'Lunge' is in no list of terms. Did you mean:" in result.err
    assert "  Lung (SCT:39607008)" in result.err.splitlines()
    assert networks == []
    assert sorted(each.name for each in tmp_path.iterdir()) == ["home", "scan.nrrd"]


def objects_file(path, **first):
    """A prompts file with two objects; the first has more than its box."""
    prompts = [{"slice": 3, "box": [0, 1, 8, 10]}]
    objects = [{"name": "One", "prompts": prompts, **first}, {"name": "Two", "prompts": prompts}]
    path.write_text(json.dumps({"objects": objects}), "utf-8")
    return path


def test_objects_of_a_prompts_file_have_terms_of_their_own(run, networks, tmp_path, home):  # noqa: F811
    folder = write_files(tmp_path)[0].parent
    prompts = objects_file(tmp_path / "boxes.json", term="mass", region="left lung")
    outputs = ["-o", tmp_path / "out.dcm", "--report", tmp_path / "out.sr.dcm", "--json"]
    options = ["--window", "4000,1000", "--allow-overlap", "--term", "Cyst"]
    result = run("segment", folder, "--prompts", prompts, *options, *outputs)
    assert result.status == 0
    told = {each["name"]: each["terminology"] for each in result.json()["segments"]}
    assert (told["One"]["type"]["value"], told["One"]["region"]["value"]) == (MASS.type.value, MASS.region.value)
    assert (told["Two"]["type"]["meaning"], "region" in told["Two"]) == ("Cyst", False)
    # Two segments that lie on each other do not fit into one labelmap; their order is that of the file.
    one, two = pydicom.dcmread(tmp_path / "out.dcm").SegmentSequence
    assert code_of(one.SegmentedPropertyTypeCodeSequence) == MASS.type
    assert code_of(one.AnatomicRegionSequence).value == MASS.region.value
    assert code_of(two.SegmentedPropertyTypeCodeSequence).meaning == "Cyst"
    assert "AnatomicRegionSequence" not in two
    groups = highdicom.sr.srread(tmp_path / "out.sr.dcm").content.get_volumetric_roi_measurement_groups()
    assert [group.finding_type.meaning for group in groups] == ["Mass", "Cyst"]


@pytest.mark.parametrize(
    ("first", "output", "expected"),
    [
        ({"term": "Mas"}, "out.seg.nrrd", "boxes.json, One: The term 'Mas' is in no list of terms."),
        ({"region": "Lunge"}, "out.seg.nrrd", "boxes.json, One: The region 'Lunge' is in no list of terms."),
        ({"term": 5}, "out.seg.nrrd", "is wrong at objects[0].term: 5 is no text"),
        ({"term": "Mass"}, "out.nrrd", 'no field for what a segment is ("term" and "region" of the prompts file).'),
    ],
)
def test_a_wrong_term_in_a_prompts_file_is_told_with_its_object(run, networks, tmp_path, first, output, expected):  # noqa: F811
    sitk.WriteImage(sitk.GetImageFromArray(phantom()), str(tmp_path / "scan.nrrd"))
    prompts = objects_file(tmp_path / "boxes.json", **first)
    result = run("segment", tmp_path / "scan.nrrd", "--prompts", prompts, "-o", tmp_path / output)
    assert (result.status, networks) == (2, [])
    assert expected in " ".join(result.err.split())


def test_the_only_object_of_a_prompts_file_has_its_term(run, networks, tmp_path):  # noqa: F811
    sitk.WriteImage(sitk.GetImageFromArray(phantom()), str(tmp_path / "scan.nrrd"))
    content = {"prompts": [{"slice": 3, "box": [0, 1, 8, 10]}], "term": "mass"}
    (tmp_path / "boxes.json").write_text(json.dumps(content), "utf-8")
    options = ["--prompts", tmp_path / "boxes.json", "--window", "4000,1000", "--region", "lung"]
    result = run("segment", tmp_path / "scan.nrrd", *options, "-o", tmp_path / "out.seg.nrrd")
    assert result.status == 0
    assert "Mass (SCT:4147007) in Lung (SCT:39607008)" in result.out
    tags = sitk.ReadImage(str(tmp_path / "out.seg.nrrd")).GetMetaData("Segment0_Tags")
    assert "~SCT^4147007^Mass~" in tags
    assert "~SCT^39607008^Lung~" in tags
