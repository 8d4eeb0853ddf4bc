"""`medsamseg segment --boxes` and `--box-format`: boxes as annotation tools write them."""

import csv
import json

import numpy as np
import pytest
import SimpleITK as sitk
from PIL import Image
from test_segment_command import WINDOW, networks  # noqa: F401

from medsamseg_server.cli.box_formats import in_pixels

pytestmark = pytest.mark.usefixtures("networks")

#: Rows and columns of two bright squares in a picture of 32 × 40 pixels.
SQUARES = {"large": (slice(8, 20), slice(10, 25)), "small": (slice(24, 30), slice(2, 8))}
#: The same as COCO has them: left, top, width, height.
COCO_BOXES = {"large": [10, 8, 15, 12], "small": [2, 24, 6, 6]}
YOLO_LINES = {"large": "0 0.4375 0.4375 0.375 0.375", "small": "1 0.125 0.84375 0.15 0.1875"}


def scene():
    picture = np.full((32, 40), 20, np.uint8)
    for rows, columns in SQUARES.values():
        picture[rows, columns] = 220
    return picture


def mask_of(*names):
    mask = np.zeros((32, 40), np.uint8)
    for number, name in enumerate(names, start=1):
        mask[SQUARES[name]] = 255 if len(names) == 1 else number
    return mask


def read(path):
    return np.asarray(Image.open(path))


@pytest.fixture
def folder(tmp_path):
    made = tmp_path / "pictures"
    (made / "more").mkdir(parents=True)
    for name in ("a.png", "more/b.png", "c.png"):
        Image.fromarray(scene()).save(made / name)
    return made


def coco(**changes):
    return {
        "images": [
            {"id": 1, "file_name": "a.png", "width": 40, "height": 32},
            {"id": 2, "file_name": "more/b.png", "width": 40, "height": 32},
            {"id": 3, "file_name": "elsewhere.png", "width": 40, "height": 32},
        ],
        "categories": [{"id": 7, "name": "cell"}, {"id": 8, "name": "nucleus"}],
        "annotations": [
            {"id": 1, "image_id": 1, "category_id": 7, "bbox": COCO_BOXES["large"]},
            {"id": 2, "image_id": 1, "category_id": 8, "bbox": COCO_BOXES["small"]},
            {"id": 3, "image_id": 2, "category_id": 7, "bbox": COCO_BOXES["small"]},
            {"id": 4, "image_id": 3, "category_id": 7, "bbox": COCO_BOXES["small"]},
        ],
        **changes,
    }


def write(path, content):
    path.write_text(content if isinstance(content, str) else json.dumps(content), encoding="utf-8")
    return path


def test_coco_boxes_of_a_folder_give_a_mask_for_each_picture_and_a_table(run, folder, tmp_path):
    boxes = write(tmp_path / "boxes.json", coco())
    result = run("segment", folder, "--boxes", boxes, *WINDOW, "-o", tmp_path / "masks")
    assert result.status == 0, result.err
    assert result.out.splitlines() == ["3 of 3 objects found in 2 pictures", f"Written: {tmp_path / 'masks'}"]
    np.testing.assert_array_equal(read(tmp_path / "masks/a.png"), mask_of("large", "small"))
    np.testing.assert_array_equal(read(tmp_path / "masks/more/b.png"), mask_of("small"))
    rows = list(csv.DictReader((tmp_path / "masks/objects.csv").read_text().splitlines()))
    assert [(row["gray_level"], row["name"], row["area_pixels"]) for row in rows] == [
        ("1", "cell", "180"),
        ("2", "nucleus", "36"),
        ("255", "cell", "36"),
    ]


def test_coco_boxes_of_one_picture_become_segments_by_their_categories(run, folder, tmp_path):
    content = coco()
    content["annotations"][1]["category_id"] = 7
    out = tmp_path / "a.seg.nrrd"
    boxes = write(tmp_path / "boxes.json", content)
    assert run("segment", folder / "a.png", "--boxes", boxes, *WINDOW, "-o", out).status == 0
    written = sitk.ReadImage(str(out))
    names = [written.GetMetaData(f"Segment{number}_Name") for number in range(2)]
    assert names == ["cell 1", "cell 2"]
    np.testing.assert_array_equal(sitk.GetArrayFromImage(written)[0], mask_of("large", "small"))


