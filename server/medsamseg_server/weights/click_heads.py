"""The heads that were trained here to make a box of a click: one for a model, and for the very weights it was made for.

Each is two files below the folder of weights: ``clicks/MODEL.pth`` and, written last, ``clicks/MODEL.json``.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from medsamseg_server.errors import ErrorKind, MedSAMSegError
from medsamseg_server.system import paths
from medsamseg_server.system.safe_files import ensure_folder, file_digest, replacing

if TYPE_CHECKING:
    from medsamseg_server.models.click_head import ClickHead


@dataclass(frozen=True)
class ClickHeadFile:
    """A head that was trained here.

    Attributes:
        model: whose embeddings it takes.
        model_sha256: checksum of that model's weights.
        sha256: checksum of the head's file.
        provenance: how it came about: data, protocol, metrics; plain JSON.
    """

    model: str
    model_sha256: str
    sha256: str
    provenance: Mapping[str, Any]


def has_click_head(model: str) -> bool:
    """Return whether there is a head for this model."""
    return _path(model, ".json").is_file()


def require_no_click_head(model: str, overwrite: bool = False) -> None:
    """Raise ``click_head_exists`` unless a head can be trained for this model."""
    if has_click_head(model) and not overwrite:
        raise MedSAMSegError(
            ErrorKind.INVALID_INPUT,
            "click_head_exists",
            f"The model '{model}' has learned clicks already.",
            "Replace what it learned with --force.",
        )


def register_click_head(
    model: str, model_sha256: str, save: Callable[[Path], None], provenance: Mapping[str, Any]
) -> ClickHeadFile:
    """Keep a head for a model, in place of one that it may have.

    Args:
        model: its name.
        model_sha256: checksum of its weights.
        save: writes the head's file to the path that it is given.
        provenance: how it came about; plain JSON.

    Raises:
        MedSAMSegError: of kind ``CANNOT_WRITE``.
    """
    ensure_folder(_path(model, ".pth").parent)
    # Between the two steps the old description must not vouch for the new weights.
    _path(model, ".json").unlink(missing_ok=True)
    with replacing(_path(model, ".pth")) as temporary:
        save(temporary)
    head = ClickHeadFile(model, model_sha256, file_digest(_path(model, ".pth")), dict(provenance))
    with replacing(_path(model, ".json")) as temporary:
        temporary.write_text(json.dumps(asdict(head), indent=1), "utf-8")
    return head


def find_click_head(model: str) -> ClickHeadFile:
    """Return the head of a model.

    Raises:
        MedSAMSegError: ``click_head_missing`` or ``click_head_damaged``.
    """
    try:
        return ClickHeadFile(**json.loads(_path(model, ".json").read_text("utf-8")))
    except FileNotFoundError:
        raise MedSAMSegError(
            ErrorKind.MODEL_MISSING,
            "click_head_missing",
            f"The model '{model}' has not learned what box a click means.",
            f"Draw a box, or teach it with labeled scans: medsamseg train click DATA --base {model}",
        ) from None
    except (OSError, ValueError, TypeError) as error:
        raise _damaged(model) from error


def load_click_head(model: str, model_sha256: str) -> ClickHead:
    """Return the head of a model whose weights have this checksum, ready to use on the processor.

    Raises:
        MedSAMSegError: ``click_head_missing``, ``click_head_damaged`` or ``click_head_differs``.
    """
    import torch

    from medsamseg_server.models.click_head import ClickHead

    known = find_click_head(model)
    if known.model_sha256 != model_sha256:
        raise MedSAMSegError(
            ErrorKind.INVALID_INPUT,
            "click_head_differs",
            f"What the model '{model}' learned of clicks belongs to other weights than it has now.",
            f"Teach it again: medsamseg train click DATA --base {model} --force",
        )
    head = ClickHead()
    try:
        if file_digest(_path(model, ".pth")) != known.sha256:
            raise ValueError("the checksum is another one")
        head.load_state_dict(torch.load(_path(model, ".pth"), map_location="cpu", weights_only=True))
    except Exception as error:
        raise _damaged(model) from error
    return head.eval().requires_grad_(False)


def _damaged(model: str) -> MedSAMSegError:
    return MedSAMSegError(
        ErrorKind.UNREADABLE,
        "click_head_damaged",
        f"What the model '{model}' learned of clicks cannot be read: {_path(model, '.pth')}.",
        f"Teach it again: medsamseg train click DATA --base {model} --force",
    )


def _path(model: str, suffix: str) -> Path:
    return paths.weights_folder() / "clicks" / f"{model}{suffix}"
