"""The weights that are on this computer."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from medsamseg_server.errors import ErrorKind, MedSAMSegError
from medsamseg_server.system import paths
from medsamseg_server.system.safe_files import write_failure
from medsamseg_server.weights.checksums import file_digest
from medsamseg_server.weights.importing import ImportedModel, import_weights
from medsamseg_server.weights.registry import Checkpoint, PublishedFile, all_checkpoints, get_checkpoint
from medsamseg_server.weights.trained import remove_trained, trained_names


@dataclass(frozen=True)
class StoredModel:
    """What the store has of one model.

    Attributes:
        checkpoint: the model's entry in the registry.
        path: the weights' file; None when they are not installed.
    """

    checkpoint: Checkpoint
    path: Path | None


class ModelStore:
    """The folder of weights: one file for each installed model, under the name that its authors gave it.

    A file has its final name only when it is whole and checked, so whatever is found there can be used.
    """

    def __init__(self, folder: Path | None = None) -> None:
        self.folder = folder or paths.weights_folder()

    def final_path(self, model: str) -> Path:
        """Return where the weights of ``model`` belong, whether they are installed or not."""
        return self.folder / get_checkpoint(model).file_name

    def part_path(self, model: str, published: PublishedFile) -> Path:
        """Return where a download of ``published`` grows until it is whole.

        The name holds the checksum, so that a part is only ever continued with the same bytes.
        """
        return self.folder / f"{get_checkpoint(model).file_name}.{published.digest[:12]}.part"

    def is_installed(self, model: str) -> bool:
        """Tell whether the weights of ``model`` are here."""
        return self.final_path(model).is_file()

    def path(self, model: str) -> Path:
        """Return the weights' file of ``model``.

        Raises:
            MedSAMSegError: ``model_missing`` when they are not installed; ``model_unknown``.
        """
        path = self.final_path(model)
        if not path.is_file():
            raise MedSAMSegError(
                ErrorKind.MODEL_MISSING,
                "model_missing",
                f"The weights of the model {get_checkpoint(model).title} are not on this computer.",
                f"Download them with: medsamseg models download {model}"
                if get_checkpoint(model).files[0].sources
                else "The model was trained here: train it again.",
            )
        return path

    def sha256(self, model: str) -> str:
        """Return the SHA-256 of the installed weights of ``model``, computed from the file now."""
        return file_digest(self.path(model))

    def list(self) -> tuple[StoredModel, ...]:
        """Return every known model, in the registry's order, then those trained here, and what is here of each."""
        return tuple(
            StoredModel(checkpoint, self.final_path(checkpoint.model) if self.is_installed(checkpoint.model) else None)
            for checkpoint in all_checkpoints()
        )

    def remove(self, model: str) -> Path:
        """Delete the weights of ``model``, and what an interrupted download left; return where they were.

        Raises:
            MedSAMSegError: ``model_missing`` when nothing is here; of kind ``CANNOT_WRITE`` where the system refuses.
        """
        if model in trained_names():
            return remove_trained(model)
        final = self.final_path(model)
        parts = [self.part_path(model, published) for published in get_checkpoint(model).files]
        if not any(part.exists() for part in parts):
            self.path(model)
        try:
            for path in (final, *parts):
                path.unlink(missing_ok=True)
        except OSError as error:
            raise write_failure(error, final) from error
        return final

    def import_file(self, path: Path, model: str | None = None) -> ImportedModel:
        """Copy weights from a file into the store; see :func:`~medsamseg_server.weights.importing.import_weights`."""
        return import_weights(path, self.folder, model)
