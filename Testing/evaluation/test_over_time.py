"""`medsamseg evaluate` on pictures, films and scans over time, with a network that finds what is bright in the box."""

import csv
import json
import sys
from pathlib import Path

import nibabel
import numpy as np
import pytest
from PIL import Image

from medsamseg_server.cli import main
from medsamseg_server.errors import MedSAMSegError
from medsamseg_server.evaluation.metrics import track
from medsamseg_server.training.find_cases import find_cases

sys.path.append(str(Path(__file__).parents[1] / "films"))
from film_writing import write_frames

pytestmark = pytest.mark.usefixtures("fake_network")

FRAMES = 16
#: Where the object of the film is hidden.
HIDDEN = range(8, 12)
TIMES = 4


def patch(frame):
    """Rows and columns of the object in the film: it moves two pixels a frame."""
    return slice(20, 32), slice(10 + 2 * frame, 24 + 2 * frame)


def truth():
    labels = np.zeros((FRAMES, 64, 80), np.uint8)
    for frame in range(FRAMES):
        if frame not in HIDDEN:
            labels[(frame, *patch(frame))] = 1
    return labels


def film(path):
    frames = np.empty((FRAMES, 64, 80, 3), np.uint8)
    frames[:] = (60, 70, 90)
    frames[truth() > 0] = (210, 150, 80)
    return write_frames(path, frames)


def npz(folder, labels):
    np.savez(folder / "masks.npz", masks=labels, times=np.arange(len(labels)))
    return "masks.npz"


def folder_of_pngs(folder, labels, palette=False):
    (folder / "masks").mkdir()
    for number, frame in enumerate(labels):
        # Without leading zeros: the numbers count, not the letters.
        picture = Image.fromarray(frame)
        if palette:
            picture.putpalette([0, 0, 0, 200, 0, 0])
        picture.save(folder / "masks" / f"f{number}.png")
    return "masks"


LABELS = {
    "npz": npz,
    "PNG": folder_of_pngs,
    "PNG with a palette": lambda folder, labels: folder_of_pngs(folder, labels, palette=True),
}


def bars():
    """A bar, (T, K, J, I), that moves two voxels to the right from time to time, and is gone at the last."""
    volumes = np.zeros((TIMES, 9, 32, 40), np.int16)
    for time in range(TIMES - 1):
        volumes[time, 2:7, 10:20, 8 + 2 * time : 18 + 2 * time] = 200
    return volumes


def nifti(path, array):
    nibabel.save(nibabel.Nifti1Image(array.T, np.diag([-1.5, -1.5, 3, 1])), path)
    return path.name


def manifest(folder, **case):
    path = folder / "manifest.json"
    path.write_text(json.dumps({"cases": [{"targets": {"tool": 1}, **case}]}))
    return path


def evaluate(path, *options):
    out = path.with_name("report.json")
    assert main(["evaluate", str(path), "--out", str(out), "--quiet", *map(str, options)]) == 0
    return json.loads(out.read_text())


def refusal(capsys, path, *options):
    assert main(["evaluate", str(path), "--json", *options]) != 0
    return json.loads(capsys.readouterr().out)["error"]


@pytest.mark.parametrize("write", LABELS.values(), ids=LABELS)
def test_an_object_is_followed_through_a_film(tmp_path, write):
    film(tmp_path / "film.mkv")
    report = evaluate(manifest(tmp_path, image="film.mkv", labels=write(tmp_path, truth())))
    assert list(report["protocols"]) == ["track"]
    assert [run["method"] for run in report["runs"][:2]] == ["film", "reference"]
    (target,) = report["protocols"]["track"]["targets"]
    assert target["nsd"] is None
    assert target["boxes"] == 1
    followed = target["track"]
    speed = followed.pop("frames_per_second")
    assert followed == {
        "visible": 12,
        "visible_dice": 1,
        "lost": 0,
        "regained": 1,
        "absent": 4,
        "over_propagation": 0,
    }
    assert speed > 0
    # Later runs find what this one has encoded.
    assert report["runs"][1]["protocols"]["track"]["targets"][0]["track"]["frames_per_second"] is None


def test_what_is_invented_and_what_is_lost_are_counted(tmp_path):
    film(tmp_path / "film.mkv")
    labels = truth()
    # The reference says that the object is gone on the first two frames, and to be seen where it is hidden.
    labels[:2] = 0
    labels[(9, *patch(9))] = 1
    report = evaluate(manifest(tmp_path, image="film.mkv", labels=npz(tmp_path, labels)), "--jitter", "0")
    together = report["protocols"]["track"]["track"]
    together.pop("mean_frames_per_second")
    assert together == {
        "visible": 11,
        "mean_visible_dice": pytest.approx(10 / 11, abs=1e-4),
        "lost": 1,
        "regained": 1,
        "absent": 5,
        "mean_over_propagation": 0.4,
    }