def test_yolo_files_of_a_folder_are_found_by_the_pictures_names(run, folder, tmp_path):
    labels = tmp_path / "labels"
    labels.mkdir()
    write(labels / "a.txt", f"{YOLO_LINES['large']}\n\n{YOLO_LINES['small']} 0.93\n")
    write(labels / "c.txt", YOLO_LINES["small"])
    write(labels / "classes.txt", "cell\nnucleus\n")
    result = run("segment", folder, "--boxes", labels, *WINDOW, "-o", tmp_path / "masks", "--json")
    assert result.status == 0, result.err
    np.testing.assert_array_equal(read(tmp_path / "masks/a.png"), mask_of("large", "small"))
    np.testing.assert_array_equal(read(tmp_path / "masks/c.png"), mask_of("small"))
    assert not (tmp_path / "masks/more").exists()
    assert [row["name"] for row in result.json()["objects"]] == ["cell", "nucleus", "nucleus"]


def test_a_polygon_of_yolo_is_asked_by_the_box_round_it(run, folder, tmp_path):
    boxes = write(tmp_path / "a.txt", "0 0.25 0.25 0.625 0.25 0.625 0.625 0.4 0.625 0.25 0.4")
    out = tmp_path / "mask.png"
    assert run("segment", folder / "a.png", "--boxes", boxes, *WINDOW, "-o", out).status == 0
    np.testing.assert_array_equal(read(out), mask_of("large"))


def test_objects_do_not_share_pixels_unless_they_may(run, folder, tmp_path):
    content = coco()
    content["annotations"][1]["bbox"] = [10, 8, 8, 12]
    boxes = write(tmp_path / "boxes.json", content)
    arguments = ["segment", folder / "a.png", "--boxes", boxes, *WINDOW, "-o", tmp_path / "a.seg.nrrd"]
    assert run(*arguments).status == 0
    flat = sitk.GetArrayFromImage(sitk.ReadImage(str(tmp_path / "a.seg.nrrd")))
    np.testing.assert_array_equal(flat[0] > 0, mask_of("large") > 0)
    assert set(np.unique(flat)) == {0, 1, 2}
    assert run(*arguments, "--force", "--allow-overlap").status == 0
    assert sitk.GetArrayFromImage(sitk.ReadImage(str(tmp_path / "a.seg.nrrd"))).shape[-1] == 2


def test_many_objects_are_asked_in_batches_and_numbered(run, tmp_path):
    picture = np.zeros((200, 200), np.uint8)
    corners = [(12 * row + 4, 12 * column + 4) for row in range(16) for column in range(16)]
    for y, x in corners:
        picture[y : y + 5, x : x + 5] = 220
    Image.fromarray(picture).save(tmp_path / "cells.png")
    lines = "\n".join(f"0 {(x + 2.5) / 200} {(y + 2.5) / 200} {5 / 200} {5 / 200}" for y, x in corners)
    boxes = write(tmp_path / "cells.txt", lines)
    out = tmp_path / "mask.tif"
    assert run("segment", tmp_path / "cells.png", "--boxes", boxes, *WINDOW, "-o", out, "--csv").status == 0
    mask = read(out)
    assert [mask[y + 2, x + 2] for y, x in corners] == list(range(1, 257))
    np.testing.assert_array_equal(mask > 0, picture > 0)
    assert len((tmp_path / "mask.objects.csv").read_text().splitlines()) == 257


FORMATS = {
    "corners": "10,8,24,19",
    "xywh": "10,8,15,12",
    "fractions": "0.25,0.25,0.625,0.625",
    "yolo": "0.4375,0.4375,0.375,0.375",
}


