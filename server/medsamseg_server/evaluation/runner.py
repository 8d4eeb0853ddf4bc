"""Runs protocols over cases: every combination of model, method and jitter that was asked for."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import product

import numpy as np
from numpy.typing import NDArray

from medsamseg_server.engine.engine import Engine
from medsamseg_server.engine.prompts import Box
from medsamseg_server.evaluation.manifest import Case, CaseEntry, load_case
from medsamseg_server.evaluation.metrics import Extent, dice, extent, surface_dice
from medsamseg_server.evaluation.protocols import Jitter, Prompts, Protocol
from medsamseg_server.propagation import DEFAULT_METHOD
from medsamseg_server.propagation.whole_volume import Task, WholeMask, WholeVolume


@dataclass(frozen=True)
class Settings:
    """What to run.

    Attributes:
        protocols: ways of prompting.
        methods: of propagation.
        models: names of networks.
        jitters: how far the boxes are from tight.
    """

    protocols: Sequence[Protocol]
    methods: Sequence[str] = (DEFAULT_METHOD,)
    models: Sequence[str] = ("litemedsam",)
    jitters: Sequence[Jitter] = (Jitter(),)


@dataclass(frozen=True)
class Setup:
    """One combination: which network, which method of propagation, which boxes."""

    model: str
    method: str
    jitter: Jitter


@dataclass(frozen=True)
class SliceScore:
    """One slice that has the object, in the reference or in the mask.

    Attributes:
        index: slice index.
        dice: Dice coefficient on this slice; 0 beyond the object's ends.
        voxels: of the mask.
        reference_voxels: of the reference.
        provenance: how the mask came about; None where there is none.
        confidence: what the method says of its mask; None where it says nothing.
        parts: what the confidence is made of.
    """

    index: int
    dice: float
    voxels: int
    reference_voxels: int
    provenance: str | None
    confidence: float | None
    parts: dict[str, float] = field(default_factory=dict)


@dataclass(frozen=True)
class TargetScore:
    """One object under one protocol.

    Attributes:
        case: name of the case.
        target: name of the object.
        dice: Dice coefficient in 3D.
        nsd: surface Dice in 3D at 2 mm.
        extent: how far it was followed.
        seconds_encoding: time spent on slices; small where they were in the cache.
        seconds_decoding: time spent on boxes.
        encoder_calls: slices and close-ups that were needed.
        decoder_calls: batches that were decoded.
        boxes: number of boxes that were given.
        ended: why the propagation ended, each way.
        slices: the slices of the object and of the mask, ascending.
        group: what the case is one of.
    """

    case: str
    target: str
    dice: float
    nsd: float
    extent: Extent
    seconds_encoding: float
    seconds_decoding: float
    encoder_calls: int
    decoder_calls: int
    boxes: int
    ended: tuple[str, ...]
    slices: tuple[SliceScore, ...]
    group: str


@dataclass(frozen=True)
class Outcome:
    """A target's score with what is needed to show it; arrays have their slices along the first axis."""

    setup: Setup
    protocol: Protocol
    case: Case
    score: TargetScore
    mask: NDArray[np.bool_]
    reference: NDArray[np.bool_]
    boxes: dict[int, Box]


def count_outcomes(entries: Sequence[CaseEntry], settings: Settings) -> int:
    """Return how many outcomes ``run_evaluation`` gives."""
    setups = len(settings.models) * len(settings.methods) * len(settings.jitters)
    return sum(len(entry.targets) for entry in entries) * setups * len(settings.protocols)


def run_evaluation(
    engine: Engine, entries: Sequence[CaseEntry], settings: Settings, load: Callable[[CaseEntry], Case] = load_case
) -> Iterator[Outcome]:
    """Yield every target's outcome, case by case, so that slices are encoded once for all combinations.

    Raises:
        MedSAMSegError: as ``manifest.load_case``, ``Case.target`` and ``WholeVolume``.
    """
    for entry in entries:
        case = load(entry)
        for model, target in product(settings.models, entry.targets):
            yield from _target_outcomes(engine, case, target, model, settings)


def _target_outcomes(engine: Engine, case: Case, target: str, model: str, settings: Settings) -> Iterator[Outcome]:
    reference = np.moveaxis(case.target(target), case.entry.axis, 0)
    for jitter, protocol in product(settings.jitters, settings.protocols):
        prompts = protocol.prompts(reference, jitter, f"{case.entry.name}/{target}")
        done: WholeMask | None = None
        for method in settings.methods:
            # Where nothing is propagated, all methods are the same.
            if done is None or prompts.propagates:
                done = _segment(engine, case, prompts, model, method)
            mask = np.moveaxis(done.mask, case.entry.axis, 0).astype(bool)
            score = _score(case, target, mask, reference, prompts, done)
            yield Outcome(Setup(model, method, jitter), protocol, case, score, mask, reference, _boxes(done))


def _segment(engine: Engine, case: Case, prompts: Prompts, model: str, method: str) -> WholeMask:
    task = Task(
        case.entry.axis,
        prompts.boxes,
        prompts.first,
        prompts.last,
        prompts.propagates,
        case.entry.window,
        model,
        case.spacing,
        method,
    )
    return WholeVolume(case.volume, task).run(engine)


def _score(
    case: Case,
    target: str,
    mask: NDArray[np.bool_],
    reference: NDArray[np.bool_],
    prompts: Prompts,
    done: WholeMask,
) -> TargetScore:
    axis = case.entry.axis
    row, column = (number for number in range(3) if number != axis)
    spacing = (case.spacing[axis], case.spacing[row], case.spacing[column])
    return TargetScore(
        case.entry.name,
        target,
        dice(mask, reference),
        surface_dice(mask, reference, spacing),
        extent(mask, reference),
        done.seconds_encoding,
        done.seconds_decoding,
        done.encoder_calls,
        done.decoder_calls,
        len(prompts.boxes),
        tuple(f"{end.direction}: {end.reason} at {end.index}" for end in done.ended),
        tuple(_slice_scores(mask, reference, done)),
        case.entry.group or case.entry.name,
    )


def _slice_scores(mask: NDArray[np.bool_], reference: NDArray[np.bool_], done: WholeMask) -> Iterator[SliceScore]:
    results = {result.index: result for result in done.results}
    for index in np.flatnonzero((mask | reference).any(axis=(1, 2))).tolist():
        result = results.get(index)
        confidence = result.confidence if result else None
        yield SliceScore(
            index,
            dice(mask[index], reference[index]),
            int(np.count_nonzero(mask[index])),
            int(np.count_nonzero(reference[index])),
            result.provenance if result else None,
            confidence.value if confidence else None,
            confidence.parts if confidence else {},
        )


def _boxes(done: WholeMask) -> dict[int, Box]:
    return {result.index: result.box for result in done.results}
