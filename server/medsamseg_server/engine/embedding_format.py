"""What a file or an object with an embedding holds: the number of dimensions, the shape and the values."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from medsamseg_server.system.disk_cache import DIGEST_BYTES

#: How names end.
SUFFIX = ".embedding"
#: No embedding of any model has more; a specialist's is its input, of 512 × 512 half-precision numbers or so.
MOST_ENTRY_BYTES = 64 * 2**20
_MOST_DIMENSIONS = 8


def encode(embedding: NDArray[np.float16]) -> bytes:
    """Return the content, without the checksum before it."""
    shape = np.asarray((embedding.ndim, *embedding.shape), "<u4").tobytes()
    return shape + np.ascontiguousarray(embedding, dtype="<f2").tobytes()


def entry_bytes(shape: tuple[int, ...]) -> int:
    """Return the size of an entry of this shape, with its checksum."""
    return DIGEST_BYTES + 4 * (1 + len(shape)) + 2 * math.prod(shape)


def decode(content: memoryview, expected: tuple[int, ...] | None) -> NDArray[np.float16] | None:
    """Return what a file holds, or None unless it is of the expected shape, and of numbers throughout."""
    if len(content) < 4:
        return None
    dimensions = int.from_bytes(content[:4], "little")
    if dimensions > _MOST_DIMENSIONS or len(content) < 4 * (1 + dimensions):
        return None
    shape = tuple(np.frombuffer(content, "<u4", dimensions, offset=4).tolist())
    if DIGEST_BYTES + len(content) != entry_bytes(shape) or expected not in (None, shape):
        return None
    values = np.frombuffer(content, "<f2", offset=4 * (1 + dimensions)).reshape(shape)
    return values.astype(np.float16, copy=False) if np.isfinite(values).all() else None
