"""Checksums: how published weights are told apart from all other files."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Literal

from medsamseg_server.weights.registry import CHECKPOINTS, Checkpoint, PublishedFile


def file_digest(path: Path, algorithm: Literal["sha256", "md5"] = "sha256") -> str:
    """Return the checksum of a file as lowercase hexadecimal digits."""
    # md5 is used to recognize a download, not to keep a secret: computers in FIPS mode need to be told.
    make = {"sha256": hashlib.sha256, "md5": lambda: hashlib.md5(usedforsecurity=False)}[algorithm]
    with path.open("rb") as file:
        return hashlib.file_digest(file, make).hexdigest()


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
