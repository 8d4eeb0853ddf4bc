"""Training a specialist: a U-Net that knows the objects of one set of scans only, to compare with."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from torch import Tensor, nn

from medsamseg_server.models.specialist import SpecialistNetwork, build_specialist
from medsamseg_server.models.specification import ModelSpecification, NoEncoder, UNetParameters
from medsamseg_server.training.box_task import BoxTask, BoxTaskOptions, to_samples
from medsamseg_server.training.data import TrainingData
from medsamseg_server.training.finetune import Outcome, Progress, prepare_images, summarize, validation_sets
from medsamseg_server.training.loop import Schedule, train
from medsamseg_server.training.views import Views
from medsamseg_server.weights.catalog import get_specification
from medsamseg_server.weights.registry import DEFAULT_MODEL

if TYPE_CHECKING:
    from lightning_fabric import Fabric


def specialist_specification(name: str, title: str, parameters: UNetParameters) -> ModelSpecification:
    """Return the specification of a U-Net that sees slices as LiteMedSAM does."""
    base = get_specification(DEFAULT_MODEL)
    return replace(
        base,
        name=name,
        title=title,
        encoder=NoEncoder(),
        decoder=parameters,
        close_up_size=None,
        coarse_surroundings=False,
    )


def train_specialist(
    specification: ModelSpecification,
    data: TrainingData,
    options: BoxTaskOptions,
    schedule: Schedule,
    folder: Path,
    fabric: Fabric,
    progress: Progress | None = None,
) -> Outcome:
    """Train a U-Net from random weights; see ``finetune.finetune``.

    Raises:
        MedSAMSegError: as ``build_specialist`` and ``loop.train``.
    """
    started = time.monotonic()
    progress = progress or Progress()
    network = build_specialist(specification).requires_grad_(True)
    prepare = prepare_images(specification, channels=1)
    module = _WithoutIoU(network)
    views = Views(specification, options.seed)
    task = BoxTask(module, specification, views, prepare, data.train, validation_sets(data), options)
    history = train(task, schedule, folder, fabric, progress.stepped)
    test = to_samples(data.test)
    metrics = summarize(history, test, None, task.dice(test))
    return Outcome(network, history, metrics, time.monotonic() - started)


class _WithoutIoU(nn.Module):
    """A specialist with the answer that ``BoxTask`` expects."""

    def __init__(self, network: SpecialistNetwork) -> None:
        super().__init__()
        self.network = network

    def forward(self, images: Sequence[Tensor], boxes: Sequence[Tensor]) -> list[tuple[Tensor, Tensor]]:
        """Return the logits (B, S, S) of each group, and 0 (B,) for an IoU that a U-Net does not estimate."""
        answers = [self.network(*group) for group in zip(images, boxes, strict=True)]
        return [(logits, logits.new_zeros(len(logits))) for logits in answers]
