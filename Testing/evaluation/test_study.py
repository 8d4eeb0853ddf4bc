"""`medsamseg study`: what simulated readers do, counted, with a network that finds what is bright in the box."""

import csv
import json

import numpy as np
import pytest
from evaluation_scans import bar

from medsamseg_server.annotation_study.costs import CostModel, Effort, correction_points, outline
from medsamseg_server.cli import main
from medsamseg_server.cli import study as study_command


@pytest.fixture
def study(engine, monkeypatch, tmp_path):
    monkeypatch.setattr(study_command, "make_engine", lambda args, store: engine)

    def run(manifest, *options):
        assert main(["study", str(manifest), "--out", str(tmp_path / "study.csv"), "--jitter", "0", *options]) == 0
        with (tmp_path / "study.csv").open() as file:
            return {row["way"]: row for row in csv.DictReader(file)}

    return run


def counts(row):
    return int(row["boxes"]), int(row["points"]), int(row["checks"])


def test_a_network_that_is_right_needs_boxes_and_looks_only(study, make_manifest):
    rows = study(make_manifest(), "--every", "5")
    # The bar has eight slices; as a rectangle, an outline has four corners.
    assert counts(rows["contours"]) == (0, 8 * 4, 0)
    assert counts(rows["boxes"]) == (8, 0, 8)
    assert counts(rows["interpolated"]) == (3, 0, 8)
    assert counts(rows["propagated"]) == (1, 0, 2 + 8)
    assert float(rows["contours"]["seconds"]) == 8 * 4 * 1.75
    assert float(rows["interpolated"]["seconds"]) == 3 * 7 + 8 * 2
    assert rows["boxes"]["dice"] == rows["propagated"]["dice"] == "1.0000"
    # Two looks for the ends, which a click each tells, and "Propagate"; a key for each slice.
    assert (rows["propagated"]["keys"], rows["propagated"]["clicks"]) == ("8", "3")
    # Two diameters for a box, "Use lines" and "Propagate"; a look in each view.
    assert counts(rows["lines"]) == (1, 0, 3)
    assert (rows["lines"]["keys"], rows["lines"]["clicks"]) == ("4", "2")
    assert 0.95 < float(rows["interpolated"]["dice"]) < 1, "slice 4 is wider than its neighbors"
    # A look in each view, and the keys for a new one, the next one and accepting it, each with Shift or Ctrl.
    assert counts(rows["batch"]) == (1, 0, 3)
    assert (rows["batch"]["keys"], rows["batch"]["clicks"]) == ("6", "1")
    worked = 7 + 3 * 2 + 6 * 0.28 + 1.38
    assert float(rows["batch"]["seconds"]) == pytest.approx(worked + float(rows["batch"]["waited"]), abs=0.1)
    # The same without waiting, and nothing can be faster.
    assert float(rows["perfect"]["seconds"]) == pytest.approx(worked, abs=0.05)


def test_slices_that_the_network_misses_are_corrected_by_hand(study, make_manifest):
    scan = bar()
    scan[6] = 0
    scan[7] = 0
    rows = study(make_manifest(scan), "--dice", "0.95")
    assert counts(rows["boxes"]) == (8, 2 * 4, 8)
    assert float(rows["boxes"]["dice_before"]) == pytest.approx(2 * 620 / (620 + 820), abs=1e-4)
    assert float(rows["boxes"]["dice"]) == 1
    boxes, points, checks = counts(rows["propagated"])
    # Four corners are drawn as fast as a box, and surely right.
    assert points == 2 * 4 and boxes == 1 and checks >= 8
    assert float(rows["propagated"]["dice"]) >= 0.95
    # The fault is seen in a view, and gone to.
    assert counts(rows["batch"])[1] >= 2 * 4 and counts(rows["batch"])[2] > 3
    assert rows["batch"]["overlooked"] == "" and float(rows["batch"]["dice"]) >= 0.95


def test_round_ends_that_were_not_reached_get_a_box(study, make_manifest):
    rows, columns = np.ogrid[:32, :40]
    scan = np.zeros((12, 32, 40), np.uint8)
    scan[2:10, (rows - 15) ** 2 + (columns - 15) ** 2 <= 81] = 200
    labels = scan // 200 * 7
    scan[6] = 0
    found = study(make_manifest(scan, labels), "--dice", "0.97")
    assert all(counts(found[way])[0] > 1 for way in ("lines", "batch"))


