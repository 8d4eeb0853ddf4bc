"""A check that readers of NIfTI files leave out: is the file whole?

ITK fills the missing voxels of a file that was cut off with zeros and says nothing, so that half a scan would be
segmented as if it were all.
"""

from __future__ import annotations

import math
import zlib
from pathlib import Path

import SimpleITK as sitk

from medsamseg_server.errors import ErrorKind, MedSAMSegError

# Small, since a mask can unpack to a thousand times its size.
_CHUNK_BYTES = 1 << 16


def require_complete(path: Path, reader: sitk.ImageFileReader) -> None:
    """Raise ``image_incomplete`` for a single-file NIfTI image that is damaged or shorter than its header says.

    Args:
        path: the file; other formats pass, since their readers check for themselves.
        reader: a reader of this file whose image information has been read.
    """
    name = path.name.lower()
    if not name.endswith((".nii", ".nii.gz")):
        return
    voxel_bytes = int(reader.GetMetaData("bitpix")) // 8
    expected = int(float(reader.GetMetaData("vox_offset"))) + math.prod(reader.GetSize()) * voxel_bytes
    try:
        found = _unpacked_length(path, expected) if name.endswith(".gz") else path.stat().st_size
    except zlib.error as error:
        raise _incomplete(f"{path} is damaged: it cannot be unpacked.") from error
    if found < expected:
        raise _incomplete(f"{path} is incomplete: it holds {found} of {expected} bytes.")


def _incomplete(message: str) -> MedSAMSegError:
    return MedSAMSegError(ErrorKind.UNREADABLE, "image_incomplete", message, "Copy, download or export the file again.")


def _unpacked_length(path: Path, enough: int) -> int:
    """Return how many bytes a gzip file unpacks to, or ``enough`` and more when what follows is of no use.

    Raises:
        zlib.error: when the file is damaged; its checksum is verified.
    """
    length = 0
    unpacker = zlib.decompressobj(wbits=31)
    with path.open("rb") as file:
        while packed := file.read(_CHUNK_BYTES):
            while packed:
                length += len(unpacker.decompress(packed))
                if not unpacker.eof:
                    break
                if length >= enough:
                    return length
                packed = unpacker.unused_data
                unpacker = zlib.decompressobj(wbits=31)
    return length
