"""Reading a volume from a ``.npy`` body as it arrives: one buffer, no pickle, checked before anything is allocated."""

from __future__ import annotations

import hashlib
import math
import re
from typing import Any

import numpy as np
from numpy.typing import NDArray

from medsamseg_server.errors import ErrorKind, MedSAMSegError
from medsamseg_server.volumes.volume import Volume, check_layout, unsuitable_type

_MAGIC = b"\x93NUMPY"
# A header of a 3D array has 128 bytes.
_LONGEST_HEADER = 4096
# numpy's reading of a type's text can do more than find a type, so the texts are compared and never read.
_TYPES = {
    **{
        f"{order}{kind}": np.dtype(f"{order}{kind}")
        for order in "<>"
        for kind in ("i2", "i4", "i8", "u2", "u4", "u8", "f2", "f4", "f8")
    },
    **{f"{order}{kind}": np.dtype(kind) for order in "|<>" for kind in ("b1", "i1", "u1")},
}
# A quoted name and its value: quoted, in brackets, or a word; a list of fields goes on to the end.
_FIELD = re.compile(r"""\s*['"](\w{1,40})['"]\s*:\s*('[^']*'|"[^"]*"|\([^()]*\)|[\[({].*|\w+)\s*(?:,|$)""")
_SIZE = "[0-9]{1,18}"
_SHAPE = re.compile(rf"\(( *(?:{_SIZE}(?: *, *{_SIZE}){{0,31}} *,? *)?)\)")


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
        """Return the volume and its key, the sha256 of the whole body as lowercase hex; call it off the event loop.

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


def parse_array(body: bytes) -> NDArray[Any]:
    """Return the array of real numbers, of any shape, in a whole ``.npy`` body.

    Raises:
        MedSAMSegError: ``npy_invalid`` or ``volume_type``.
    """
    end = _header_end(bytearray(body[:_LONGEST_HEADER]))
    if end is None:
        raise _invalid(f"it ends after {len(body)} bytes")
    shape, fortran_order, dtype = _read_header(body[:end])
    if dtype.itemsize * math.prod(shape) != len(body) - end:
        raise _invalid(f"its {len(body) - end} bytes are not the {shape} values of its header")
    array = np.frombuffer(body, dtype, offset=end).reshape(shape, order="F" if fortran_order else "C")
    return array.astype(dtype.newbyteorder("="), copy=False)


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
    """Return shape, Fortran order and type; the format is that of ``numpy.lib.format``, whose reader trusts more.

    Nothing of the header is evaluated: each text is one of those that are known, or a number of few digits.
    """
    version = (head[6], head[7])
    if version not in ((1, 0), (2, 0)):
        raise _invalid(f"version {version[0]}.{version[1]} of the format is not supported")
    text = head[10 if version == (1, 0) else 12 :].decode("latin-1").strip()
    fields = _read_fields(text)
    if fields.get("descr", "").startswith(("[", "(", "{")):
        raise unsuitable_type(fields["descr"])  # several values per voxel
    if fields.keys() != {"descr", "fortran_order", "shape"}:
        raise _invalid("its header has not just the fields descr, fortran_order and shape")
    shape = _SHAPE.fullmatch(fields["shape"])
    if shape is None:
        raise _invalid("its header gives no shape")
    if fields["fortran_order"] not in ("True", "False"):
        raise _invalid("its header does not say in which order the voxels are")
    sizes = tuple(int(size) for size in shape[1].replace(" ", "").split(",") if size)
    return sizes, fields["fortran_order"] == "True", _read_type(fields["descr"])


def _read_fields(text: str) -> dict[str, str]:
    """Return the texts of a header's values by name."""
    if not (text.startswith("{") and text.endswith("}")):
        raise _invalid("its header cannot be read")
    fields: dict[str, str] = {}
    position, end = 1, len(text) - 1
    while text[position:end].strip():
        found = _FIELD.match(text, position, end)
        if found is None or found[1] in fields:
            raise _invalid("its header cannot be read")
        fields[found[1]] = found[2].strip()
        position = found.end()
    return fields


def _read_type(description: str) -> np.dtype[Any]:
    found = _TYPES.get(description.strip("'\""))
    if found is None:
        raise unsuitable_type(description)
    return found


def _invalid(reason: str) -> MedSAMSegError:
    return MedSAMSegError(
        ErrorKind.INVALID_INPUT,
        "npy_invalid",
        f"The body is not a whole .npy array: {reason}.",
        "Send exactly what numpy.save writes for one array.",
    )
