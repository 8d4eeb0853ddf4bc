"""A trained network becomes a model that can be chosen by its name, with where it comes from."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import torch
from torch import nn

from medsamseg_server import __version__
from medsamseg_server.models.registry import get_checkpoint
from medsamseg_server.models.specification import ModelSpecification, get_specification
from medsamseg_server.models.store import ModelStore
from medsamseg_server.models.trained import TrainedModel, register_trained
from medsamseg_server.training.data import TrainingData


def register_tuned(
    base: str, name: str, title: str, network: nn.Module, provenance: dict[str, Any], overwrite: bool
) -> TrainedModel:
    """Keep a network that was tuned from the model ``base``, under the license of that."""
    checkpoint = get_checkpoint(base)
    specification = replace(get_specification(base), name=name, title=title, unused_weights=())
    details = {**provenance, "base": {"model": base, "weights_sha256": ModelStore().sha256(base)}}
    return _register(specification, network, checkpoint.licence, checkpoint.citation, details, overwrite)


def register_new(
    specification: ModelSpecification, network: nn.Module, provenance: dict[str, Any], overwrite: bool
) -> TrainedModel:
    """Keep a network that was trained from nothing but the user's data."""
    return _register(specification, network, "your own", "", provenance, overwrite)


def describe_data(data: TrainingData) -> dict[str, Any]:
    """Return what a model's provenance says of its data, as plain JSON."""
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


def _register(
    specification: ModelSpecification,
    network: nn.Module,
    licence: str,
    citation: str,
    provenance: dict[str, Any],
    overwrite: bool,
) -> TrainedModel:
    made = {
        "created": datetime.now(UTC).isoformat(timespec="seconds"),
        "medsamseg_server": __version__,
        "torch": torch.__version__,
    }

    def save(path: Path) -> None:
        torch.save({name: tensor.detach().cpu().contiguous() for name, tensor in network.state_dict().items()}, path)

    return register_trained(specification, save, licence, citation, {**made, **provenance}, overwrite)
