"""Finding cases, reading them, splitting them: what is used, and what is left out with its reason."""

import json

import numpy as np
import pytest
import SimpleITK as sitk
from labeled_cases import ellipsoid, write_case

from medsamseg_server.errors import MedSAMSegError
from medsamseg_server.evaluation.cases import load_case
from medsamseg_server.image_io.image import Geometry, ScanPlace
from medsamseg_server.image_io.mask_writer import Segment
from medsamseg_server.image_io.segmentations import write_segmentation
from medsamseg_server.training.boxes import jittered_box, tight_box
from medsamseg_server.training.cases import DataReport, SizeLimits, cut_slices, read_case
from medsamseg_server.training.data import DataOptions, prepare_data
from medsamseg_server.training.find_cases import find_cases
from medsamseg_server.training.splits import Split, make_split, read_split, write_split


def prepared(folder, tmp_path, **options):
    run = tmp_path / "run"
    run.mkdir(exist_ok=True)
    return prepare_data(DataOptions(folder, **options), run)


def reasons(data):
    return {dropped.case: dropped.reason for dropped in data.report.dropped}


def test_images_and_labels_of_the_same_name_are_cases(dataset):
    (dataset / "images" / "no_labels.nii.gz").write_bytes(b"")
    assert [entry.name for entry in find_cases(dataset)] == [f"case_{number}" for number in range(5)]


def test_labels_beside_their_scans_are_found_by_their_ending(dataset, tmp_path):
    folder = tmp_path / "mixed"
    folder.mkdir()
    for name, label_name in (("a.nii.gz", "a_labels.nii.gz"), ("b.nrrd", "b-label.nrrd"), ("c.nrrd", "c.seg.nrrd")):
        sitk.WriteImage(sitk.ReadImage(str(dataset / "images" / "case_0.nii.gz")), str(folder / name))
        sitk.WriteImage(sitk.ReadImage(str(dataset / "labels" / "case_0.nii.gz")), str(folder / label_name))
    found = {entry.name: entry.labels.name for entry in find_cases(folder)}
    assert found == {"a": "a_labels.nii.gz", "b": "b-label.nrrd", "c": "c.seg.nrrd"}


def test_a_manifest_names_targets_and_window(dataset):
    manifest = dataset / "manifest.json"
    case = {
        "image": "images/case_1.nii.gz",
        "labels": "labels/case_1.nii.gz",
        "targets": {"node": 1},
        "window": "60,120",
    }
    manifest.write_text(json.dumps({"cases": [case]}))
    (entry,) = find_cases(manifest)
    assert (entry.targets, entry.window) == ({"node": 1}, "60,120")
    assert list(read_case(entry).masks) == ["node"]


@pytest.mark.parametrize("crop", [False, True], ids=["whole", "cropped"])
def test_slicers_segmentations_bring_the_names_of_their_segments(dataset, tmp_path, crop):
    image = sitk.ReadImage(str(dataset / "images" / "case_0.nii.gz"))
    mask = ellipsoid()
    write_segmentation(
        tmp_path / "whole.seg.nrrd", Segment("Node", mask.astype(np.uint8)), ScanPlace(Geometry.of(image))
    )
    written = sitk.ReadImage(str(tmp_path / "whole.seg.nrrd"))
    folder = tmp_path / "slicer"
    folder.mkdir()
    sitk.WriteImage(image, str(folder / "scan.nrrd"))
    part = written[5:40, 4:35, 0:7] if crop else written
    for key in written.GetMetaDataKeys():
        part.SetMetaData(key, written.GetMetaData(key))
    sitk.WriteImage(part, str(folder / "scan.seg.nrrd"))
    (entry,) = find_cases(folder)
    assert np.array_equal(read_case(entry).masks["Node"], mask)


