"""The models that were trained on this computer: their weights, what they are, and where they come from.

Each is two files below the folder of weights: ``trained/NAME.pth`` and, written last, ``trained/NAME.json``. A trained
model is used by its name like a published one, in the command line, in the server and in Slicer.
"""

from __future__ import annotations

import json
import logging
import re
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, get_args

from medsamseg_server.errors import ErrorKind, MedSAMSegError
from medsamseg_server.models.specification import (
    SPECIFICATIONS,
    Coordinates,
    Decoder,
    Encoder,
    ModelSpecification,
    Resize,
    Scaling,
    Upsampling,
)
from medsamseg_server.system import paths
from medsamseg_server.system.safe_files import ensure_folder, file_digest, replacing, write_failure
from medsamseg_server.weights.registry import Checkpoint, PublishedFile

logger = logging.getLogger(__name__)

_NAME = re.compile(r"[a-z0-9][a-z0-9._-]{0,39}")
_FOLDER = "trained"
_ENCODERS = {kind.kind: kind for kind in get_args(Encoder)}
_DECODERS = {kind.kind: kind for kind in get_args(Decoder)}


@dataclass(frozen=True)
class TrainedModel:
    """A model that was trained here.

    Attributes:
        specification: its network and protocol; its name is the model's name.
        sha256: checksum of the weights' file.
        size_bytes: size of that file.
        license: license of the weights, which is that of the weights they started from.
        citation: what to cite.
        provenance: how it came about: base weights, data, protocol, metrics; plain JSON.
    """

    specification: ModelSpecification
    sha256: str
    size_bytes: int
    license: str
    citation: str
    provenance: Mapping[str, Any]

    @property
    def name(self) -> str:
        """The model's name, as in ``--model``."""
        return self.specification.name

    @property
    def checkpoint(self) -> Checkpoint:
        """The entry that the store, the command line and the server show."""
        file = PublishedFile(f"{_FOLDER}/{self.name}.pth", self.size_bytes, "sha256", self.sha256, sources=())
        return Checkpoint(self.name, self.specification.title, self.license, self.citation, (file,))


def check_name(name: str) -> None:
    """Raise ``model_name_invalid`` unless ``name`` can be given to a trained model."""
    if name in SPECIFICATIONS:
        raise _invalid_name(f"'{name}' is the name of a published model.")
    if not _NAME.fullmatch(name):
        raise _invalid_name(f"'{name}' is no name for a model.")


def trained_names() -> tuple[str, ...]:
    """Return the names of the trained models, in alphabetical order."""
    return tuple(sorted(path.stem for path in _folder().glob("*.json") if _NAME.fullmatch(path.stem)))


def trained_models() -> tuple[TrainedModel, ...]:
    """Return the trained models by name, without those whose description is damaged, of which the log tells."""
    models = []
    for name in trained_names():
        try:
            models.append(find_trained(name))
        except MedSAMSegError as error:
            logger.warning("%s", error)
    return tuple(model for model in models if model is not None)


def find_trained(name: str) -> TrainedModel | None:
    """Return the trained model of this name, or None.

    Raises:
        MedSAMSegError: ``trained_model_damaged`` when its description cannot be read.
    """
    if not _NAME.fullmatch(name):
        return None
    path = _folder() / f"{name}.json"
    try:
        return _from_json(name, json.loads(path.read_text("utf-8")))
    except FileNotFoundError:
        return None
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise MedSAMSegError(
            ErrorKind.UNREADABLE,
            "trained_model_damaged",
            f"The description of the trained model '{name}' cannot be read: {path}.",
            f"Train it again, or remove it with: medsamseg models remove {name}",
        ) from error


