"""A volume's voxels on their way to the server: the bytes that are sent, and the key that names them."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Iterator
from typing import Any

import numpy as np

#: Large enough to be fast, small enough that a broken connection or a closed scene is noticed soon.
CHUNK_BYTES = 16 << 20


class NpyUpload:
    """An array as the bytes of a ``.npy`` file, without a copy of the voxels.

    Hashing and sending read the voxels where they are, each in pieces during which Python's lock is free, so that it is
    work for a thread that nobody waits for. Should the voxels change between the two, the server notices that the bytes
    are not those of the key.

    :param array: the voxels (K, J, I); a copy is made only when they are not contiguous in memory.
    :param checkpoint: called without arguments before each piece; what it raises ends the work.
    """

    def __init__(self, array: Any, checkpoint: Any = lambda: None) -> None:
        array = np.ascontiguousarray(array)
        header = io.BytesIO()
        np.lib.format.write_array_header_1_0(header, np.lib.format.header_data_from_array_1_0(array))
        self._header = header.getvalue()
        self._voxels = memoryview(array.reshape(-1).view(np.uint8))
        self._checkpoint = checkpoint
        self.key = self._sha256()

    @property
    def byteCount(self) -> int:
        """Number of bytes that are sent."""
        return len(self._header) + len(self._voxels)

    def chunks(self) -> Iterator[Any]:
        """Yield the bytes in order."""
        yield self._header
        for start in range(0, len(self._voxels), CHUNK_BYTES):
            self._checkpoint()
            yield self._voxels[start : start + CHUNK_BYTES]

    def _sha256(self):
        digest = hashlib.sha256()
        for chunk in self.chunks():
            digest.update(chunk)
        return digest.hexdigest()
