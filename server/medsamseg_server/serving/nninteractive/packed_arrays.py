"""Arrays as the protocol sends them: a small header, and chunks that blosc2 has compressed."""

from __future__ import annotations

import math
import struct
from typing import Any

import blosc2
import numpy as np
from numpy.typing import NDArray

from medsamseg_server.errors import shorten

_MAGIC = b"NNIA"
_VERSION = 1
_ZSTD, _LZ4 = 1, 2
_LEVEL = 3
_MOST_AXES = 4
#: The only element types that are let through, compared as texts before anything is made of them.
_TYPES = frozenset(f"{kind}{bits}" for kind in ("int", "uint") for bits in (8, 16, 32, 64)) | {
    "bool",
    "float16",
    "float32",
    "float64",
}
# blosc2 takes no more at once; the client cuts at the same size.
_CHUNK_BYTES = 2**30


def pack(array: NDArray[Any]) -> bytes:
    """Return an array's bytes on the wire."""
    array = np.ascontiguousarray(array)
    name = array.dtype.name.encode("ascii")
    header = struct.pack("<4sBBBB", _MAGIC, _VERSION, _ZSTD, array.ndim, len(name)) + name
    parts = [header, struct.pack(f"<{array.ndim}q", *array.shape)]
    raw = array.reshape(-1).view(np.uint8).data
    starts = range(0, raw.nbytes, _CHUNK_BYTES)
    parts.append(struct.pack("<I", len(starts)))
    for start in starts:
        piece = raw[start : start + _CHUNK_BYTES]
        compressed = blosc2.compress2(
            piece,
            typesize=array.dtype.itemsize,
            codec=blosc2.Codec.ZSTD,
            clevel=_LEVEL,
            filters=[blosc2.Filter.NOFILTER],
        )
        parts += [struct.pack("<QQ", piece.nbytes, len(compressed)), compressed]
    return b"".join(parts)


def unpack(body: bytes, most_bytes: int) -> NDArray[Any]:
    """Return the array in a request's body.

    Args:
        body: as the client sent it.
        most_bytes: the largest array that is taken, checked against the header before any memory is asked for.

    Raises:
        ValueError: when the body is not such an array, in words for the user.
    """
    try:
        return _unpack(body, most_bytes)
    except (struct.error, RuntimeError, UnicodeDecodeError) as error:
        raise ValueError(f"The array that was sent is damaged: {shorten(str(error), 100)}.") from error


def _unpack(body: bytes, most_bytes: int) -> NDArray[Any]:
    magic, version, codec, ndim, name_length = struct.unpack_from("<4sBBBB", body)
    if magic != _MAGIC or version != _VERSION or codec not in (_ZSTD, _LZ4) or not 1 <= ndim <= _MOST_AXES:
        raise ValueError("The array that was sent is not in a form that this server knows.")
    offset = 8 + name_length
    name = body[8:offset].decode("ascii")
    if name not in _TYPES:
        raise ValueError(f"Arrays of '{shorten(name, 20)}' cannot be used; integers and floats can.")
    shape = struct.unpack_from(f"<{ndim}q", body, offset)
    offset += 8 * ndim
    dtype = np.dtype(name)
    count = math.prod(shape)
    if min(shape) < 1 or count * dtype.itemsize > most_bytes:
        raise ValueError(f"The array of {shape} elements is empty, or larger than the {most_bytes} bytes allowed.")
    (chunks,) = struct.unpack_from("<I", body, offset)
    return _filled(np.empty(count, dtype), memoryview(body)[offset + 4 :], chunks).reshape(shape)


def _filled(array: NDArray[Any], body: memoryview, chunks: int) -> NDArray[Any]:
    """Fill a flat array with the chunks of a body."""
    target = array.view(np.uint8)
    done = 0
    for _ in range(chunks):
        size, compressed = struct.unpack_from("<QQ", body)
        piece = body[16 : 16 + compressed]
        # blosc2 writes past nothing, but does not say when sizes differ.
        if not size or len(piece) != compressed or done + size > target.nbytes:
            raise ValueError("The array that was sent is longer or shorter than its header says.")
        if blosc2.get_cbuffer_sizes(piece)[0] != size:
            raise ValueError("The array that was sent is longer or shorter than its header says.")
        blosc2.decompress2(piece, dst=target[done : done + size])
        done += size
        body = body[16 + compressed :]
    if done != target.nbytes:
        raise ValueError("The array that was sent is longer or shorter than its header says.")
    return array