def test_what_no_view_shows_is_told_as_overlooked_and_corrected_all_the_same(study, make_manifest, capsys):
    labels = bar() // 200 * 7
    labels[6:10, 21:31, 24:39] = 7
    rows = study(make_manifest(labels=labels), "--dice", "0.9")
    assert rows["batch"]["overlooked"] == "yes" and float(rows["batch"]["dice_before"]) < 0.9
    assert float(rows["batch"]["dice"]) >= 0.9 and counts(rows["batch"])[1] > 0
    assert "batch: 1 looked good before they were" in capsys.readouterr().out


def test_an_object_on_few_slices_is_looked_at_slice_by_slice(study, make_manifest):
    scan, labels = bar(), bar() // 200 * 7
    scan[5:], labels[5:] = 0, 0
    rows = study(make_manifest(scan, labels))
    assert counts(rows["batch"]) == counts(rows["perfect"]) == (1, 0, 3)


def test_objects_of_one_scan_are_followed_together_and_share_the_waiting(study, make_manifest, tmp_path):
    scan, labels = bar(), bar() // 200 * 7
    scan[2:10, 10:20, 25:35], labels[2:10, 10:20, 25:35] = 200, 8
    study(make_manifest(scan, labels, targets={"bar": 7, "other": 8}))
    with (tmp_path / "study.csv").open() as file:
        rows = [row for row in csv.DictReader(file) if row["way"] == "batch"]
    assert [row["target"] for row in rows] == ["bar", "other"]
    assert [counts(row) for row in rows] == [(1, 0, 3)] * 2
    assert rows[0]["waited"] == rows[1]["waited"]


def test_the_costs_are_the_users_to_set(study, make_manifest, capsys, tmp_path):
    picture = tmp_path / "study.png"
    costs = (
        "--seconds-per-box",
        "1",
        "--seconds-per-point",
        "10",
        "--seconds-per-check",
        "0.5",
        "--seconds-per-key",
        "3",
        "--seconds-per-click",
        "2",
        "--json",
    )
    study(make_manifest(), *costs, "--picture", str(picture))
    found = json.loads(capsys.readouterr().out)
    ways = {each["way"]: each for each in found["ways"]}
    assert found["costs"] == {"box": 1, "point": 10, "check": 0.5, "key": 3, "click": 2}
    assert ways["contours"]["minutes"] == pytest.approx(320 / 60)
    assert ways["perfect"]["minutes"] == pytest.approx((1 + 3 * 0.5 + 6 * 3 + 2) / 60)
    assert ways["boxes"]["saving"] == pytest.approx(1 - (8 + 4) / 320)
    assert picture.read_bytes().startswith(b"\x89PNG")


def test_effort_adds_up():
    effort = Effort().plus(boxes=2).plus(points=3, checks=1)
    assert effort.seconds(CostModel(box=7, point=2, check=1)) == 21
    assert effort.plus(keys=4, waited=2.5).seconds(CostModel(box=7, point=2, check=1, key=0.5)) == 25.5
    assert effort.plus(clicks=2).seconds(CostModel(box=7, point=2, check=1, click=1.5)) == 24
    assert effort.interactions == 5


def disc(radius, center=(32, 32)):
    rows, columns = np.ogrid[:64, :64]
    return (rows - center[0]) ** 2 + (columns - center[1]) ** 2 <= radius**2


def test_rounder_and_better_outlines_take_more_points():
    assert 3 <= len(outline(disc(20), 0.8)) < len(outline(disc(20), 0.95)) < len(outline(disc(20), 0.99))
    two = disc(8, (16, 16)) | disc(8, (48, 48))
    assert len(outline(two, 0.9)) == 2 * len(outline(disc(8), 0.9))


def test_only_the_part_that_is_off_is_drawn_again():
    reference = disc(20)
    all_points = len(outline(reference, 0.95))
    bitten = reference.copy()
    bitten[:, 42:] = False
    assert 2 <= correction_points(bitten, reference, 0.95) < all_points
    assert correction_points(np.zeros_like(reference), reference, 0.95) == all_points
    assert correction_points(reference, np.zeros_like(reference), 0.95) == 1
