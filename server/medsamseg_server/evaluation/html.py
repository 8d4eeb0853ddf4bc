"""The report as one HTML file: a table to compare, every target, and the worst slices as pictures."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape
from typing import Any

from medsamseg_server.evaluation.html_parts import figure, page
from medsamseg_server.evaluation.pictures import BOX_COLOR, MASK_COLOR, REFERENCE_COLOR
from medsamseg_server.evaluation.report import (
    BAD_SLICE_DICE,
    ConfidenceArea,
    Scores,
    areas_by_group,
    known,
    make_protocol,
    mean,
    standard_error,
    track_line,
)
from medsamseg_server.evaluation.runner import Setup, SliceScore, TargetScore

#: Pictures shown for a protocol of a run.
PICTURES_EACH = 6


@dataclass(frozen=True)
class Picture:
    """The worst slice of a target under a protocol, as a PNG."""

    target: str
    found: SliceScore
    png: bytes


#: By setup and name of the protocol, worst first.
Pictures = Mapping[tuple[Setup, str], Sequence[Picture]]


def make_html(scores: Scores, pictures: Pictures, about: dict[str, Any]) -> str:
    """Return the report as a page that needs nothing else."""
    parts = [_comparison(scores), _keys()]
    for setup, by_protocol in scores.items():
        parts.append(f"<h2>{escape(_title(setup))}</h2>")
        parts += [_details(name, targets, pictures.get((setup, name), ())) for name, targets in by_protocol.items()]
    return page("MedSAMSeg evaluation", about, parts)


def _title(setup: Setup) -> str:
    boxes = f"boxes up to {setup.jitter.percent:g} % too large" if setup.jitter.percent else "tight boxes"
    return f"{setup.method}, {setup.model}, {boxes}"


def _comparison(scores: Scores) -> str:
    setups = list(scores)
    names = list(scores[setups[0]])
    head = "".join(f"<th>{escape(_title(setup))}</th>" for setup in setups)
    rows = []
    for name in names:
        cells = []
        for setup in setups:
            targets = scores[setup][name]
            dices = [target.dice for target in targets]
            boxed = scores[setup].get("gtbox")
            ratio = f"<br>{mean(dices) / mean([target.dice for target in boxed]):.1%} of gtbox" if boxed else ""
            surfaces = known(target.nsd for target in targets)
            surface = f"<br>surface {mean(surfaces):.3f}" if surfaces else ""
            cells.append(f"<td>Dice {_with_error(dices)}<span class=small>{surface}{ratio}</span></td>")
        rows.append(f"<tr><td>{escape(name)}</td>{''.join(cells)}</tr>")
    return (
        f"<table><tr><th>mean ± standard error</th>{head}</tr>{''.join(rows)}</table>"
        "<p class=small>Dice in 3D; surface: surface Dice in 3D at 2 mm. gtbox: the reference's box on every slice. "
        "propagate: one box on the largest slice. _zrange: first and last slice given. keyframes:N: N boxes, first and "
        "last slice given; keyframes_open:N: N boxes only. track: one box on the first frame with the object. "
        "points:N: N random points in the object on every slice.</p>"
    )


def _with_error(values: Sequence[float]) -> str:
    error = standard_error(values)
    return f"{mean(values):.3f}" + (f" ± {error:.3f}" if error is not None else "")


def _keys() -> str:
    names = ((REFERENCE_COLOR, "reference"), (MASK_COLOR, "mask"), (BOX_COLOR, "box given to the network"))
    keys = "".join(f"<span class=key style='background:rgb{color}'></span>{name}" for color, name in names)
    return f"<p class=small>Pictures: {keys}</p>"


def _details(name: str, targets: Sequence[TargetScore], pictures: Sequence[Picture]) -> str:
    dices = [target.dice for target in targets]
    sure = _sure(targets)
    calls = sum(target.decoder_calls for target in targets) / max(sum(target.encoder_calls for target in targets), 1)
    followed = track_line(make_protocol(targets))
    followed = f"<p>{escape(followed)}</p>" if followed else ""
    rows = "".join(_row(target) for target in targets)
    shown = "".join(_figure(picture) for picture in pictures[:PICTURES_EACH])
    return (
        f"<details><summary><b>{escape(name)}</b>: Dice {_with_error(dices)}<span class=small> · "
        f"{calls:.2f} decoder batches a slice{sure}</span></summary>{followed}<table><tr><th>target</th><th>Dice</th>"
        "<th>surface Dice</th><th>slices</th><th>missed</th><th>over-shoot<br>low, high</th><th>boxes</th>"
        f"<th>encoder, decoder<br>calls</th><th>seconds</th><th class=text>ended</th></tr>{rows}</table>"
        f"{shown}</details>"
    )


def _sure(targets: Sequence[TargetScore]) -> str:
    """Return how well confidence finds bad slices; nothing where there is no telling."""
    pooled = ConfidenceArea.of(targets)
    if pooled.roc_area is None:
        return ""
    together = f"the {pooled.bad_slices} of {pooled.slices} slices under {BAD_SLICE_DICE}"
    areas = {group: area for group, area in areas_by_group(targets).items() if area.roc_area is not None}
    apart = ", ".join(f"{escape(group)} {area.roc_area:.3f} ({area.bad_slices})" for group, area in areas.items())
    return f" · low confidence finds {together}: ROC area {pooled.roc_area:.3f}; by group (bad slices): {apart}"


def _row(target: TargetScore) -> str:
    extent = target.extent
    seconds = target.seconds_encoding + target.seconds_decoding
    low = " class=low" if target.dice < 0.7 else ""
    return (
        f"<tr><td>{escape(target.case)}/{escape(target.target)}</td><td{low}>{target.dice:.3f}</td>"
        f"<td>{'–' if target.nsd is None else f'{target.nsd:.3f}'}</td><td>{extent.slices}</td><td>{extent.missed}</td>"
        f"<td>{extent.over_low}, {extent.over_high}</td><td>{target.boxes}</td>"
        f"<td>{target.encoder_calls}, {target.decoder_calls}</td><td>{seconds:.1f}</td>"
        f"<td class='text small'>{escape('; '.join(target.ended))}</td></tr>"
    )


def _figure(picture: Picture) -> str:
    found = picture.found
    sure = "" if found.confidence is None else f", confidence {found.confidence:.2f}"
    slice_name = f"{picture.target}, slice {found.index}"
    return figure(picture.png, slice_name, escape(f"{slice_name}: Dice {found.dice:.2f}{sure}"))
