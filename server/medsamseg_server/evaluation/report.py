"""What an evaluation found: means, standard errors and every target, as JSON."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from typing import Any, TypeVar

from medsamseg_server import __version__
from medsamseg_server.evaluation.metrics import TOLERANCE_MM, roc_area
from medsamseg_server.evaluation.runner import Setup, TargetScore

_Value = TypeVar("_Value")

#: A slice with a lower Dice coefficient is one that a user should look at.
BAD_SLICE_DICE = 0.7

#: Scores by setup and name of the protocol.
Scores = dict[Setup, dict[str, list[TargetScore]]]


def make_report(scores: Scores, about: dict[str, Any]) -> dict[str, Any]:
    """Return the report.

    Args:
        scores: of at least one setup. The first one's protocols also stand at the top, under ``protocols``.
        about: what else to say, such as the manifest.
    """
    runs = [{**_setup(setup), "protocols": _protocols(by_protocol)} for setup, by_protocol in scores.items()]
    return {
        "version": __version__,
        **about,
        "surface_tolerance_mm": TOLERANCE_MM,
        "bad_slice_dice": BAD_SLICE_DICE,
        **runs[0],
        "runs": runs,
    }


def mean(values: Sequence[float]) -> float:
    """Return the mean of at least one value."""
    return sum(values) / len(values)


def known(values: Iterable[_Value | None]) -> list[_Value]:
    """Return the values that are not None."""
    return [value for value in values if value is not None]


def standard_error(values: Sequence[float]) -> float | None:
    """Return the standard error of the mean; None for less than two values."""
    if len(values) < 2:
        return None
    center = mean(values)
    return math.sqrt(sum((value - center) ** 2 for value in values) / (len(values) - 1) / len(values))


@dataclass(frozen=True)
class ConfidenceArea:
    """How well low confidence finds bad slices.

    Slices with a box of the user count like all others; slices that were missed have no mask to be unsure of.

    Attributes:
        roc_area: area under the ROC curve; None where all slices are bad, or none is.
        bad_slices: number of slices with a Dice coefficient below ``BAD_SLICE_DICE``.
        slices: number of all slices that say how sure they are.
    """

    roc_area: float | None
    bad_slices: int
    slices: int

    @classmethod
    def of(cls, targets: Sequence[TargetScore]) -> ConfidenceArea:
        """Return that of the slices of all targets together."""
        slices = [found for target in targets for found in target.slices if found.confidence is not None]
        is_bad = [found.dice < BAD_SLICE_DICE for found in slices]
        area = roc_area([found.confidence or 0.0 for found in slices], is_bad)
        return cls(area, sum(is_bad), len(slices))


def areas_by_group(targets: Sequence[TargetScore]) -> dict[str, ConfidenceArea]:
    """Return how well confidence does within each group: together, one may hide what another lacks."""
    groups = dict.fromkeys(target.group for target in targets)
    return {group: ConfidenceArea.of([each for each in targets if each.group == group]) for group in groups}


def _setup(setup: Setup) -> dict[str, Any]:
    return {
        "model": setup.model,
        "method": setup.method,
        "jitter_percent": setup.jitter.percent,
        "seed": setup.jitter.seed,
    }


def _protocols(by_protocol: dict[str, list[TargetScore]]) -> dict[str, Any]:
    return {name: make_protocol(targets) for name, targets in by_protocol.items()}


def make_protocol(targets: Sequence[TargetScore]) -> dict[str, Any]:
    """Return what was found under one protocol."""
    dices = [target.dice for target in targets]
    surfaces = known(target.nsd for target in targets)
    slices = sum(target.encoder_calls for target in targets)
    return {
        "mean_dice": _rounded(mean(dices)),
        "standard_error_dice": _rounded(standard_error(dices)),
        "mean_nsd": _rounded(mean(surfaces) if surfaces else None),
        "standard_error_nsd": _rounded(standard_error(surfaces)),
        "decoder_calls_per_slice": _rounded(sum(target.decoder_calls for target in targets) / max(slices, 1)),
        "confidence": {
            **_round_all(asdict(ConfidenceArea.of(targets))),
            "by_group": {group: _round_all(asdict(area)) for group, area in areas_by_group(targets).items()},
        },
        **_track(targets),
        "targets": [_target(target) for target in targets],
    }


def _track(targets: Sequence[TargetScore]) -> dict[str, Any]:
    """Return how the objects were followed, together, where they were; each object counts the same in a mean."""
    tracks = known(target.track for target in targets)
    if not tracks:
        return {}
    over = known(track.over_propagation for track in tracks)
    speeds = known(track.frames_per_second for track in tracks)
    together = {
        "visible": sum(track.visible for track in tracks),
        "mean_visible_dice": _rounded(mean([track.visible_dice for track in tracks])),
        "lost": sum(track.lost for track in tracks),
        "regained": sum(track.regained for track in tracks),
        "absent": sum(track.absent for track in tracks),
        "mean_over_propagation": _rounded(mean(over) if over else None),
        "mean_frames_per_second": _rounded(mean(speeds) if speeds else None),
    }
    return {"track": together}


def track_line(found: dict[str, Any]) -> str:
    """Return what ``make_report`` says of following objects under a protocol, for people; empty where none was."""
    if "track" not in found:
        return ""
    track = found["track"]
    parts = [
        f"Dice while visible {track['mean_visible_dice']:.3f}",
        f"lost on {track['lost']} of {track['visible']} frames, regained {track['regained']} times",
    ]
    if track["mean_over_propagation"] is not None:
        parts.append(f"found on {track['mean_over_propagation']:.0%} of {track['absent']} frames without the object")
    if track["mean_frames_per_second"] is not None:
        parts.append(f"{track['mean_frames_per_second']:.2f} frames a second")
    return "; ".join(parts)


def _target(target: TargetScore) -> dict[str, Any]:
    values = asdict(target)
    extent = values.pop("extent")
    track = values.pop("track")
    slices = values.pop("slices")
    return {
        **_round_all({"name": f"{target.case}/{target.target}", **values, **extent}),
        **({} if track is None else {"track": _round_all(track)}),
        "ended": list(target.ended),
        "per_slice": [_round_all(found) for found in slices],
    }


def _round_all(values: dict[str, Any]) -> dict[str, Any]:
    return {
        key: _round_all(value) if isinstance(value, dict) else _rounded(value) if isinstance(value, float) else value
        for key, value in values.items()
    }


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 5)