def test_a_film_has_a_box_on_every_frame_too(tmp_path):
    film(tmp_path / "film.mkv")
    path = manifest(tmp_path, image="film.mkv", labels=npz(tmp_path, truth()))
    found = evaluate(path, "--protocol", "gtbox,track", "--html", tmp_path / "page.html")["protocols"]
    assert (found["gtbox"]["mean_dice"], found["gtbox"]["targets"][0]["boxes"]) == (1, 12)
    assert "track" not in found["gtbox"]
    assert "lost on 0 of 12 frames" in (tmp_path / "page.html").read_text(encoding="utf-8")


def test_the_summary_and_the_table_say_how_it_was_followed(tmp_path, capsys):
    film(tmp_path / "film.mkv")
    path = manifest(tmp_path, image="film.mkv", labels=npz(tmp_path, truth()))
    table = tmp_path / "table.csv"
    assert main(["evaluate", str(path), "--jitter", "0", "--csv", str(table)]) == 0
    line = capsys.readouterr().out.splitlines()[2].strip()
    assert line.startswith(
        "Dice while visible 1.000; lost on 0 of 12 frames, regained 1 times; "
        "found on 0% of 4 frames without the object; "
    )
    assert line.endswith(" frames a second")
    rows = list(csv.DictReader(table.read_text().splitlines()))
    assert [(row["method"], row["protocol"], row["target"], row["lost"]) for row in rows] == [
        ("film", "track", "tool", "0"),
        ("reference", "track", "tool", rows[1]["lost"]),
    ]
    assert rows[0]["nsd"] == ""


@pytest.mark.parametrize("files", ["one file", "a file a time"])
def test_an_object_is_followed_through_all_times_of_a_scan(tmp_path, files):
    nifti(tmp_path / "scan.nii", bars())
    labels = (bars() > 0).astype(np.uint8)
    if files == "one file":
        names = nifti(tmp_path / "labels.nii", labels)
    else:
        names = [nifti(tmp_path / f"labels_{time}.nii", each) for time, each in enumerate(labels)]
    case = {"image": "scan.nii", "labels": names, "all_times": True, "window": "255,127.5"}
    report = evaluate(manifest(tmp_path, **case), "--jitter", "0", "--html", tmp_path / "page.html")
    (target,) = report["protocols"]["track"]["targets"]
    assert (target["dice"], target["slices"]) == (1, 3)
    assert (target["track"]["visible"], target["track"]["absent"], target["track"]["over_propagation"]) == (3, 1, 0)


@pytest.mark.parametrize("labels", [bars(), bars()[1]], ids=["of all times", "of that time"])
def test_one_time_is_a_scan(tmp_path, labels):
    nifti(tmp_path / "scan.nii", bars())
    names = nifti(tmp_path / "labels.nii", (labels > 0).astype(np.uint8))
    case = {"image": "scan.nii", "labels": names, "time": 1, "window": "255,127.5"}
    found = evaluate(manifest(tmp_path, **case), "--protocol", "gtbox,propagate")["protocols"]
    assert [each["mean_dice"] for each in found.values()] == [1, 1]
    assert found["gtbox"]["mean_nsd"] == 1


@pytest.mark.parametrize("mask", ["mask.png", "mask.tif"])
@pytest.mark.parametrize("image", ["photo.png", "photo.tif"])
def test_a_picture_in_color_has_a_picture_as_mask(tmp_path, image, mask):
    labels = truth()[0] * np.uint8(255)
    photo = np.where(labels[..., None] > 0, np.uint8((210, 150, 80)), np.uint8((60, 70, 90)))
    Image.fromarray(photo).save(tmp_path / image, dpi=(300, 300))
    Image.fromarray(labels).save(tmp_path / mask, dpi=(72, 72))
    path = manifest(tmp_path, image=image, labels=mask, targets={"lesion": 255})
    report = evaluate(path, "--protocol", "gtbox")
    assert report["protocols"]["gtbox"]["mean_dice"] == 1
    assert report["protocols"]["gtbox"]["mean_nsd"] is None


def test_of_pictures_the_usual_protocol_is_a_box(tmp_path):
    Image.fromarray(truth()[0] * np.uint8(200)).save(tmp_path / "photo.png")
    Image.fromarray(truth()[0]).save(tmp_path / "mask.png")
    assert list(evaluate(manifest(tmp_path, image="photo.png", labels="mask.png"))["protocols"]) == ["gtbox"]


