"""Training a click head, and registering it with the model whose embeddings it takes."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch

from medsamseg_server import __version__
from medsamseg_server.engine.embedding_cache import EmbeddingCache
from medsamseg_server.engine.engine import Engine
from medsamseg_server.models.click_head import ClickHead
from medsamseg_server.models.specification import ModelSpecification
from medsamseg_server.training.box_task import to_samples
from medsamseg_server.training.click_measures import score_clicks, summarize_clicks
from medsamseg_server.training.click_task import ClickTask
from medsamseg_server.training.data import TrainingData
from medsamseg_server.training.embeddings_on_disk import EmbeddingsOnDisk
from medsamseg_server.training.finetune import Progress
from medsamseg_server.training.loop import History, Schedule, train
from medsamseg_server.training.registering import describe_data
from medsamseg_server.weights.click_heads import ClickHeadFile, register_click_head
from medsamseg_server.weights.store import ModelStore

if TYPE_CHECKING:
    from lightning_fabric import Fabric

# What is used again while the test's objects are measured.
_MEMORY_BYTES = 2**28


def train_click_head(
    specification: ModelSpecification,
    data: TrainingData,
    embeddings: EmbeddingsOnDisk,
    schedule: Schedule,
    folder: Path,
    fabric: Fabric,
    progress: Progress | None = None,
) -> tuple[ClickHead, History]:
    """Train a head on a model's embeddings, which stays as it is.

    Args:
        specification: of the model.
        data: for training and validation.
        embeddings: computes and keeps the model's embeddings.
        schedule: how long and how fast.
        folder: the run's folder, for state and curves.
        fabric: devices and precision.
        progress: what is called while it goes on.

    Raises:
        MedSAMSegError: as ``EmbeddingsOnDisk.compute`` and ``loop.train``.
    """
    progress = progress or Progress()
    task = ClickTask(specification, embeddings, data.train, data.validation, schedule.seed)
    seen = task.seen()
    embeddings.compute(seen, lambda: progress.encoded(len(seen)))
    history = train(task, schedule, folder, fabric, progress.stepped)
    return task.module.cpu().eval(), history


def register_with_measures(
    model: str,
    head: ClickHead,
    history: History,
    data: TrainingData,
    protocol: dict[str, Any],
    embeddings_folder: Path,
    device: str,
) -> ClickHeadFile:
    """Keep a head for a model, and measure it on the test's objects as it is used then.

    Args:
        model: its name.
        head: trained.
        history: of the training.
        data: what it learned from.
        protocol: how; plain JSON.
        embeddings_folder: where embeddings are kept.
        device: that the model runs on.

    Raises:
        MedSAMSegError: of kind ``CANNOT_WRITE``.
    """
    started = time.monotonic()
    store = ModelStore()
    sha256 = store.sha256(model)
    best = history.rows[history.best]
    provenance = {
        "created": datetime.now(UTC).isoformat(timespec="seconds"),
        "medsamseg_server": __version__,
        "torch": torch.__version__,
        "protocol": protocol,
        "data": describe_data(data),
    }

    def save(path: Path) -> None:
        torch.save(head.state_dict(), path)

    register_click_head(model, sha256, save, provenance)
    engine = Engine(store, EmbeddingCache(_MEMORY_BYTES, embeddings_folder), device)
    scores = score_clicks(engine, model, to_samples(data.test), int(protocol["seed"]))
    metrics = {
        "best_epoch": int(best["epoch"]),
        "validation_box_iou": best["box_iou"],
        **{f"test_{name}": value for name, value in summarize_clicks(scores).items()},
    }
    seconds = round(time.monotonic() - started, 1)
    return register_click_head(model, sha256, save, {**provenance, "metrics": metrics, "seconds_measuring": seconds})