def test_bad_cases_are_named_and_left_out(dataset, tmp_path):
    shape = (7, 40, 48)
    write_case(dataset, "empty", labels=np.zeros(shape, np.uint8))
    write_case(dataset, "moved", image_spacing=(1, 1, 3))
    write_case(dataset, "other_size", array=np.zeros((6, 40, 48), np.int16), labels=ellipsoid().astype(np.uint8))
    bad = np.full(shape, 7.0, np.float32)
    bad[3, 4, 5] = np.nan
    # ITK reads NaN in NIfTI files as 0.
    write_case(dataset, "nan", array=bad, labels=ellipsoid().astype(np.uint8), suffix=".nrrd")
    write_case(dataset, "fractions", labels=ellipsoid().astype(np.float32) / 2)
    (dataset / "images" / "torn.nii.gz").write_bytes(b"no image")
    (dataset / "labels" / "torn.nii.gz").write_bytes(b"no image")
    tiny = np.zeros(shape, np.uint8)
    tiny[2, 10:13, 10:13] = 1
    write_case(dataset, "tiny", labels=tiny)
    data = prepared(dataset, tmp_path)
    found = reasons(data)
    assert set(found) == {"empty", "moved", "other_size", "nan", "fractions", "torn", "tiny"}
    assert "no voxel" in found["empty"]
    assert "spacing" in found["moved"]
    assert "7 × 40 × 48" in found["other_size"] and "6 × 40 × 48" in found["other_size"]
    assert "1 voxels that are not a number" in found["nan"]
    assert "whole numbers" in found["fractions"]
    assert set(data.report.used) == {f"case_{number}" for number in range(5)}
    report = json.loads((tmp_path / "run" / "data.json").read_text())
    assert {each["case"] for each in report["dropped"]} == set(found)


def test_too_few_cases_give_the_reasons(tmp_path):
    folder = tmp_path / "data"
    for name in ("a", "b", "c"):
        write_case(folder, name, labels=np.zeros((7, 40, 48), np.uint8))
    write_case(folder, "moved", image_spacing=(1, 1, 3))
    with pytest.raises(MedSAMSegError) as caught:
        prepared(folder, tmp_path)
    words = "0 usable case(s) cannot be split into training, validation and test. Left out: a: a.nii.gz has no voxel"
    assert caught.value.message.startswith(words)
    assert "moved: moved.nii.gz has another spacing or orientation than its scan" in caught.value.message
    with pytest.raises(MedSAMSegError, match=r"0 slice\(s\) .* Left out: a: a.nii.gz has no voxel"):
        prepared(folder, tmp_path, holds_back_slices=True)


def write_nnunet(folder, description):
    """Lay two cases out as nnU-Net does, with two channels, and two labels each."""
    labels = ellipsoid().astype(np.uint8)
    labels[:, :, 24:] *= 2
    for number in (1, 2):
        for channel in ("_0000", "_0001"):
            image, label_map = write_case(folder, f"scan_{number}{channel}", labels=labels)
            for path, target in ((image, "imagesTr"), (label_map, "labelsTr")):
                (folder / target).mkdir(exist_ok=True)
                name = path.name if target == "imagesTr" else f"scan_{number}.nii.gz"
                path.rename(folder / target / name)
    for name in ("images", "labels"):
        (folder / name).rmdir()
    (folder / "dataset.json").write_text(json.dumps(description))


@pytest.mark.parametrize(
    ("labels", "targets"),
    [
        ({"background": 0, "head": 1, "tail": 2, "ignore": 3}, {"head": 1, "tail": 2}),
        ({"0": "background", "1": "head", "2": "tail"}, {"head": 1, "tail": 2}),
        ({"background": 0, "whole": [1, 2], "tail": 2}, {"whole": (1, 2), "tail": 2}),
    ],
    ids=["second version", "first version", "regions"],
)
def test_nnunets_datasets_bring_their_names(tmp_path, labels, targets):
    folder = tmp_path / "Dataset001"
    write_nnunet(folder, {"labels": labels, "channel_names": {"0": "CT", "1": "PET"}, "file_ending": ".nii.gz"})
    entries = find_cases(folder)
    assert [(entry.name, entry.image.name) for entry in entries] == [
        ("scan_1", "scan_1_0000.nii.gz"),
        ("scan_2", "scan_2_0000.nii.gz"),
    ]
    assert entries[0].targets == targets
    masks = read_case(entries[0]).masks
    assert set(masks) == set(targets)
    assert np.array_equal(masks["tail"], ellipsoid() & (np.arange(48) >= 24))
    if "whole" in masks:
        assert np.array_equal(masks["whole"], ellipsoid())