def _film(folder, labels=None, **case):
    film(folder / "film.mkv")
    return {"image": "film.mkv", "labels": npz(folder, truth() if labels is None else labels), **case}


def _scan(folder, **case):
    nifti(folder / "scan.nii", bars())
    return {
        "image": "scan.nii",
        "labels": nifti(folder / "labels.nii", (bars() > 0).astype(np.uint8)),
        **case,
    }


def _picture(folder, labels=None):
    Image.fromarray(truth()[0]).save(folder / "photo.png")
    Image.fromarray(truth()[0] if labels is None else labels).save(folder / "mask.png")
    return {"image": "photo.png", "labels": "mask.png"}


def _one_slice(folder):
    nifti(folder / "scan.nii", bars()[0, 4:5])
    return {"image": "scan.nii", "labels": nifti(folder / "labels.nii", (bars()[0, 4:5] > 0).astype(np.uint8))}


REFUSED = {
    "track in a picture": (_picture, "track", "protocol_unfit", "has one slice only"),
    "track in one slice": (_one_slice, "track", "protocol_unfit", "has one slice only"),
    "boxes in all times": (lambda folder: _scan(folder, all_times=True), "gtbox", "protocol_unfit", "with track"),
    "no such time": (lambda folder: _scan(folder, time=4), "gtbox", "time_out_of_range", "There is no time 4"),
    "no time": (_scan, "gtbox", "image_not_3d", "--time"),
    "both": (lambda folder: _scan(folder, time=1, all_times=True), "track", "manifest_malformed", "cannot go together"),
    "labels of fewer frames": (
        lambda folder: _film(folder, truth()[:9]),
        "track",
        "labels_differ",
        "masks.npz has labels of 9 frames, its film has 16",
    ),
    "labels of another size": (
        lambda folder: _film(folder, truth()[:, :, :70]),
        "track",
        "labels_differ",
        "70 × 64 pixels, its film has 80 × 64",
    ),
    "no labels of a film": (
        lambda folder: {**_film(folder), "labels": "film.mkv"},
        "track",
        "labels_unreadable",
        "is no file with the labels of a film",
    ),
    "object that is not there": (
        lambda folder: _film(folder, targets={"tool": 7}),
        "track",
        "target_missing",
        "no voxel with the label 7",
    ),
    "mask of another size": (
        lambda folder: _picture(folder, truth()[0, :60]),
        "gtbox",
        "labels_differ",
        "mask.png has 1 × 60 × 80",
    ),
    "mask in colors": (
        lambda folder: _picture(folder, np.stack([truth()[0] * 200, truth()[0], truth()[0]], axis=-1)),
        "gtbox",
        "labels_unreadable",
        "is in colors",
    ),
}


@pytest.mark.parametrize(("case", "protocol", "code", "words"), REFUSED.values(), ids=REFUSED)
def test_what_does_not_fit_is_told(tmp_path, capsys, case, protocol, code, words):
    error = refusal(capsys, manifest(tmp_path, **case(tmp_path)), "--protocol", protocol)
    assert error["code"] == code
    assert words in error["message"] + error["hint"]


def test_studies_and_training_take_single_scans(tmp_path, capsys):
    path = manifest(tmp_path, **_film(tmp_path))
    assert main(["study", str(path), "--json"]) == 2
    assert json.loads(capsys.readouterr().out)["error"]["code"] == "case_unfit"
    with pytest.raises(MedSAMSegError) as caught:
        find_cases(path)
    assert caught.value.code == "case_unfit"


#: What was found, and the truth, of a pixel a frame: visible, Dice, lost, regained, absent, over-propagation.
TRACKS = {
    "followed": ("1111", "1111", (4, 1.0, 0, 0, 0, None)),
    "lost for good": ("1100", "1111", (4, 0.5, 2, 0, 0, None)),
    "lost and regained": ("1011", "1111", (4, 0.75, 1, 1, 0, None)),
    "back in sight": ("1101", "1101", (3, 1.0, 0, 1, 1, 0.0)),
    "goes on without": ("1111", "1100", (2, 1.0, 0, 0, 2, 1.0)),
    "there from the third": ("0111", "0011", (2, 1.0, 0, 0, 2, 0.5)),
}


@pytest.mark.parametrize(("found", "seen", "expected"), TRACKS.values(), ids=TRACKS)
def test_tracks_are_counted_frame_by_frame(found, seen, expected):
    masks = [np.array([[[letter == "1"]] for letter in text]) for text in (found, seen)]
    score = track(*masks, seconds=2.0)
    names = ("visible", "visible_dice", "lost", "regained", "absent", "over_propagation")
    assert tuple(getattr(score, name) for name in names) == expected
    assert score.frames_per_second == 2
