"""`medsamseg segment --time` and `--all-times`: sequences of 3D Slicer, 4D files, DICOM series over time."""

import csv

import nibabel
import nrrd
import numpy as np
import pytest
import SimpleITK as sitk
from phantom_writing import write_slices
from test_segment_command import WINDOW, networks  # noqa: F401

pytestmark = pytest.mark.usefixtures("networks")

TIMES = 4
#: Voxel sizes along I, J and K.
SPACING = (1.5, 2.0, 3.0)
BOX = ["--box", "7,9,18,20", "--slice", "4"]


def beating():
    """A bar, (T, K, J, I), that moves two voxels to the right and becomes a voxel lower from time to time."""
    volumes = np.zeros((TIMES, 9, 32, 40), np.int16)
    for time in range(TIMES):
        volumes[time, 2:7, 10 : 20 - time, 8 + 2 * time : 18 + 2 * time] = 200
    return volumes


def sequence(path, kinds="list first"):
    """Write as 3D Slicer does, with the list of volumes as the fastest or the slowest axis."""
    space = [[SPACING[0], 0, 0], [0, SPACING[1], 0], [0, 0, SPACING[2]]]
    none = [[np.nan] * 3]
    first = kinds == "list first"
    header = {
        "kinds": ["list"] + ["domain"] * 3 if first else ["domain"] * 3 + ["list"],
        "space": "left-posterior-superior",
        "space directions": np.array(none + space if first else space + none),
        "space origin": [1.0, 2.0, 3.0],
        "axis 0 index type": "time",
    }
    voxels = beating().transpose(3, 2, 1, 0)
    nrrd.write(str(path), np.moveaxis(voxels, -1, 0) if first else voxels, header)
    return path


def nifti(path):
    image = nibabel.Nifti1Image(beating().transpose(3, 2, 1, 0), np.diag([-SPACING[0], -SPACING[1], SPACING[2], 1]))
    nibabel.save(image, path)
    return path


def metaimage(path):
    image = sitk.JoinSeries([sitk.GetImageFromArray(volume) for volume in beating()])
    image.SetSpacing((*SPACING, 1.0))
    sitk.WriteImage(image, str(path))
    return path


def dicom(path):
    for time in range(TIMES):

        def number(ds, k, time=time):
            ds.TemporalPositionIdentifier = time + 1
            ds.SOPInstanceUID = f"1.2.3.{time + 1}.{k + 1}"

        write_slices(path, beating()[time], change=number, name=f"T{time}_")
    return path


SCANS = {
    "sequence, list first": lambda folder: sequence(folder / "scan.seq.nrrd"),
    "sequence, list last": lambda folder: sequence(folder / "scan.seq.nrrd", "list last"),
    "NIfTI": lambda folder: nifti(folder / "scan.nii.gz"),
    "MetaImage": lambda folder: metaimage(folder / "scan.mha"),
    "DICOM": lambda folder: dicom(folder / "dicom"),
}


@pytest.fixture(params=SCANS.values(), ids=SCANS)
def scan(request, tmp_path):
    return request.param(tmp_path)


def read(path):
    return sitk.GetArrayFromImage(sitk.ReadImage(str(path)))


def test_a_time_is_a_volume(run, scan, tmp_path):
    box = ["--box", "11,9,22,20", "--slice", "4"]
    result = run("segment", scan, *box, *WINDOW, "--time", "2", "-o", tmp_path / "out.nrrd")
    assert result.status == 0, result.err
    np.testing.assert_array_equal(read(tmp_path / "out.nrrd"), beating()[2] > 0)


def test_an_object_is_followed_through_all_times(run, scan, tmp_path):
    result = run("segment", scan, *BOX, *WINDOW, "--all-times", "--csv", "-o", tmp_path / "out.seg.nrrd")
    assert result.status == 0, result.err
    assert result.out.splitlines() == [
        "Segment: found at 4 of 4 times",
        f"Written: {tmp_path / 'out_0.seg.nrrd'} to out_3.seg.nrrd",
    ]
    for time in range(TIMES):
        np.testing.assert_array_equal(read(tmp_path / f"out_{time}.seg.nrrd"), beating()[time] > 0)
    rows = list(csv.DictReader((tmp_path / "out.times.csv").read_text().splitlines()))
    assert [int(row["voxels"]) for row in rows] == [np.count_nonzero(volume) for volume in beating()]
    for row in rows:
        assert 0 < float(row["volume_ml_low"]) <= float(row["volume_ml"]) <= float(row["volume_ml_high"])


