"""Reading a volume from a ``.npy`` body as it arrives: one buffer, no pickle, checked before anything is allocated."""

from __future__ import annotations

import ast
import hashlib
import math
import re
from typing import Any

import numpy as np
from numpy.typing import NDArray

from medsamseg_server.errors import ErrorKind, MedSAMSegError
from medsamseg_server.volumes.volume import Volume, check_layout

_MAGIC = b"\x93NUMPY"
# A header of a 3D array has 128 bytes; Python's parser is given no more than it can surely digest.
_LONGEST_HEADER = 4096
_HEADER_ERRORS = (ValueError, SyntaxError, TypeError, AttributeError, KeyError, RecursionError, MemoryError)
_TYPE = re.compile(r"[<>|=]?[A-Za-z?][0-9]{0,6}(\[[^\]]*\])?")


class VolumeUpload:
    """Takes the pieces of a ``.npy`` body of known length, and makes a volume of them.

    The header is checked against the length before the array is allocated, so a body can never make the server allocate
    more than it brings. Pieces are copied into the array's own memory once.

    >>> import io
    >>> file = io.BytesIO()
    >>> np.save(file, np.zeros((3, 4, 5), np.int16))
    >>> body = file.getvalue()
    >>> upload = VolumeUpload(len(body))
    >>> for start in range(0, len(body), 100):
    ...     upload.feed(body[start : start + 100])
    ...     upload.hash_received()
    >>> volume, key = upload.finish()
    >>> volume.shape, key == hashlib.sha256(body).hexdigest()
    ((3, 4, 5), True)
    """

    def __init__(self, length: int) -> None:
        self._length = length
        self._received = 0
        self._head = bytearray()
        self._digest = hashlib.sha256()
        self._voxels: NDArray[Any] | None = None
        self._buffer: memoryview | None = None
        self._filled = 0
        self._hashed = 0

    @property
    def unhashed(self) -> int:
        """Number of bytes received that the running hash does not cover yet."""
        return self._filled - self._hashed

    def feed(self, piece: bytes | memoryview) -> None:
        """Take the next piece of the body.

        Raises:
            MedSAMSegError: ``npy_invalid``, ``volume_not_3d``, ``volume_empty``, ``volume_type``, or
                ``volume_too_large``.
        """
        self._received += len(piece)
        if self._received > self._length:
            raise _invalid(f"more than the announced {self._length} bytes arrived")
        if self._buffer is None:
            before = len(self._head)
            self._head += piece[:_LONGEST_HEADER]
            header_end = _header_end(self._head)
            if header_end is None:
                return
            self._allocate(header_end)
            piece = memoryview(piece)[header_end - before :]
            del self._head[header_end:]
            self._digest.update(self._head)
        assert self._buffer is not None
        self._buffer[self._filled : self._filled + len(piece)] = piece
        self._filled += len(piece)

    def hash_received(self) -> None:
        """Bring the running hash up to date. Takes about a second per gigabyte: call it off the event loop."""
        if self._buffer is not None:
            self._digest.update(self._buffer[self._hashed : self._filled])
            self._hashed = self._filled

    def finish(self) -> tuple[Volume, str]:
        """Return the volume and its key, the sha256 of the whole body as lowercase hex. Off the event loop, please.

        Raises:
            MedSAMSegError: ``npy_invalid`` when the body ended early.
        """
        if self._received < self._length or self._voxels is None or self._buffer is None:
            raise _invalid(f"it ends after {self._received} bytes")
        self.hash_received()
        self._buffer.release()
        return Volume.from_array(self._voxels, owned=True), self._digest.hexdigest()

    def _allocate(self, header_end: int) -> None:
        shape, fortran_order, dtype = _read_header(bytes(self._head[:header_end]))
        check_layout(shape, dtype)
        size = dtype.itemsize * math.prod(shape)
        if size != self._length - header_end:
            raise _invalid(f"{size} bytes of voxels are announced and {self._length - header_end} sent")
        try:
            memory = np.empty(size, np.uint8)
        except MemoryError:
            raise MedSAMSegError(
                ErrorKind.TOO_LARGE,
                "volume_too_large",
                f"There is not enough memory for a volume of {size / 2**20:.0f} MiB.",
                "Close other programs, or crop the volume.",
            ) from None
        self._buffer = memory.data
        self._voxels = memory.view(dtype).reshape(shape, order="F" if fortran_order else "C")


def parse_npy(body: bytes) -> Volume:
    """Return the volume of a whole ``.npy`` body. Errors as ``VolumeUpload``."""
    upload = VolumeUpload(len(body))
    upload.feed(body)
    return upload.finish()[0]


def _header_end(head: bytearray) -> int | None:
    """Return where the voxels begin, or None while the header is incomplete."""
    if head[: len(_MAGIC)] != _MAGIC[: len(head)]:
        raise _invalid("it does not start as one")
    if len(head) < 12:
        return None
    length_bytes = 2 if head[6] == 1 else 4
    end = 8 + length_bytes + int.from_bytes(head[8 : 8 + length_bytes], "little")
    if end > _LONGEST_HEADER:
        raise _invalid(f"its header would be {end} bytes long")
    return end if len(head) >= end else None


def _read_header(head: bytes) -> tuple[tuple[int, ...], bool, np.dtype[Any]]:
    """Return shape, Fortran order and type; the format is that of ``numpy.lib.format``, whose reader trusts more."""
    version = (head[6], head[7])
    if version not in ((1, 0), (2, 0)):
        raise _invalid(f"version {version[0]}.{version[1]} of the format is not supported")
    try:
        fields = ast.literal_eval(head[10 if version == (1, 0) else 12 :].decode("latin-1").strip())
        shape, fortran_order, description = (fields.pop(name) for name in ("shape", "fortran_order", "descr"))
    except _HEADER_ERRORS:
        raise _invalid("its header cannot be read") from None
    if fields:
        raise _invalid("its header has unknown fields")
    if not isinstance(shape, tuple) or not all(type(size) is int and size >= 0 for size in shape):
        raise _invalid("its header gives no shape")
    if not isinstance(fortran_order, bool):
        raise _invalid("its header does not say in which order the voxels are")
    return shape, fortran_order, _read_type(description)


def _read_type(description: object) -> np.dtype[Any]:
    if isinstance(description, list | tuple):
        return np.dtype("V1")  # several values per voxel, refused by the layout check like every other odd type
    if not isinstance(description, str) or not _TYPE.fullmatch(description):
        raise _invalid("its header gives no type")
    try:
        return np.dtype(description)
    except (TypeError, ValueError):
        raise _invalid(f"'{description[:40]}' is not a type") from None


def _invalid(reason: str) -> MedSAMSegError:
    return MedSAMSegError(
        ErrorKind.INVALID_INPUT,
        "npy_invalid",
        f"The body is not a whole .npy array: {reason}.",
        "Send exactly what numpy.save writes for one array.",
    )
