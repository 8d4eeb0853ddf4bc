"""The voxels of a NIfTI file: whole or not at all, and with the values that their writer meant.

ITK fills the missing voxels of a file that was cut off with zeros and says nothing, so that half a scan would be
segmented as if it were all; it computes scaled 32-bit voxels in single precision, and adds an intercept that the
format says to ignore (``scl_slope`` 0).
"""

from __future__ import annotations

import math
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from medsamseg_server.errors import ErrorKind, MedSAMSegError
from medsamseg_server.image_io.nifti_headers import NiftiHeader

# Small, since a mask can unpack to a thousand times its size.
_CHUNK_BYTES = 1 << 16


def read_voxels(header: NiftiHeader) -> tuple[NDArray[Any], int]:
    """Return the voxels (…, K, J, I) in native byte order, scaled as the header says; and how many were no numbers.

    Voxels that are no finite number become 0, as the format's reference reader, which is ITK's and 3D Slicer's, has
    it. Scaled voxels of at most 16 bits, and of single precision, are float32; others are float64.

    Raises:
        MedSAMSegError: ``image_unreadable``, or ``image_incomplete`` for a file that is damaged or shorter than its
            header says.
    """
    dtype = header.dtype
    count = math.prod(header.size)
    needed = header.offset + count * dtype.itemsize
    content = _content(header.voxels_path, needed)
    stored = np.frombuffer(content, dtype, count, header.offset).reshape(header.size[::-1])
    native = stored.astype(dtype.newbyteorder("="), copy=False)
    voxels = _scaled(native, header)
    if voxels.dtype.kind != "f":
        return voxels, 0
    wrong = ~np.isfinite(voxels)
    found = int(np.count_nonzero(wrong))
    if found:
        voxels[wrong] = 0
    return voxels, found


def require_length(path: Path, needed: int) -> None:
    """Raise ``image_incomplete`` unless a file, unpacked, has so many bytes and is whole."""
    found = sum(len(chunk) for chunk in _unpacked(path)) if _is_packed(path) else path.stat().st_size
    if found < needed:
        raise _too_short(path, found, needed)


def _scaled(voxels: NDArray[Any], header: NiftiHeader) -> NDArray[Any]:
    slope, intercept = float(header.fields["scl_slope"]), float(header.fields["scl_inter"])
    if not math.isfinite(slope) or slope == 0 or voxels.dtype.kind not in "iuf":
        return voxels
    if not math.isfinite(intercept):
        intercept = 0.0
    if (slope, intercept) == (1.0, 0.0):
        return voxels
    kind = np.float32 if voxels.dtype.itemsize <= 2 or voxels.dtype == np.float32 else np.float64
    scaled = np.empty(voxels.shape, kind)
    # Slice by slice, so that double precision does not take the memory of a whole volume.
    for into, stored in zip(scaled.reshape(-1, voxels.shape[-1]), voxels.reshape(-1, voxels.shape[-1]), strict=True):
        into[:] = stored.astype(np.float64) * slope + intercept
    return scaled


def _content(path: Path, needed: int) -> bytearray:
    """Return the bytes of a file, unpacked: so many as are needed, and writable."""
    if not _is_packed(path):
        found = path.stat().st_size
        if found < needed:
            raise _too_short(path, found, needed)
        content = bytearray(needed)
        with path.open("rb") as file:
            file.readinto(content)
        return content
    content = bytearray()
    found = 0
    # To the end, since the checksum stands there.
    for chunk in _unpacked(path):
        found += len(chunk)
        content += chunk[: max(0, needed - len(content))]
    if found < needed:
        raise _too_short(path, found, needed)
    return content


def _is_packed(path: Path) -> bool:
    with path.open("rb") as file:
        return file.read(2) == b"\x1f\x8b"


def _unpacked(path: Path) -> Iterator[bytes]:
    """Give what a gzip file unpacks to; it may be in several parts, and followed by zeros.

    Raises:
        MedSAMSegError: ``image_incomplete`` when the file is damaged; its checksum is verified.
    """
    unpacker = zlib.decompressobj(wbits=31)
    with path.open("rb") as file:
        while packed := file.read(_CHUNK_BYTES):
            while packed:
                try:
                    yield unpacker.decompress(packed)
                except zlib.error as error:
                    raise _incomplete(f"{path} is damaged: it cannot be unpacked.") from error
                if not unpacker.eof:
                    break
                packed = unpacker.unused_data.lstrip(b"\0")
                if packed and not packed.startswith(b"\x1f"):
                    # Like gzip itself, which leaves alone what is no part of the packed file.
                    return
                unpacker = zlib.decompressobj(wbits=31)


def _too_short(path: Path, found: int, needed: int) -> MedSAMSegError:
    return _incomplete(f"{path} is incomplete: it holds {found} of {needed} bytes.")


def _incomplete(message: str) -> MedSAMSegError:
    return MedSAMSegError(ErrorKind.UNREADABLE, "image_incomplete", message, "Copy, download or export the file again.")