def register_trained(
    specification: ModelSpecification,
    save: Callable[[Path], None],
    license: str,
    citation: str,
    provenance: Mapping[str, Any],
    overwrite: bool = False,
) -> TrainedModel:
    """Keep a trained model under its specification's name, so that it can be used at once.

    Args:
        specification: the network; its name becomes the model's.
        save: writes the weights' file to the path that it is given.
        license: of the weights.
        citation: what to cite.
        provenance: how it came about; plain JSON.
        overwrite: replace a trained model of this name.

    Raises:
        MedSAMSegError: ``model_name_invalid``, ``model_exists``, or of kind ``CANNOT_WRITE``.
    """
    require_free_name(specification.name, overwrite)
    ensure_folder(_folder())
    weights = _folder() / f"{specification.name}.pth"
    description = weights.with_suffix(".json")
    # Between the two steps the old description must not vouch for the new weights.
    description.unlink(missing_ok=True)
    with replacing(weights) as temporary:
        save(temporary)
    trained = TrainedModel(
        specification, file_digest(weights), weights.stat().st_size, license, citation, dict(provenance)
    )
    with replacing(description) as temporary:
        temporary.write_text(json.dumps(_to_json(trained), indent=1), "utf-8")
    return trained


def require_free_name(name: str, overwrite: bool = False) -> None:
    """Raise ``model_name_invalid`` or ``model_exists`` unless a model can be trained under this name."""
    check_name(name)
    if name in trained_names() and not overwrite:
        raise MedSAMSegError(
            ErrorKind.INVALID_INPUT,
            "model_exists",
            f"There is a trained model '{name}' already.",
            f"Choose another name, replace it with --force, or remove it with: medsamseg models remove {name}",
        )


def remove_trained(name: str) -> Path:
    """Delete a trained model, damaged or not; return where its weights were.

    Raises:
        MedSAMSegError: of kind ``CANNOT_WRITE`` where the system refuses.
    """
    weights = _folder() / f"{name}.pth"
    try:
        for path in (weights.with_suffix(".json"), weights):
            path.unlink(missing_ok=True)
    except OSError as error:
        raise write_failure(error, weights) from error
    return weights


def _folder() -> Path:
    return paths.weights_folder() / _FOLDER


def _to_json(trained: TrainedModel) -> dict[str, Any]:
    specification = trained.specification
    fields = asdict(specification)
    for name in ("resize", "scaling", "upsampling", "coordinates"):
        fields[name] = getattr(specification, name).name
    for name in ("encoder", "decoder"):
        fields[name]["kind"] = getattr(specification, name).kind
    del fields["name"]
    return {
        "specification": fields,
        "sha256": trained.sha256,
        "size_bytes": trained.size_bytes,
        "license": trained.license,
        "citation": trained.citation,
        "provenance": dict(trained.provenance),
    }


def _from_json(name: str, values: dict[str, Any]) -> TrainedModel:
    fields = values["specification"]
    specification = ModelSpecification(
        name=name,
        title=str(fields["title"]),
        encoder=_parameters(_ENCODERS, fields["encoder"]),
        input_size=int(fields["input_size"]),
        resize=Resize[fields["resize"]],
        scaling=Scaling[fields["scaling"]],
        upsampling=Upsampling[fields["upsampling"]],
        coordinates=Coordinates[fields["coordinates"]],
        unused_weights=tuple(fields["unused_weights"]),
        decoder=_parameters(_DECODERS, fields["decoder"]),
        # Training is about boxes: `proposes` is no longer true of what comes of it; `coarse_surroundings` is not known.
        # Models that were kept before there were close-ups have none.
        close_up_size=fields.get("close_up_size"),
    )
    return TrainedModel(
        specification,
        str(values["sha256"]),
        int(values["size_bytes"]),
        str(values["license"]),
        str(values["citation"]),
        values["provenance"],
    )


def _parameters(kinds: Mapping[str, Any], fields: Mapping[str, Any]) -> Any:
    """Return that of ``kinds`` which a JSON object names, with its other fields, whose lists were tuples."""
    values: dict[str, Any] = dict(fields)
    kind = kinds[values.pop("kind")]
    return kind(**{name: tuple(value) if isinstance(value, list) else value for name, value in values.items()})


def _invalid_name(message: str) -> MedSAMSegError:
    return MedSAMSegError(
        ErrorKind.INVALID_INPUT,
        "model_name_invalid",
        message,
        "Use up to 40 small letters, digits, '.', '_' or '-', beginning with a letter or digit.",
    )
