"""Checksums: how published weights are told apart from all other files."""

from __future__ import annotations

from pathlib import Path

from medsamseg_server.system.safe_files import file_digest
from medsamseg_server.weights.registry import CHECKPOINTS, Checkpoint, PublishedFile


def recognize(path: Path) -> tuple[Checkpoint, PublishedFile] | None:
    """Return the model and the published file that ``path`` is, by its content; None when it is none of them."""
    size = path.stat().st_size
    digests: dict[str, str] = {}
    for checkpoint in CHECKPOINTS.values():
        for published in checkpoint.files:
            if published.size_bytes not in (None, size):
                continue
            if published.algorithm not in digests:
                digests[published.algorithm] = file_digest(path, published.algorithm)
            if digests[published.algorithm] == published.digest:
                return checkpoint, published
    return None
