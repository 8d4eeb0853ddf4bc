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
    # Two diameters for a box, and nobody has told the ends.
    assert counts(rows["lines"]) == (1, 0, 8)
    assert 0.95 < float(rows["interpolated"]["dice"]) < 1, "slice 4 is wider than its neighbors"


def test_slices_that_the_network_misses_are_corrected_by_hand(study, make_manifest):
    scan = bar()
    scan[6] = 0
    scan[7] = 0
    rows = study(make_manifest(scan), "--dice", "0.95")
    assert counts(rows["boxes"]) == (8, 2 * 4, 8)
    assert float(rows["boxes"]["dice_before"]) == pytest.approx(2 * 620 / (620 + 820), abs=1e-4)
    assert float(rows["boxes"]["dice"]) == 1
    boxes, points, checks = counts(rows["propagated"])
    assert points == 2 * 4 and boxes >= 2 and checks >= 8
    assert float(rows["propagated"]["dice"]) >= 0.95


def test_the_costs_are_the_users_to_set(study, make_manifest, capsys, tmp_path):
    picture = tmp_path / "study.png"
    costs = ("--seconds-per-box", "1", "--seconds-per-point", "10", "--seconds-per-check", "0.5", "--json")
    study(make_manifest(), *costs, "--picture", str(picture))
    found = json.loads(capsys.readouterr().out)
    ways = {each["way"]: each for each in found["ways"]}
    assert found["costs"] == {"box": 1, "point": 10, "check": 0.5}
    assert ways["contours"]["minutes"] == pytest.approx(320 / 60)
    assert ways["boxes"]["saving"] == pytest.approx(1 - (8 + 4) / 320)
    assert picture.read_bytes().startswith(b"\x89PNG")


def test_effort_adds_up():
    effort = Effort().plus(boxes=2).plus(points=3, checks=1)
    assert effort.seconds(CostModel(box=7, point=2, check=1)) == 21
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
