"""All models by name: the published ones, and those that were trained on this computer."""

from __future__ import annotations

from medsamseg_server.errors import ErrorKind, MedSAMSegError
from medsamseg_server.models.specification import SPECIFICATIONS, ModelSpecification
from medsamseg_server.weights.registry import CHECKPOINTS, Checkpoint
from medsamseg_server.weights.trained import find_trained, trained_models, trained_names


def get_specification(name: str) -> ModelSpecification:
    """Return the model called ``name``.

    Raises:
        MedSAMSegError: ``model_unknown`` when there is no such model.
    """
    if name in SPECIFICATIONS:
        return SPECIFICATIONS[name]
    trained = find_trained(name)
    if trained is not None:
        return trained.specification
    raise MedSAMSegError(
        ErrorKind.NOT_FOUND,
        "model_unknown",
        f"There is no model '{name}'.",
        f"Choose one of: {', '.join((*SPECIFICATIONS, *trained_names()))}.",
    )


def get_checkpoint(model: str) -> Checkpoint:
    """Return the weights' entry of ``model``.

    Raises:
        MedSAMSegError: ``model_unknown`` when there is no such model.
    """
    trained = None if model in CHECKPOINTS else find_trained(model)
    return trained.checkpoint if trained else CHECKPOINTS[get_specification(model).name]


def all_checkpoints() -> tuple[Checkpoint, ...]:
    """Return the weights' entry of every model: the published ones, the default first, then those trained here."""
    return (*CHECKPOINTS.values(), *(trained.checkpoint for trained in trained_models()))
