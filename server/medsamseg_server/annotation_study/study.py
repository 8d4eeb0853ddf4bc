"""Runs the readers over the objects of a manifest, and shows what each way costs."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from medsamseg_server.annotation_study.costs import CostModel
from medsamseg_server.annotation_study.following_readers import (
    BATCH,
    LINES,
    PERFECT,
    PROPAGATED,
    read_as_batch,
    read_by_lines,
    read_by_propagation,
    read_if_found_at_once,
)
from medsamseg_server.annotation_study.readers import (
    BOXES,
    CONTOURS,
    INTERPOLATED,
    read_by_boxes,
    read_by_contours,
    read_by_interpolated_boxes,
)
from medsamseg_server.annotation_study.study_object import Reading, StudyObject
from medsamseg_server.engine.engine import Engine
from medsamseg_server.evaluation.cases import load_case
from medsamseg_server.evaluation.manifest import CaseEntry
from medsamseg_server.evaluation.protocols import Jitter
from medsamseg_server.system.safe_files import replacing

_RESULTS = ("seconds", "dice_before", "dice", "overlooked")

WAYS = (CONTOURS, BOXES, INTERPOLATED, PROPAGATED, LINES, BATCH, PERFECT)


@dataclass(frozen=True)
class StudyRow:
    """One object, read in one way."""

    case: str
    target: str
    reading: Reading
    seconds: float


@dataclass(frozen=True)
class WaySummary:
    """What one way costs on average.

    Attributes:
        way: its name.
        boxes: per object.
        points: per object.
        checks: per object.
        keys: per object.
        clicks: per object.
        waited: seconds per object for the computer, measured in the study.
        minutes: modeled time per object, waiting included.
        saving: part of the time of ``CONTOURS`` that is saved over all objects, 0…1.
        dice: mean of what was reached.
        first_dice: mean before the first correction.
        overlooked: how many objects looked good before they were.
    """

    way: str
    boxes: float
    points: float
    checks: float
    keys: float
    clicks: float
    waited: float
    minutes: float
    saving: float
    dice: float
    first_dice: float
    overlooked: int


def run_study(
    engine: Engine,
    entries: Sequence[CaseEntry],
    model: str,
    wanted: float,
    every: int,
    jitter: Jitter,
    costs: CostModel,
) -> Iterator[StudyRow]:
    """Yield every object read in every way.

    Args:
        engine: segments.
        entries: the cases.
        model: the network that helps.
        wanted: the Dice to reach, in 3D.
        every: with interpolated boxes, one on every so many slices.
        jitter: how far the readers' boxes are from tight.
        costs: seconds for each thing that is done.
    """
    for entry in entries:
        case = load_case(entry)
        targets = [StudyObject(case, name, wanted, jitter, model) for name in entry.targets]
        for target in targets:
            for reading in (
                read_by_contours(target),
                read_by_boxes(target, engine),
                read_by_interpolated_boxes(target, engine, every),
                read_by_propagation(target, engine),
                read_by_lines(target, engine),
                read_if_found_at_once(target),
            ):
                yield StudyRow(entry.name, target.name, reading, reading.effort.seconds(costs))
        for target, reading in zip(targets, read_as_batch(targets, engine), strict=True):
            yield StudyRow(entry.name, target.name, reading, reading.effort.seconds(costs))


def summarize_study(rows: Sequence[StudyRow]) -> list[WaySummary]:
    """Return what each way costs."""
    by_way = {way: [row for row in rows if row.reading.way == way] for way in WAYS}
    by_hand = sum(row.seconds for row in by_way[CONTOURS])
    return [_summary(way, found, by_hand) for way, found in by_way.items()]


def _summary(way: str, rows: Sequence[StudyRow], by_hand: float) -> WaySummary:
    efforts = [row.reading.effort for row in rows]
    return WaySummary(
        way,
        float(np.mean([effort.boxes for effort in efforts])),
        float(np.mean([effort.points for effort in efforts])),
        float(np.mean([effort.checks for effort in efforts])),
        float(np.mean([effort.keys for effort in efforts])),
        float(np.mean([effort.clicks for effort in efforts])),
        float(np.mean([effort.waited for effort in efforts])),
        float(np.mean([row.seconds for row in rows])) / 60,
        1 - sum(row.seconds for row in rows) / by_hand,
        float(np.mean([row.reading.dice for row in rows])),
        float(np.mean([row.reading.first_dice for row in rows])),
        sum(row.reading.overlooked for row in rows),
    )


def study_lines(summaries: Sequence[WaySummary]) -> list[str]:
    """Return a table for the terminal; numbers per object."""
    titles = ("Way", "Boxes", "Points", "Checks", "Keys", "Clicks", "Waited", "Minutes", "Saved")
    row = "{:14} {:>6} {:>7} {:>7} {:>5} {:>6} {:>7} {:>8} {:>6}  "
    lines = [row.format(*titles) + "Dice before → after"]
    for each in summaries:
        numbers = (f"{value:.1f}" for value in (each.boxes, each.points, each.checks, each.keys, each.clicks))
        times = (f"{each.waited:.1f} s", f"{each.minutes:.2f}", f"{each.saving:.1%}")
        lines.append(row.format(each.way, *numbers, *times) + f"{each.first_dice:.3f} → {each.dice:.3f}")
    return lines


def write_study(rows: Sequence[StudyRow], path: Path) -> None:
    """Write every object read in every way as CSV."""
    with replacing(path) as temporary, temporary.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(["case", "target", "way", "boxes", "points", "checks", "keys", "clicks", "waited", *_RESULTS])
        for row in rows:
            effort, reading = row.reading.effort, row.reading
            counts = [effort.boxes, effort.points, effort.checks, effort.keys, effort.clicks, f"{effort.waited:.1f}"]
            results = [f"{row.seconds:.1f}", f"{reading.first_dice:.4f}", f"{reading.dice:.4f}"]
            writer.writerow([row.case, row.target, reading.way, *counts, *results, "yes" if reading.overlooked else ""])


def draw_study(summaries: Sequence[WaySummary], costs: CostModel, path: Path) -> None:
    """Write a picture (PNG): modeled minutes per object, parted by what is done."""
    # Drawn without pyplot, which would look for a screen.
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(7, 3), layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.subplots()
    ways = [f"{each.way}\n−{each.saving:.0%}" if each.saving else each.way for each in summaries]
    left = np.zeros(len(summaries))
    parts = {
        "boxes": [each.boxes * costs.box / 60 for each in summaries],
        "outlines": [each.points * costs.point / 60 for each in summaries],
        "looking": [each.checks * costs.check / 60 for each in summaries],
        "keys and clicks": [(each.keys * costs.key + each.clicks * costs.click) / 60 for each in summaries],
        "waiting": [each.waited / 60 for each in summaries],
    }
    for name, minutes in parts.items():
        axes.barh(ways, minutes, left=left, label=name)
        left += np.array(minutes)
    axes.invert_yaxis()
    axes.set_xlabel("modeled minutes per object")
    axes.legend()
    figure.savefig(path, dpi=120)