def test_the_box_may_be_on_a_later_time_and_masks_lie_on_the_scan(run, tmp_path):
    scan = nifti(tmp_path / "scan.nii.gz")
    box = ["--box", "11,9,22,18", "--slice", "4", "--time", "2"]
    assert run("segment", scan, *box, *WINDOW, "--all-times", "-o", tmp_path / "out.nii.gz").status == 0
    for time in range(TIMES):
        np.testing.assert_array_equal(read(tmp_path / f"out_{time}.nii.gz"), beating()[time] > 0)
    np.testing.assert_allclose(nibabel.load(tmp_path / "out_1.nii.gz").affine, nibabel.load(scan).affine)


def test_where_the_object_is_not_found_its_mask_is_empty_and_that_is_told(run, tmp_path):
    volumes = beating()
    volumes[3] = 0
    image = nibabel.Nifti1Image(volumes.transpose(3, 2, 1, 0), np.eye(4))
    nibabel.save(image, tmp_path / "scan.nii")
    result = run("segment", tmp_path / "scan.nii", *BOX, *WINDOW, "--all-times", "-o", tmp_path / "out.nrrd", "--json")
    assert result.status == 0
    assert "Segment was not found at time 3" in result.err
    assert [row["mask_voxels"] > 0 for row in result.json()["times"]] == [True, True, True, False]
    assert not read(tmp_path / "out_3.nrrd").any()


def test_several_objects_are_followed_together(run, tmp_path):
    volumes = beating()
    volumes[:, 2:7, 24:30, 2:8] = 200
    nibabel.save(nibabel.Nifti1Image(volumes.transpose(3, 2, 1, 0), np.eye(4)), tmp_path / "scan.nii")
    (tmp_path / "boxes.json").write_text(
        '{"objects": [{"name": "A", "prompts": [{"slice": 4, "box": [7, 9, 18, 20]}]},'
        ' {"name": "B", "prompts": [{"slice": 4, "box": [1, 23, 8, 30]}]}]}'
    )
    prompts = ["--prompts", tmp_path / "boxes.json"]
    assert (
        run("segment", tmp_path / "scan.nii", *prompts, *WINDOW, "--all-times", "-o", tmp_path / "o.nrrd").status == 0
    )
    for time in range(TIMES):
        found = read(tmp_path / f"o_{time}.nrrd")
        np.testing.assert_array_equal(found == 1, beating()[time] > 0)
        np.testing.assert_array_equal(found > 0, volumes[time] > 0)


def test_without_a_time_the_way_out_is_named(run, tmp_path):
    for scan in (sequence(tmp_path / "scan.seq.nrrd"), nifti(tmp_path / "scan.nii.gz")):
        result = run("segment", scan, *BOX, "-o", tmp_path / "out.nrrd")
        assert result.status == 2
        assert "--time N" in result.err
        assert "--all-times" in result.err


def color_sequence(path):
    """Write as 3D Slicer 5.12 does: colors, the three directions, and the list of volumes as the slowest axis."""
    space = [[SPACING[0], 0, 0], [0, SPACING[1], 0], [0, 0, SPACING[2]]]
    header = {
        "kinds": ["RGB-color", "domain", "domain", "domain", "list"],
        "space": "left-posterior-superior",
        "space directions": np.array([[np.nan] * 3, *space, [np.nan] * 3]),
        "space origin": [1.0, 2.0, 3.0],
        "DataNodeClassName": "vtkMRMLVectorVolumeNode",
        "axis 3 index type": "numeric",
        "axis 3 index values": "0.0 0.5 1.0 1.5",
    }
    nrrd.write(str(path), colors().transpose(4, 3, 2, 1, 0), header)
    return path


def color_metaimage(path):
    image = sitk.JoinSeries([sitk.GetImageFromArray(volume, isVector=True) for volume in colors()])
    image.SetSpacing((*SPACING, 1.0))
    sitk.WriteImage(image, str(path))
    return path


def colors():
    """The bar in orange on dark blue, (T, K, J, I, 3)."""
    return np.where(beating()[..., None] > 0, np.uint8((210, 140, 60)), np.uint8((20, 30, 60)))


