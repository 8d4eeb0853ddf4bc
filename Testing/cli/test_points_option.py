"""`medsamseg segment --point` and `--not-point`, with a network that finds what is bright round the points."""

import numpy as np
import pytest
from PIL import Image
from test_segment_command import WINDOW, networks, read_mask, rod, write_image  # noqa: F401

SLICE = ["--slice", "5"]
BOX = ["--box", "7,9,18,20"]


@pytest.fixture(autouse=True)
def mobilesam(networks, store):  # noqa: F811
    store.final_path("mobilesam").write_bytes(b"the fake network needs none")


@pytest.fixture
def segment(run, tmp_path):
    """Called with options, segments a bright bar on slices 2 to 9, rows 10 to 19, columns 8 to 17."""
    scan = write_image(tmp_path / "scan.nrrd", rod())

    def run_segment(*options, model="mobilesam"):
        given = ["--model", model, *WINDOW, "-o", tmp_path / "out.nrrd", "--force"]
        return run("segment", scan, *given, *options)

    return run_segment


def square(x, y):
    """What the fake network finds at a point: five pixels each way that are bright."""
    mask = np.zeros((32, 40), np.uint8)
    mask[y - 2 : y + 3, x - 2 : x + 3] = 1
    return mask


def test_points_alone_become_an_object_that_is_followed(segment, tmp_path):
    summary = segment(*SLICE, "--point", "12,14", "--json").json()
    mask = read_mask(tmp_path / "out.nrrd")
    np.testing.assert_array_equal(mask[5], square(12, 14))
    assert (summary["first_slice"], summary["last_slice"]) == (2, 9)
    assert next(row["box"] for row in summary["per_slice"] if row["slice"] == 5) == [10, 12, 14, 16]


def test_a_box_round_what_points_show_is_not_asked_with_them(segment, monkeypatch):
    from server_fakes import FakePredictor

    decode, asked = FakePredictor.decode, []

    def watched(self, embedding, image_size, boxes=None, points=None, labels=None, answer=0, coarse_surroundings=False):
        asked.extend([boxes is None] if points is not None else [])
        return decode(self, embedding, image_size, boxes, points, labels)

    monkeypatch.setattr(FakePredictor, "decode", watched)
    segment(*SLICE, "--point", "12,14")
    assert asked == [True]