@pytest.mark.parametrize(
    "text", ["no json", "[]", '{"labels": 3}', '{"labels": {"a": "b"}}', '{"labels": {"a": [[]]}}']
)
def test_dataset_that_describes_nothing_is_refused(tmp_path, text):
    write_nnunet(tmp_path / "data", {})
    (tmp_path / "data" / "dataset.json").write_text(text)
    with pytest.raises(MedSAMSegError, match="does not describe labels"):
        find_cases(tmp_path / "data")


def test_scans_of_the_cvpr_challenge_are_cases(tmp_path):
    folder = tmp_path / "npz"
    folder.mkdir()
    for number in range(4):
        labels = ellipsoid().astype(np.uint8) * 3
        np.savez_compressed(folder / f"CT_{number}.npz", imgs=labels * 60, gts=labels, spacing=(1.0, 1.0, 2.0))
    data = prepared(folder, tmp_path)
    assert data.report.used.keys() == {f"CT_{number}" for number in range(4)}
    case = read_case(find_cases(folder)[0])
    assert case.spacing == (2, 1, 1)
    assert np.array_equal(case.masks["3"], ellipsoid())


def test_overlapping_segments_are_learned_from_and_measured(tmp_path):
    folder = tmp_path / "layers"
    other = ellipsoid(center=(3, 20, 26))
    for number in range(4):
        image, labels = write_case(folder, f"scan_{number}", seed=number)
        labels.unlink()
        segments = [Segment(name, mask.astype(np.uint8)) for name, mask in (("Node", ellipsoid()), ("Other", other))]
        place = ScanPlace(Geometry.of(sitk.ReadImage(str(image))))
        write_segmentation(labels.with_name(f"scan_{number}.seg.nrrd"), segments, place)
    prepared(folder, tmp_path)
    (entry,) = find_cases(tmp_path / "run" / "test.json")
    case = load_case(entry)
    assert np.array_equal(case.target("Node"), ellipsoid())
    assert np.array_equal(case.target("Other"), other)


def test_small_objects_are_left_out_of_their_slices(ellipsoids, dataset):
    case = read_case(find_cases(dataset)[0])
    areas = np.count_nonzero(case.masks["1"], axis=(1, 2))
    limit = int(np.sort(areas)[2]) + 1
    report = DataReport()
    slices = cut_slices(case, SizeLimits(slice_pixels=limit), None, 0, report)
    assert [each.index for each in slices] == np.flatnonzero(areas >= limit).tolist()
    assert report.small_slices == np.count_nonzero((areas > 0) & (areas < limit))
    assert np.array_equal(slices[0].masks["1"].to_array((40, 48)), case.masks["1"][slices[0].index])


def test_a_limited_number_of_slices_is_spread_over_the_object(dataset):
    case = read_case(find_cases(dataset)[0])
    every = [each.index for each in cut_slices(case, SizeLimits(), None, 0, DataReport())]
    report = DataReport()
    few = [each.index for each in cut_slices(case, SizeLimits(), 3, 0, report)]
    assert len(few) == 3 and few == sorted(few)
    assert few[0] in every[:3] and few[-1] in every[-3:]
    assert report.spared_slices == len(every) - 3


def test_splits_keep_cases_whole_and_are_the_same_again(tmp_path):
    names = [f"case {number}" for number in range(50)]
    split = make_split(names, seed=4)
    assert [len(split.train), len(split.validation), len(split.test)] == [40, 5, 5]
    assert sorted((*split.train, *split.validation, *split.test)) == sorted(names)
    assert make_split(names[::-1], seed=4) == split
    assert make_split(names, seed=5) != split
    write_split(tmp_path / "split.json", split, 4)
    assert read_split(tmp_path / "split.json") == split


def test_a_smaller_share_is_a_part_of_a_larger_one_and_leaves_the_test_alone():
    names = [f"case {number}" for number in range(50)]
    tenth, third, whole = (make_split(names, 0, share) for share in (0.1, 0.3, 1.0))
    assert (len(tenth.train), len(third.train)) == (4, 12)
    assert set(tenth.train) < set(third.train) < set(whole.train)
    assert tenth.test == whole.test and tenth.validation == whole.validation


@pytest.mark.parametrize("names", [["a", "b"], ["a", "b", "b", "c"]], ids=["too few", "repeated"])
def test_what_cannot_be_split_is_refused(names):
    with pytest.raises(MedSAMSegError):
        make_split(names, 0)


