"""What the program finds for the prompts of a protocol: in a scan, a picture, a film, or a scan at all times."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from medsamseg_server.engine.engine import Engine
from medsamseg_server.engine.prompts import Box, Prompt
from medsamseg_server.evaluation.cases import Case, TimesCase
from medsamseg_server.evaluation.protocols import Jitter, Prompts, tight_box
from medsamseg_server.propagation import DEFAULT_METHOD, SliceResult
from medsamseg_server.propagation.fusing import make_slices
from medsamseg_server.propagation.task import Task
from medsamseg_server.propagation.through_time import follow_through_time
from medsamseg_server.propagation.whole_volume import WholeMask, WholeVolume

#: How objects are followed through time; in a scan at all times, in space as usual then.
THROUGH_TIME = "film"


@dataclass(frozen=True)
class Segmented:
    """What was found, and what it took.

    Attributes:
        mask: slices, frames or times along the first axis.
        results: what is known of each slice or frame with a result, by its index; none of times.
        boxes: what the network was given, by slice or frame; none of points and times.
        prompts: number of boxes, or of slices with points, that were given.
        ended: why the propagation ended, each way.
        seconds: for everything.
        seconds_encoding: of these, on slices.
        seconds_decoding: of these, on boxes.
        encoder_calls: slices and close-ups that were needed.
        decoder_calls: batches that were decoded.
    """

    mask: NDArray[np.bool_]
    results: Mapping[int, SliceResult]
    boxes: Mapping[int, Box]
    prompts: int
    ended: tuple[str, ...]
    seconds: float
    seconds_encoding: float
    seconds_decoding: float
    encoder_calls: int
    decoder_calls: int


def segment_case(engine: Engine, case: Case, prompts: Prompts, model: str, method: str, planes: int = 1) -> Segmented:
    """Segment an object in a scan, picture or film; errors as ``WholeVolume``."""
    if prompts.points:
        return _segment_points(engine, case, prompts, model)
    axis = case.entry.axis
    task = Task(
        axis,
        prompts.boxes,
        prompts.first,
        prompts.last,
        prompts.propagates,
        case.entry.window,
        model,
        case.spacing,
        method,
        planes=1 if case.entry.is_film else planes,
    )
    started = time.perf_counter()
    done = WholeVolume(case.volume, task, case.phases).run(engine)
    return Segmented(
        np.moveaxis(done.mask, axis, 0).astype(bool),
        {result.index: result for result in done.results},
        {result.index: result.box for result in done.results},
        len(prompts.boxes),
        tuple(f"{end.direction}: {end.reason} at {end.index}" for end in done.ended),
        time.perf_counter() - started,
        done.seconds_encoding,
        done.seconds_decoding,
        done.encoder_calls,
        done.decoder_calls,
    )


def _segment_points(engine: Engine, case: Case, prompts: Prompts, model: str) -> Segmented:
    entry = case.entry
    case.phases.check(case.volume)
    started = time.perf_counter()
    source = make_slices(engine, case.volume, entry.axis, entry.window, model, phases=case.phases)
    mask = np.zeros((case.volume.slice_count(entry.axis), *source.image_size(0)), bool)
    for index, points in prompts.points.items():
        source.in_prompt(index, Prompt(points=points)).paint(mask[index], True)
    return Segmented(
        mask,
        {},
        {},
        len(prompts.points),
        (),
        time.perf_counter() - started,
        source.encode_seconds,
        source.decode_seconds,
        source.encoder_calls,
        source.decoder_calls,
    )


def segment_times(
    engine: Engine, case: TimesCase, reference: NDArray[np.bool_], jitter: Jitter, model: str, method: str
) -> Segmented:
    """Follow an object through all times of a scan, from one box at the first time with it, where it is largest.

    Args:
        engine: what segments.
        case: the scan.
        reference: the object, (T, K, J, I), not empty.
        jitter: how far the box is from tight.
        model: name of the network.
        method: of propagation in space; that of films stands for the usual one.

    Raises:
        MedSAMSegError: as ``through_time.follow_through_time``.
    """
    entry = case.entry
    start = int(reference.reshape(len(reference), -1).any(axis=1).argmax())
    slices = np.moveaxis(reference[start], entry.axis, 0)
    index = int(np.count_nonzero(slices, axis=(1, 2)).argmax())
    box = jitter.apply(tight_box(slices[index]), slices[index].shape, entry.name, index)
    in_space = DEFAULT_METHOD if method == THROUGH_TIME else method
    task = Task(entry.axis, {index: box}, window=entry.window, model=model, spacing=case.spacing, method=in_space)
    started = time.perf_counter()
    found: list[WholeMask] = []
    mask = np.zeros(reference.shape, bool)
    for number, objects in enumerate(follow_through_time(engine, case.volumes, start, {"": task})):
        if "" in objects:
            found.append(objects[""])
            mask[number] = objects[""].mask
    return Segmented(
        mask,
        {},
        {},
        1,
        (),
        time.perf_counter() - started,
        sum(each.seconds_encoding for each in found),
        sum(each.seconds_decoding for each in found),
        sum(each.encoder_calls for each in found),
        sum(each.decoder_calls for each in found),
    )
