"""Models side by side: per target, with confidence intervals, as rows and as a picture."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from medsamseg_server.evaluation.report import Scores
from medsamseg_server.evaluation.runner import Setup, TargetScore

#: Name of the row over all targets.
ALL_TARGETS = "all"
_RESAMPLES = 2000
_CONFIDENCE = 95


@dataclass(frozen=True)
class Interval:
    """A mean with its 95 % confidence interval.

    Attributes:
        mean: over all values.
        low: lower end.
        high: upper end; both are the mean where there is one case only.
        cases: number of cases.
        values: number of values.
    """

    mean: float
    low: float
    high: float
    cases: int
    values: int


@dataclass(frozen=True)
class ComparisonRow:
    """One model on one target under one protocol.

    Attributes:
        protocol: how the program was prompted.
        jitter_percent: how far boxes were from tight.
        target: name of the object, or ``ALL_TARGETS``.
        model: name of the network.
        method: of propagation.
        slice_dice: Dice per slice of the reference and the mask.
        volume_dice: Dice per object in 3D.
    """

    protocol: str
    jitter_percent: float
    target: str
    model: str
    method: str
    slice_dice: Interval
    volume_dice: Interval


def compare(scores: Scores) -> list[ComparisonRow]:
    """Return the rows, models of the same target under each other; of several targets, all together first.

    Compared are models, so only with the first method of propagation.
    """
    rows = []
    method = next(iter(scores)).method
    setups = [setup for setup in scores if setup.method == method]
    names = list(dict.fromkeys(target.target for target in _all_targets(scores)))
    shown = [ALL_TARGETS, *names] if len(names) > 1 else names
    for jitter in dict.fromkeys(setup.jitter for setup in setups):
        for protocol in scores[setups[0]]:
            for name in shown:
                for setup in (setup for setup in setups if setup.jitter == jitter):
                    found = [each for each in scores[setup][protocol] if name in (ALL_TARGETS, each.target)]
                    rows.append(_row(protocol, name, setup, found))
    return rows


def confidence_interval(values_by_case: dict[str, list[float]], seed: int = 0) -> Interval:
    """Return the mean of all values and its confidence interval, by bootstrap over cases.

    Slices of one patient are alike, so whole cases are drawn, not slices.
    """
    groups = [np.array(values) for values in values_by_case.values() if values]
    together = np.concatenate(groups)
    center = float(together.mean())
    if len(groups) < 2:
        return Interval(center, center, center, len(groups), len(together))
    sums, counts = np.array([group.sum() for group in groups]), np.array([len(group) for group in groups])
    drawn = np.random.default_rng(seed).integers(0, len(groups), (_RESAMPLES, len(groups)))
    means: NDArray[np.float64] = sums[drawn].sum(axis=1) / counts[drawn].sum(axis=1)
    tail = (100 - _CONFIDENCE) / 2
    low, high = np.percentile(means, (tail, 100 - tail))
    return Interval(center, float(low), float(high), len(groups), len(together))


def comparison_lines(rows: Sequence[ComparisonRow]) -> list[str]:
    """Return a table for the terminal."""
    width = max(len(row.model) for row in rows)
    target_width = max(len(row.target) for row in rows)
    lines = [
        f"{'Protocol':18} {'Jitter':>6}  {'Target':{target_width}}  {'Model':{width}}  Dice per slice (95 % interval)"
    ]
    for row in rows:
        interval = row.slice_dice
        lines.append(
            f"{row.protocol:18} {row.jitter_percent:5g}%  {row.target:{target_width}}  {row.model:{width}}  "
            f"{interval.mean:.3f} ({interval.low:.3f}–{interval.high:.3f}), {interval.cases} cases"
        )
    return lines


def draw_comparison(rows: Sequence[ComparisonRow], path: Path) -> None:
    """Write a picture (PNG): Dice per slice of each model on each target, a panel for each protocol and jitter."""
    # Drawn without pyplot, which would look for a screen.
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    panels = list(dict.fromkeys((row.protocol, row.jitter_percent) for row in rows))
    targets = list(dict.fromkeys(row.target for row in rows))
    models = list(dict.fromkeys(row.model for row in rows))
    figure = Figure(figsize=(3 + 1.2 * len(targets) + 0.3 * len(models), 3.2 * len(panels)), layout="constrained")
    FigureCanvasAgg(figure)
    for axes, (protocol, jitter) in zip(np.atleast_1d(figure.subplots(len(panels), 1)), panels, strict=True):
        for number, model in enumerate(models):
            found = [row for row in rows if (row.protocol, row.jitter_percent, row.model) == (protocol, jitter, model)]
            offset = (number - (len(models) - 1) / 2) * 0.7 / len(models)
            means = [row.slice_dice.mean for row in found]
            ends = [
                (row.slice_dice.mean - row.slice_dice.low, row.slice_dice.high - row.slice_dice.mean) for row in found
            ]
            places = [targets.index(row.target) + offset for row in found]
            axes.errorbar(places, means, np.transpose(ends), fmt="o", capsize=3, label=model)
        axes.set_xticks(range(len(targets)), targets)
        axes.set_ylabel("Dice per slice")
        axes.set_title(protocol + (f", boxes up to {jitter:g} % too large" if jitter else ", tight boxes"), fontsize=10)
        axes.grid(axis="y", alpha=0.3)
    # Beside the panels: inside, it would hide intervals.
    figure.legend(*axes.get_legend_handles_labels(), loc="outside right upper", fontsize="small")
    figure.savefig(path, dpi=120)


def _all_targets(scores: Scores) -> list[TargetScore]:
    return [target for by_protocol in scores.values() for targets in by_protocol.values() for target in targets]


def _row(protocol: str, name: str, setup: Setup, targets: Sequence[TargetScore]) -> ComparisonRow:
    by_slice: dict[str, list[float]] = {}
    by_volume: dict[str, list[float]] = {}
    for target in targets:
        by_slice.setdefault(target.case, []).extend(found.dice for found in target.slices)
        by_volume.setdefault(target.case, []).append(target.dice)
    return ComparisonRow(
        protocol,
        setup.jitter.percent,
        name,
        setup.model,
        setup.method,
        confidence_interval(by_slice),
        confidence_interval(by_volume),
    )