def test_a_given_split_is_used_and_must_leave_no_side_empty(dataset, tmp_path):
    split = Split(("case_3",), ("case_1", "gone"), ("case_0", "case_2"))
    write_split(tmp_path / "mine.json", split, 0)
    data = prepared(dataset, tmp_path, split=tmp_path / "mine.json")
    assert {each.case for each in data.train} == {"case_3"}
    assert {each.case for each in data.validation} == {"case_1"}
    assert "gone" in reasons(data)
    write_split(tmp_path / "bad.json", Split(("case_3",), ("gone",), ("case_0",)), 0)
    with pytest.raises(MedSAMSegError, match="no usable case"):
        prepared(dataset, tmp_path, split=tmp_path / "bad.json")


def test_the_run_gets_a_manifest_of_its_test_cases(dataset, tmp_path):
    data = prepared(dataset, tmp_path)
    entries = find_cases(tmp_path / "run" / "test.json")
    assert tuple(entry.name for entry in entries) == data.split.test
    assert entries[0].targets == {"1": 1}
    read_case(entries[0])


def test_the_datas_checksum_changes_with_a_voxel(dataset, tmp_path):
    before = prepared(dataset, tmp_path).sha256
    assert prepared(dataset, tmp_path).sha256 == before
    write_case(dataset, "case_2", seed=77)
    assert prepared(dataset, tmp_path).sha256 != before


def test_boxes_move_outward_by_whole_pixels_of_the_published_frame(ellipsoids, dataset):
    case = read_case(find_cases(dataset)[0])
    each = cut_slices(case, SizeLimits(), None, 0, DataReport())[2]
    mask = each.masks["1"]
    boxes = np.array([jittered_box(mask, (40, 48), (0, number)) for number in range(400)])
    outward = (boxes - tight_box(mask)) * [-1, -1, 1, 1] * 1024 / 48
    assert np.allclose(outward, np.round(outward))
    assert outward.min() == 0 and np.isclose(outward.max(), 20)
    assert np.isclose(outward.mean(), 10, atol=1)
    assert np.array_equal(jittered_box(mask, (40, 48), (0, 5), 0), tight_box(mask))
    assert np.array_equal(boxes[3], jittered_box(mask, (40, 48), (0, 3)))


def test_boxes_end_at_the_border_of_the_slice(dataset):
    mask = np.zeros((7, 40, 48), np.uint8)
    mask[:, 0:12, 40:48] = 1
    write_case(dataset, "corner", labels=mask)
    case = read_case(next(entry for entry in find_cases(dataset) if entry.name == "corner"))
    each = cut_slices(case, SizeLimits(), None, 0, DataReport())[0]
    boxes = [jittered_box(each.masks["1"], (40, 48), (number,), 1000) for number in range(50)]
    assert np.min(boxes) == 0 and np.max(boxes, axis=0)[2] == 47


def test_slices_of_few_scans_can_be_held_back_instead_of_cases(tmp_path):
    folder = tmp_path / "corrections"
    write_case(folder, "only", seed=1)
    data = prepared(folder, tmp_path, holds_back_slices=True)
    parts = [{each.index for each in part} for part in (data.train, data.validation, data.test)]
    assert all(parts) and not (parts[0] & parts[1] or parts[0] & parts[2] or parts[1] & parts[2])
    assert len(parts[0]) > len(parts[1]) + len(parts[2])
    assert not (tmp_path / "run" / "test.json").exists()
    with pytest.raises(MedSAMSegError, match="too few"):
        prepared(folder, tmp_path, holds_back_slices=True, slices_per_case=4)


def test_what_is_mixed_in_is_partly_practiced_and_partly_measured(dataset, tmp_path):
    other = tmp_path / "other"
    write_case(other, "liver", seed=9)
    plain = prepared(dataset, tmp_path)
    mixed = prepared(dataset, tmp_path, mix=other)
    practiced = [each for each in mixed.train if each.case == "liver"]
    assert [each.case for each in plain.train] == [each.case for each in mixed.train if each.case != "liver"]
    assert {each.case for each in mixed.mixed} == {"liver"}
    assert practiced and not {each.index for each in practiced} & {each.index for each in mixed.mixed}
    assert mixed.split == plain.split