def test_points_beside_a_box_say_what_of_it(segment, tmp_path):
    segment(*SLICE, *BOX, "--not-point", "12,14", "--slice-only")
    np.testing.assert_array_equal(read_mask(tmp_path / "out.nrrd")[5], rod()[5] // 200 - square(12, 14))


def test_part_object_and_whole_are_asked_of_points(segment, tmp_path, monkeypatch):
    from server_fakes import FakePredictor

    decode = FakePredictor.decode

    def fewer(self, embedding, image_size, boxes=None, points=None, labels=None, answer=0, coarse_surroundings=False):
        prediction = decode(self, embedding, image_size, boxes, points, labels)
        prediction.masks[:, :, 10 + answer :] &= answer == 0
        return prediction

    monkeypatch.setattr(FakePredictor, "decode", fewer)
    for meaning, columns in (("part", 1), ("object", 2), ("whole", 3)):
        segment(*SLICE, "--point", "12,14", "--meaning", meaning, "--slice-only")
        assert read_mask(tmp_path / "out.nrrd")[5].sum() == 5 * columns


def test_several_objects_of_a_prompts_file(segment, tmp_path):
    file = tmp_path / "prompts.json"
    file.write_text(
        '{"objects": [{"name": "A", "prompts": [{"slice": 5, "points": [[10, 12, 1]]}]},'
        ' {"name": "B", "prompts": [{"slice": 5, "box": [13, 9, 18, 20], "points": [[15, 17, 1]]}]}]}'
    )
    result = segment("--prompts", file, "--slice-only", "--json")
    assert [each["mask_voxels"] for each in result.json()["segments"]] == [25, 25]


def test_a_threshold_and_probabilities_go_with_points(segment, tmp_path):
    likely = tmp_path / "likely.nrrd"
    segment(*SLICE, "--point", "12,14", "--slice-only", "--threshold", "0.9", "--probability", likely)
    # 200 of 255 is less likely than that.
    assert not read_mask(tmp_path / "out.nrrd").any()
    # Probabilities are kept as half floats.
    assert read_mask(likely)[5].max() == np.float16(200 / 255)


def test_in_a_picture_drawn_into_its_overlay(run, tmp_path):
    Image.fromarray(rod()[5]).save(tmp_path / "bar.png")
    files = ["-o", tmp_path / "mask.png", "--overlay", tmp_path / "shown.png"]
    # The last one on the outer edge of the last pixel.
    points = ["--point", "12,14", "--not-point", "30,25", "--not-point", "39.5,31.5"]
    result = run("segment", tmp_path / "bar.png", "--model", "mobilesam", *WINDOW, *points, *files)
    assert result.status == 0, result.err
    np.testing.assert_array_equal(np.asarray(Image.open(tmp_path / "mask.png")), 255 * square(12, 14))
    drawn = np.asarray(Image.open(tmp_path / "shown.png")).astype(int)
    scale = 900 / 40
    for x, y in ((12, 14), (30, 25)):
        color = drawn[round((y + 0.5) * scale), round((x + 0.5) * scale)]
        assert np.abs(color - (80, 210, 255)).max() < 10


@pytest.mark.parametrize(
    ("options", "code", "words"),
    [
        (("--point", "1,2,3"), "point_malformed", "two numbers"),
        (("--point", "40,14"), "point_outside_image", "x 0 to 39"),
        (("--point", "-1,14"), "point_outside_image", "point -1, 14"),
        ((*BOX, "--point", "30,14"), "point_outside_box", "outside of its box 7, 9, 18, 20"),
        (("--not-point", "12,14"), "points_without_object", "Add --point"),
        (("--point", "30,25"), "points_show_nothing", "Nothing was found on slice 5 by the points 30,25"),
        ((*BOX, "--point", "12,14", "--not-point", "12,14"), "points_show_nothing", "Nothing"),
        (("--point", "12,14", "--range", "6:9"), "prompt_outside_range", "points on slice 5 are outside the range 6:9"),
        (("--point", "12,14", "--range", ":4"), "prompt_outside_range", "outside the range :4"),
        (("--point", "12,14", "--slice", "99"), "slice_out_of_range", "99"),
        (("--point", "12,14", "--prompts", "file.json"), "usage", '"points"'),
        (("--point", "12,14", "--click", "12,14"), "usage", "--click"),
        (("--point", "12,14", "--boxes", "file.json"), "usage", "--boxes"),
        (("--point", "12,14", "--all-times"), "usage", "--time"),
        (("--point", "12,14", "--box-format", "xywh"), "usage", "voxel indices"),
    ],
)
def test_points_that_cannot_be_used_are_refused(segment, tmp_path, options, code, words):
    result = segment(*SLICE, *options, "--json")
    error = result.json()["error"]
    assert (result.status, error["code"]) == (2, code)
    assert words in f"{error['message']} {error['hint']}"
    assert not (tmp_path / "out.nrrd").exists()


def test_models_that_learned_boxes_only_say_what_to_do(segment, run, tmp_path):
    result = segment(*SLICE, *BOX, "--point", "12,14", model="litemedsam")
    assert result.status == 2
    assert "LiteMedSAM learned boxes only" in result.err
    assert "--model mobilesam or sam, or leave the points out" in result.err
    assert "or give a box" in segment(*SLICE, "--point", "12,14", model="litemedsam").err


def test_a_missing_slice_is_said(segment):
    result = segment("--point", "12,14")
    assert result.status == 2
    assert "--slice is missing" in result.err


@pytest.mark.parametrize(
    ("prompt", "place"),
    [
        ('"points": []', "points"),
        ('"points": [[1, 2]]', "points[0]"),
        ('"points": [[1, "a", 1]]', "points[0][1]"),
        ('"points": [[1, 2, 3]]', "points[0]"),
    ],
)
def test_points_of_a_file_are_checked_where_they_stand(segment, tmp_path, prompt, place):
    (tmp_path / "prompts.json").write_text('{"prompts": [{"slice": 5, ' + prompt + "}]}")
    error = segment("--prompts", tmp_path / "prompts.json", "--json").json()["error"]
    assert error["code"] == "prompts_malformed"
    assert f"prompts[0].{place}: " in error["message"]


def test_through_a_film(run, tmp_path):
    import cv2

    film = cv2.VideoWriter(str(tmp_path / "film.avi"), cv2.VideoWriter.fourcc(*"MJPG"), 5, (80, 64))
    for time in range(3):
        frame = np.zeros((64, 80, 3), np.uint8)
        frame[20:40, 16 + 2 * time : 36 + 2 * time] = 255
        film.write(frame)
    film.release()
    out = tmp_path / "masks.npz"
    options = ["--model", "mobilesam", "--slice", "0", "--point", "26,30", "-o", out]
    result = run("segment", tmp_path / "film.avi", *options, "--overlay", tmp_path / "shown.mp4")
    assert result.status == 0, result.err
    masks = np.load(out)["masks"]
    assert masks[0].sum() == 25
    assert (tmp_path / "shown.mp4").exists()