COLOR_SCANS = {
    "sequence": lambda folder: color_sequence(folder / "scan.seq.nrrd"),
    "MetaImage": lambda folder: color_metaimage(folder / "scan.mha"),
}


@pytest.mark.parametrize("write", COLOR_SCANS.values(), ids=COLOR_SCANS)
def test_a_sequence_in_color_has_times(run, tmp_path, write):
    scan = write(tmp_path)
    box = ["--box", "11,9,22,20", "--slice", "4", "--time", "2"]
    result = run("segment", scan, *box, "-o", tmp_path / "out.nrrd")
    assert result.status == 0, result.err
    np.testing.assert_array_equal(read(tmp_path / "out.nrrd"), beating()[2] > 0)
    assert sitk.ReadImage(str(tmp_path / "out.nrrd")).GetSpacing() == SPACING
    result = run("segment", scan, *BOX, "--all-times", "-o", tmp_path / "all.seg.nrrd")
    assert result.status == 0, result.err
    for time in range(TIMES):
        np.testing.assert_array_equal(read(tmp_path / f"all_{time}.seg.nrrd"), beating()[time] > 0)
    assert "--time N" in run("segment", scan, *BOX, "-o", tmp_path / "one.nrrd").err


def test_a_list_of_three_volumes_of_bytes_is_no_color(run, tmp_path):
    header = {"kinds": ["list", "domain", "domain", "domain"]}
    nrrd.write(str(tmp_path / "s.seq.nrrd"), beating()[:3].astype(np.uint8).transpose(0, 3, 2, 1), header)
    result = run("segment", tmp_path / "s.seq.nrrd", *BOX, "-o", tmp_path / "out.nrrd")
    assert "3 volumes over time" in result.err


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--time", "4"], "There is no time 4: the scan has 4"),
        (["--time", "-1"], "There is no time -1"),
        (["--all-times", "-o", "out.png"], "out.png would be one picture"),
        (["--all-times", "--overlay", "o.png"], "--overlay cannot go with --all-times"),
        (["--all-times", "--probability", "p.nrrd"], "--probability cannot go with --all-times"),
    ],
)
def test_what_cannot_be_is_said_first(run, tmp_path, networks, arguments, words):  # noqa: F811
    arguments = [tmp_path / each if each.endswith((".png", ".nrrd")) else each for each in arguments]
    result = run("segment", nifti(tmp_path / "scan.nii"), *BOX, "-o", tmp_path / "out.nrrd", *arguments)
    assert result.status == 2
    assert words in result.err
    assert networks == []


def test_a_single_volume_has_no_times(run, tmp_path):
    nibabel.save(nibabel.Nifti1Image(beating()[0].transpose(2, 1, 0), np.eye(4)), tmp_path / "one.nii")
    result = run("segment", tmp_path / "one.nii", *BOX, "--time", "0", "-o", tmp_path / "out.nrrd")
    assert result.status == 2
    assert "Leave --time" in result.err


def test_one_file_of_an_earlier_run_keeps_all_from_being_written(run, tmp_path):
    scan = nifti(tmp_path / "scan.nii")
    (tmp_path / "out_2.nrrd").write_text("mine")
    arguments = ["segment", scan, *BOX, *WINDOW, "--all-times", "-o", tmp_path / "out.nrrd"]
    assert run(*arguments).status == 6
    assert not (tmp_path / "out_0.nrrd").exists()
    assert (tmp_path / "out_2.nrrd").read_text() == "mine"
    assert run(*arguments, "--force").status == 0


def test_dicom_times_are_those_of_one_series(run, tmp_path):
    folder = dicom(tmp_path / "dicom")
    write_slices(folder / "other", beating()[0], series="1.2.3.99", name="O", change=None)
    box = ["--box", "13,9,24,20", "--slice", "4"]
    result = run("segment", folder, *box, *WINDOW, "--time", "3", "-o", tmp_path / "out.nrrd")
    assert result.status == 0, result.err
    np.testing.assert_array_equal(read(tmp_path / "out.nrrd"), beating()[3] > 0)


