"""A trained network becomes a model that can be chosen by its name, with where it comes from."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import torch

from medsamseg_server import __version__
from medsamseg_server.models.specification import ModelSpecification
from medsamseg_server.training.data import TrainingData
from medsamseg_server.training.finetune import Outcome
from medsamseg_server.weights.catalog import get_checkpoint
from medsamseg_server.weights.store import ModelStore
from medsamseg_server.weights.trained import TrainedModel, register_trained


def register(
    specification: ModelSpecification,
    outcome: Outcome,
    data: TrainingData,
    protocol: dict[str, Any],
    origin: str | None,
    overwrite: bool,
) -> TrainedModel:
    """Keep a trained network under its specification's name.

    Args:
        specification: of the network, with the new name.
        outcome: the network, and how good it is.
        data: what it learned from.
        protocol: how; plain JSON.
        origin: the model whose weights it began with, or that taught it: its license and citation hold on; None for
            a network that knows nothing but the user's data.
        overwrite: replace a trained model of this name.

    Raises:
        MedSAMSegError: as ``register_trained``.
    """
    license, citation, base = "your own", "", None
    if origin is not None:
        checkpoint = get_checkpoint(origin)
        license, citation = checkpoint.license, checkpoint.citation
        base = {"model": origin, "weights_sha256": ModelStore().sha256(origin)}
    provenance = {
        "created": datetime.now(UTC).isoformat(timespec="seconds"),
        "medsamseg_server": __version__,
        "torch": torch.__version__,
        "base": base,
        **protocol,
        "data": describe_data(data),
        "metrics": outcome.metrics,
        "seconds": round(outcome.seconds, 1),
    }

    def save(path: Path) -> None:
        weights = outcome.network.state_dict()
        torch.save({name: tensor.detach().cpu().contiguous() for name, tensor in weights.items()}, path)

    return register_trained(specification, save, license, citation, provenance, overwrite)


def describe_data(data: TrainingData) -> dict[str, Any]:
    """Return what a model learned from, as plain JSON."""
    split = data.split
    return {
        "sha256": data.sha256,
        "train_cases": len(split.train),
        "validation_cases": len(split.validation),
        "test_cases": len(split.test),
        "train_objects_on_slices": sum(len(each.masks) for each in data.train),
        "dropped": len(data.report.dropped),
        "mixed_in": bool(data.mixed),
    }
