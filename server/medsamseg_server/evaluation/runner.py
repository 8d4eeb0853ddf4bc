"""Runs protocols over cases: every combination of model, method and jitter that was asked for."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import product

import numpy as np
from numpy.typing import NDArray

from medsamseg_server.engine.engine import Engine
from medsamseg_server.engine.prompts import Box
from medsamseg_server.errors import ErrorKind, MedSAMSegError
from medsamseg_server.evaluation.cases import Case, TimesCase, load_case, opened_case
from medsamseg_server.evaluation.manifest import CaseEntry
from medsamseg_server.evaluation.metrics import Extent, TrackScore, any_each, dice, extent, surface_dice, track
from medsamseg_server.evaluation.protocols import PICTURE_PROTOCOL, TRACK, Jitter, Protocol
from medsamseg_server.evaluation.segmenting import Segmented, segment_case, segment_times
from medsamseg_server.image_io.pictures import is_picture
from medsamseg_server.propagation import DEFAULT_METHOD

#: The method that is always run beside the others: the published recipe.
BASELINE = "reference"


@dataclass(frozen=True)
class Settings:
    """What to run.

    Attributes:
        protocols: ways of prompting.
        methods: of propagation.
        models: names of networks.
        jitters: how far the boxes are from tight.
        planes: that objects in scans are seen in, 1 or 3; in the published recipe always 1.
    """

    protocols: Sequence[Protocol]
    methods: Sequence[str] = (DEFAULT_METHOD,)
    models: Sequence[str] = ("litemedsam",)
    jitters: Sequence[Jitter] = (Jitter(),)
    planes: int = 1


@dataclass(frozen=True)
class Setup:
    """One combination: which network, which method of propagation, which boxes."""

    model: str
    method: str
    jitter: Jitter


@dataclass(frozen=True)
class SliceScore:
    """One slice, frame or time that has the object, in the reference or in the mask.

    Attributes:
        index: its number.
        dice: Dice coefficient there; 0 beyond the object's ends.
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
        dice: Dice coefficient in 3D, or of all frames or times together.
        nsd: surface Dice in 3D at 2 mm; None for pictures, films and what is followed through time.
        extent: how far it was followed.
        seconds_encoding: time spent on slices; small where they were in the cache.
        seconds_decoding: time spent on boxes.
        encoder_calls: slices and close-ups that were needed.
        decoder_calls: batches that were decoded.
        boxes: number of boxes that were given.
        ended: why the propagation ended, each way.
        slices: the slices, frames or times of the object and of the mask, ascending.
        group: what the case is one of.
        track: how the object was followed; only of the protocol ``track``.
    """

    case: str
    target: str
    dice: float
    nsd: float | None
    extent: Extent
    seconds_encoding: float
    seconds_decoding: float
    encoder_calls: int
    decoder_calls: int
    boxes: int
    ended: tuple[str, ...]
    slices: tuple[SliceScore, ...]
    group: str
    track: TrackScore | None = None


@dataclass(frozen=True)
class Outcome:
    """A target's score with what is needed to show it; arrays have slices, frames or times along the first axis."""

    setup: Setup
    protocol: Protocol
    case: Case | TimesCase
    score: TargetScore
    mask: NDArray[np.bool_]
    reference: NDArray[np.bool_]
    boxes: Mapping[int, Box]


def count_outcomes(entries: Sequence[CaseEntry], settings: Settings) -> int:
    """Return how many outcomes ``run_evaluation`` gives."""
    setups = len(settings.models) * len(settings.methods) * len(settings.jitters)
    return sum(len(entry.targets) for entry in entries) * setups * len(settings.protocols)


def check_protocols(entries: Sequence[CaseEntry], protocols: Sequence[Protocol]) -> None:
    """Raise ``protocol_unfit`` for a protocol that does not fit a case, as far as that is known without reading it."""
    for entry, protocol in product(entries, protocols):
        if entry.all_times and protocol.name != TRACK:
            what = f"is a scan at all times, through which an object is followed with {TRACK}"
            hint = f'Use --protocol {TRACK}, or choose one of them with "time".'
            raise _unfit(protocol, entry, what, hint)
        if protocol.name == TRACK and is_picture(entry.image) and not entry.is_film:
            raise _one_slice(protocol, entry)


def _check_slices(case: Case | TimesCase, protocols: Sequence[Protocol]) -> None:
    """Raise ``protocol_unfit`` where an object is to be followed through a case that has one slice."""
    if isinstance(case, Case) and case.volume.slice_count(case.entry.axis) == 1:
        for protocol in protocols:
            if protocol.name == TRACK:
                raise _one_slice(protocol, case.entry)