def test_a_cine_of_one_slice_is_followed_through_time(run, tmp_path):
    volumes = beating()[:, 4:5]
    nibabel.save(nibabel.Nifti1Image(volumes.transpose(3, 2, 1, 0), np.eye(4)), tmp_path / "cine.nii")
    arguments = ["segment", tmp_path / "cine.nii", *BOX[:2], "--slice", "0", *WINDOW, "--all-times"]
    assert "there are 4 volumes" in run(*arguments, "-o", tmp_path / "out.png").err
    assert run(*arguments, "-o", tmp_path / "out.nrrd").status == 0
    for time in range(TIMES):
        np.testing.assert_array_equal(read(tmp_path / f"out_{time}.nrrd"), volumes[time] > 0)


def series(path, volumes):
    """Write volumes (T, K, J, I) as a 4D NIfTI file."""
    nibabel.save(nibabel.Nifti1Image(np.asarray(volumes).transpose(3, 2, 1, 0), np.eye(4)), path)
    return path


def test_what_is_excluded_is_followed_through_time_and_space(run, tmp_path):
    bar, hole = ringed()
    arguments = ["segment", series(tmp_path / "ring.nii", bar), *BOX, *WINDOW, "--all-times"]
    result = run(*arguments, "--exclude", "10,12,15,17", "-o", tmp_path / "out.nrrd")
    assert result.status == 0, result.err
    for time in range(TIMES):
        np.testing.assert_array_equal(read(tmp_path / f"out_{time}.nrrd"), (bar[time] > 0) & ~hole[time])


def ringed():
    """The moving bar, and where its hole is: as bright, so that a box alone tells it, and moving along."""
    bar = beating()
    hole = np.zeros(bar.shape, bool)
    for time in range(TIMES):
        hole[time, 2:7, 12 : 18 - time, 10 + 2 * time : 16 + 2 * time] = True
    # The network takes what is bright in the box; motion needs an edge to see where the hole goes.
    return np.where(hole, np.int16(230), bar), hole


def test_labels_of_one_time_cannot_be_excluded_at_all(run, tmp_path):
    bar, _ = ringed()
    labels = ["--exclude-labels", tmp_path / "labels.nrrd"]
    scan = series(tmp_path / "ring.nii", bar)
    result = run("segment", scan, *BOX, *WINDOW, "--all-times", *labels, "-o", tmp_path / "o.nrrd")
    assert result.status == 2
    assert "--exclude-labels marks voxels of one time" in result.err
    assert "it is followed through time, too" in result.err


@pytest.mark.parametrize(("fuse", "found"), [("mean", False), ("max", True)])
def test_phases_are_asked_at_each_time(run, tmp_path, fuse, found):
    # Certain is 255: the mean of 30 and 200 is too little, the maximum is not.
    scan, also = series(tmp_path / "a.nii", beating() * 30 // 200), series(tmp_path / "b.nii", beating())
    options = ["--also", also, "--fuse", fuse, "--all-times", "-o", tmp_path / "out.nrrd"]
    assert run("segment", scan, *BOX, *WINDOW, *options).status == 0
    for time in range(TIMES):
        np.testing.assert_array_equal(read(tmp_path / f"out_{time}.nrrd"), (beating()[time] > 0) & found)


def test_one_time_of_a_phase_goes_with_the_same_time(run, tmp_path):
    dark = series(tmp_path / "a.nii", beating() * 0)
    series(tmp_path / "b.nii", beating())
    box = ["--box", "11,9,22,20", "--slice", "4", "--time", "2", "--fuse", "max"]
    result = run("segment", dark, *box, *WINDOW, "--also", tmp_path / "b.nii", "-o", tmp_path / "out.nrrd")
    assert result.status == 0, result.err
    np.testing.assert_array_equal(read(tmp_path / "out.nrrd"), beating()[2] > 0)


@pytest.mark.parametrize(
    ("volumes", "words"),
    [
        (lambda: beating()[:3], "b.nii holds 3 volumes over time, but a.nii has 4."),
        (lambda: beating()[:1, ..., 0:40], "b.nii holds 1 volume over time, but a.nii has 4."),
    ],
)
def test_phases_need_as_many_times(run, tmp_path, networks, volumes, words):  # noqa: F811
    scan, also = series(tmp_path / "a.nii", beating()), series(tmp_path / "b.nii", volumes())
    result = run("segment", scan, *BOX, "--also", also, "--all-times", "-o", tmp_path / "out.nrrd")
    assert (result.status, networks) == (2, [])
    assert words in result.err