@pytest.mark.parametrize(("kind", "numbers"), FORMATS.items())
def test_a_box_in_every_format_is_the_same(run, folder, tmp_path, kind, numbers):
    assert in_pixels(tuple(float(each) for each in numbers.split(",")), kind, (32, 40)) == (10, 8, 24, 19)
    out = tmp_path / "mask.png"
    picture = folder / "a.png"
    assert run("segment", picture, "--box", numbers, "--box-format", kind, *WINDOW, "-o", out).status == 0
    np.testing.assert_array_equal(read(out), mask_of("large"))


def test_rounded_numbers_at_the_edge_and_single_pixels_are_boxes():
    assert in_pixels((0.5, 0.5, 1.000002, 1.0), "yolo", (32, 40)) == pytest.approx((0, 0, 39, 31), abs=1e-3)
    assert in_pixels((5, 6, 1, 1), "xywh", (32, 40)) == (4.5, 5.5, 5.5, 6.5)
    assert in_pixels((5, 6, 900, 4), "xywh", (32, 40))[2] == 904


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("[", "wrong at its JSON"),
        ([], "'images': a list of objects"),
        (coco(images=[{"id": 1}]), "images[0].file_name"),
        (coco(annotations=[{"image_id": 1, "bbox": [1, 2, 3]}]), "annotations[0].bbox"),
        (coco(annotations=[{"image_id": [1], "bbox": [1, 2, 3, 4]}]), "annotations[0].image_id"),
        (coco(annotations=[]), "has no box for"),
        (coco(annotations=[{"image_id": 1, "bbox": [1, 2, 300, 4]}]), "a.png, 'class None': The box"),
        (coco(images=[{"id": 1, "file_name": "a.png", "width": 400, "height": 32}]), "drawn on 400 × 32"),
        (coco(images=[{"id": 1, "file_name": "../a.png"}]), "has no box for"),
    ],
)
def test_a_coco_file_that_is_wrong_says_where(run, folder, tmp_path, content, words):
    boxes = write(tmp_path / "boxes.json", content)
    result = run("segment", folder, "--boxes", boxes, "-o", tmp_path / "masks")
    assert result.status == 2
    assert words in result.err


@pytest.mark.parametrize(
    ("line", "words"),
    [("0 0.5 0.5 0.5", "3 numbers after the class"), ("cell 0.5 0.5 0.2 0.2", "line 2"), ("0 0.5 0.5 3 0.2", "box")],
)
def test_a_yolo_file_that_is_wrong_says_where(run, folder, tmp_path, line, words):
    boxes = write(tmp_path / "a.txt", f"{YOLO_LINES['large']}\n{line}\n")
    result = run("segment", folder / "a.png", "--boxes", boxes, "-o", tmp_path / "m.png")
    assert result.status == 2
    assert words in result.err


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--box", "1,2,3,4"], "--box cannot go with --boxes"),
        (["--slice", "0"], "--slice cannot go"),
        (["--overlay", "o.png"], "--overlay cannot go with a folder"),
        (["-o", "masks.png"], "is a folder of pictures"),
    ],
)
def test_what_cannot_go_together_is_said_first(run, folder, tmp_path, networks, arguments, words):  # noqa: F811
    boxes = write(tmp_path / "boxes.json", coco())
    result = run("segment", folder, "--boxes", boxes, "-o", tmp_path / "masks", *arguments)
    assert result.status == 2
    assert words in result.err
    assert networks == []


def test_masks_that_are_there_are_kept_unless_told_otherwise(run, folder, tmp_path):
    boxes = write(tmp_path / "boxes.json", coco())
    arguments = ["segment", folder, "--boxes", boxes, *WINDOW, "-o", tmp_path / "masks"]
    assert run(*arguments).status == 0
    before = (tmp_path / "masks/a.png").read_bytes()
    assert run(*arguments).status == 6
    assert (tmp_path / "masks/a.png").read_bytes() == before
    assert run(*arguments, "--force").status == 0


def test_missing_files_are_named(run, folder, tmp_path):
    assert "no.json" in run("segment", folder, "--boxes", tmp_path / "no.json", "-o", tmp_path / "m").err
    boxes = write(tmp_path / "boxes.json", coco())
    result = run("segment", tmp_path / "no", "--boxes", boxes, "-o", tmp_path / "m")
    assert result.status == 3
    assert str(tmp_path / "no") in result.err