def _one_slice(protocol: Protocol, entry: CaseEntry) -> MedSAMSegError:
    what = "has one slice only, and there is nowhere to follow an object to"
    return _unfit(protocol, entry, what, f"Use --protocol {PICTURE_PROTOCOL} for it.")


def _unfit(protocol: Protocol, entry: CaseEntry, what: str, hint: str) -> MedSAMSegError:
    message = f"The protocol '{protocol.name}' does not fit the case '{entry.name}': it {what}."
    return MedSAMSegError(ErrorKind.INVALID_INPUT, "protocol_unfit", message, hint)


def run_evaluation(
    engine: Engine, entries: Sequence[CaseEntry], settings: Settings, load: Callable[[CaseEntry], Case] = load_case
) -> Iterator[Outcome]:
    """Yield every target's outcome, case by case, so that slices are encoded once for all combinations.

    Raises:
        MedSAMSegError: ``protocol_unfit``, as ``cases.opened_case``, ``Case.reference`` and ``segment_case``.
    """
    check_protocols(entries, settings.protocols)
    for entry in entries:
        with opened_case(entry, load) as case:
            _check_slices(case, settings.protocols)
            for model in settings.models:
                # Loaded before the targets, so that no time of a case includes it.
                engine.predictor(model)
                is_first = True
                for target in entry.targets:
                    for outcome in _target_outcomes(engine, case, target, model, settings, is_first):
                        is_first = False
                        yield outcome


def _target_outcomes(
    engine: Engine, case: Case | TimesCase, target: str, model: str, settings: Settings, is_first: bool
) -> Iterator[Outcome]:
    """Yield a target's outcomes; ``is_first`` says that the model has not seen the case before."""
    reference = case.reference(target)
    for jitter, protocol in product(settings.jitters, settings.protocols):
        done: Segmented | None = None
        for method in settings.methods:
            setup = Setup(model, method, jitter)
            # Where nothing is propagated, all methods are the same.
            if done is None or protocol.propagates:
                planes = 1 if method == BASELINE else settings.planes
                done = _segment(engine, case, target, reference, setup, protocol, planes)
            score = _score(case, target, reference, protocol, done, is_first)
            is_first = False
            yield Outcome(setup, protocol, case, score, done.mask, reference, done.boxes)


def _segment(
    engine: Engine,
    case: Case | TimesCase,
    target: str,
    reference: NDArray[np.bool_],
    setup: Setup,
    protocol: Protocol,
    planes: int,
) -> Segmented:
    if isinstance(case, TimesCase):
        return segment_times(engine, case, reference, setup.jitter, setup.model, setup.method)
    prompts = protocol.prompts(reference, setup.jitter, f"{case.entry.name}/{target}")
    return segment_case(engine, case, prompts, setup.model, setup.method, planes)


def _score(
    case: Case | TimesCase,
    target: str,
    reference: NDArray[np.bool_],
    protocol: Protocol,
    done: Segmented,
    is_first: bool,
) -> TargetScore:
    seconds = done.seconds if is_first else None
    return TargetScore(
        case.entry.name,
        target,
        dice(done.mask, reference),
        _surface(case, protocol, done.mask, reference),
        extent(done.mask, reference),
        done.seconds_encoding,
        done.seconds_decoding,
        done.encoder_calls,
        done.decoder_calls,
        done.prompts,
        done.ended,
        tuple(_slice_scores(reference, done)),
        case.entry.group or case.entry.name,
        track(done.mask, reference, seconds) if protocol.name == TRACK else None,
    )


def _surface(
    case: Case | TimesCase, protocol: Protocol, mask: NDArray[np.bool_], reference: NDArray[np.bool_]
) -> float | None:
    if isinstance(case, TimesCase) or not case.has_surfaces or protocol.name == TRACK:
        return None
    axis = case.entry.axis
    row, column = (number for number in range(3) if number != axis)
    return surface_dice(mask, reference, (case.spacing[axis], case.spacing[row], case.spacing[column]))


def _slice_scores(reference: NDArray[np.bool_], done: Segmented) -> Iterator[SliceScore]:
    for index in np.flatnonzero(any_each(done.mask | reference)).tolist():
        result = done.results.get(index)
        confidence = result.confidence if result else None
        yield SliceScore(
            index,
            dice(done.mask[index], reference[index]),
            int(np.count_nonzero(done.mask[index])),
            int(np.count_nonzero(reference[index])),
            result.provenance if result else None,
            confidence.value if confidence else None,
            confidence.parts if confidence else {},
        )
