"""Fine-tuning a model of the SAM family to the objects of labeled scans, by the published protocol."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from medsamseg_server.engine.close_ups import View
from medsamseg_server.models.preprocessing import prepare_image
from medsamseg_server.models.specification import ModelSpecification
from medsamseg_server.training.adapting import Parts, choose_parts, merge_adapters
from medsamseg_server.training.box_task import BoxTask, BoxTaskOptions, Prepare, Sample, flip, to_samples
from medsamseg_server.training.cases import TrainingSlice
from medsamseg_server.training.data import TrainingData
from medsamseg_server.training.decoding import BoxToMask
from medsamseg_server.training.embeddings_on_disk import EmbeddingsOnDisk
from medsamseg_server.training.loop import History, Schedule, Step, train
from medsamseg_server.training.views import KEPT_VIEWS, Views

if TYPE_CHECKING:
    from lightning_fabric import Fabric

    from medsamseg_server.models.networks import SamNetwork


@dataclass(frozen=True)
class Outcome:
    """What came of a training.

    Attributes:
        network: with its best weights.
        history: how it went.
        metrics: plain JSON: validation and test, before and after.
        seconds: time that it took.
    """

    network: Any
    history: History
    metrics: dict[str, Any]
    seconds: float


@dataclass(frozen=True)
class Progress:
    """What is called while it goes on.

    Attributes:
        encoded: after each slice or close-up that was encoded, of so many.
        stepped: after each step of the training.
    """

    encoded: Callable[[int], None] = lambda total: None
    stepped: Callable[[Step], None] = lambda step: None


def finetune(
    network: SamNetwork,
    specification: ModelSpecification,
    data: TrainingData,
    parts: Parts,
    options: BoxTaskOptions,
    schedule: Schedule,
    folder: Path,
    fabric: Fabric,
    embeddings: EmbeddingsOnDisk | None = None,
    progress: Progress | None = None,
) -> Outcome:
    """Fine-tune a network, in place.

    Args:
        network: what to begin with.
        specification: its protocol. With close-ups, objects are learned in them as the model will see them in use, but
            with more or less round them, and not always in the middle.
        data: for training and validation.
        parts: what is trained.
        options: boxes, losses, flips.
        schedule: how long and how fast.
        folder: the run's folder, for state and curves.
        fabric: devices and precision.
        embeddings: computes and keeps the network's embeddings; needed for ``Parts.DECODER`` only.
        progress: what is called while it goes on.

    Raises:
        MedSAMSegError: as ``EmbeddingsOnDisk.compute`` and ``loop.train``.
    """
    started = time.monotonic()
    progress = progress or Progress()
    choose_parts(network, parts)
    views = Views(specification, options.seed, KEPT_VIEWS if parts is Parts.DECODER else None)
    if parts is Parts.DECODER:
        assert embeddings is not None, "the decoder learns from embeddings"
        prepare = _embed(embeddings, data, views, progress)
    else:
        prepare = prepare_images(specification)
    module = BoxToMask(network, encodes=parts is not Parts.DECODER)
    task = BoxTask(module, specification, views, prepare, data.train, validation_sets(data), options)
    test = to_samples(data.test)
    before = task.dice(test)
    history = train(task, schedule, folder, fabric, progress.stepped)
    after = task.dice(test)
    if parts is Parts.LORA:
        merge_adapters(network)
    return Outcome(network, history, summarize(history, test, before, after), time.monotonic() - started)


def validation_sets(data: TrainingData) -> dict[str, list[TrainingSlice]]:
    """Return the sets that are measured after each epoch by their names."""
    sets = {"validation": data.validation}
    return {**sets, "mixed_in": data.mixed} if data.mixed else sets


def summarize(history: History, test: list[Sample], before: list[float] | None, after: list[float]) -> dict[str, Any]:
    """Return the measures for the model's provenance, as plain JSON.

    Args:
        history: of the training.
        test: the objects on slices of the final test.
        before: their Dice before the training; None for a network that began with random weights.
        after: their Dice now.
    """
    best = history.rows[history.best]
    measures: dict[str, Any] = {
        "best_epoch": int(best["epoch"]),
        "validation": {name: value for name, value in best.items() if name.startswith("dice_")},
        "validation_before": {name: value for name, value in history.rows[0].items() if name.startswith("dice_")},
        "test_dice_per_slice": float(np.mean(after)),
        "test_objects_on_slices": len(after),
        "test_by_target": _by_target(test, after),
    }
    if before is not None:
        measures["test_dice_per_slice_before"] = float(np.mean(before))
        measures["test_by_target_before"] = _by_target(test, before)
    return measures


def _by_target(samples: list[Sample], dices: list[float]) -> dict[str, float]:
    targets = list(dict.fromkeys(sample.target for sample in samples))
    pairs = list(zip(samples, dices, strict=True))
    return {target: float(np.mean([dice for sample, dice in pairs if sample.target == target])) for target in targets}


def _embed(embeddings: EmbeddingsOnDisk, data: TrainingData, views: Views, progress: Progress) -> Prepare:
    """Compute all embeddings, and return what gives them."""
    needed = {}
    for number, sample in enumerate(to_samples(data.train)):
        for view in views.every(sample.mask, sample.size, number):
            needed[id(sample.slice), view] = sample.slice
    for sample in to_samples([*data.validation, *data.test, *data.mixed]):
        needed[id(sample.slice), views.used(sample.mask, sample.size)] = sample.slice
    seen = [(view.cut(each.gray), view.input_size) for (_, view), each in needed.items()]
    embeddings.compute(seen, lambda: progress.encoded(len(seen)))

    def prepare(each: TrainingSlice, view: View, flips: tuple[bool, bool]) -> NDArray[Any]:
        assert not any(flips), "an embedding cannot be turned over"
        return embeddings.get(view.cut(each.gray), view.input_size)

    return prepare


def prepare_images(specification: ModelSpecification, channels: int = 3) -> Prepare:
    """Return what makes the encoder's input, or its first channels, of a view of a slice."""

    def prepare(each: TrainingSlice, view: View, flips: tuple[bool, bool]) -> NDArray[Any]:
        return prepare_image(specification.at(view.input_size), flip(view.cut(each.gray), flips))[:channels]

    return prepare
