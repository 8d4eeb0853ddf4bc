"""What a NIfTI file says of itself: where its voxels are in the file, how many there are, and of which kind.

Headers are read by nibabel without its repairs, and what cannot be right is told in words: readers repair some of it
silently, each in its own way.
"""

from __future__ import annotations

import math
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import nibabel as nib
import numpy as np

from medsamseg_server.errors import ErrorKind, MedSAMSegError
from medsamseg_server.image_io.image import place_error

_GZIP = b"\x1f\x8b"
_NIFTI_1_BYTES = 348
_NIFTI_2_BYTES = 540
# The header of a file that holds the voxels too is followed by four bytes that announce extensions.
_EXTENDER_BYTES = 4
_LARGEST_QUATERNION = 1.001


@dataclass(frozen=True)
class NiftiHeader:
    """The header of a NIfTI-1 or NIfTI-2 file, single or in a pair.

    Attributes:
        path: the file that was given.
        voxels_path: the file with the voxels: itself, or the other one of a pair.
        fields: nibabel's header; `fields["pixdim"]` gives a field.
        is_single: header and voxels are in one file.
    """

    path: Path
    voxels_path: Path
    fields: Any
    is_single: bool

    @property
    def size(self) -> tuple[int, ...]:
        """Number of voxels along I, J, K and what follows; at least three numbers, no ones at the end after them."""
        dim = [int(extent) for extent in self.fields["dim"]]
        size = dim[1 : dim[0] + 1]
        # Some writers leave 0 for dimensions that are there but not used.
        size = [max(extent, 1) if axis > 2 else extent for axis, extent in enumerate(size)]
        while len(size) > 3 and size[-1] == 1:
            size.pop()
        return tuple(size)

    @property
    def dtype(self) -> np.dtype[Any]:
        """Type of the stored voxels, in the file's byte order.

        Raises:
            MedSAMSegError: ``image_unreadable`` for a type that the format does not know.
        """
        code = int(self.fields["datatype"])
        try:
            dtype: np.dtype[Any] = self.fields.get_data_dtype()
        except (nib.spatialimages.HeaderDataError, KeyError) as error:
            raise _damaged(self.path, f"its voxels are of the type {code}, which NIfTI does not have") from error
        if dtype.itemsize == 0 or (dtype.kind == "V" and dtype.fields is None):
            raise _damaged(self.path, f"its voxels are of the NIfTI type {code}, which is not supported")
        return dtype

    @property
    def offset(self) -> int:
        """Where the voxels begin in their file.

        Raises:
            MedSAMSegError: ``image_unreadable`` where that is no place in a file.
        """
        offset = float(self.fields["vox_offset"])
        least = int(self.fields["sizeof_hdr"]) + _EXTENDER_BYTES if self.is_single else 0
        if offset == 0:
            return least
        if not math.isfinite(offset) or offset < least or offset > 2**62:
            raise _damaged(
                self.path, f"its voxels are said to begin at byte {offset:g}, but a number of at least {least} is due"
            )
        return int(offset)

    @property
    def components(self) -> int:
        """Number of values per voxel."""
        fields = self.dtype.fields
        return len(fields) if fields else 1


def read_header(path: Path) -> NiftiHeader | None:
    """Return the header of a NIfTI file; None for any other file, among them Analyze 7.5 pairs.

    Args:
        path: a single file, or either file of a pair; packed with gzip or not, whatever its name says.

    Raises:
        MedSAMSegError: ``image_unreadable`` or ``image_place`` for a header that cannot be right.
        OSError: when the file cannot be opened.
    """
    if not is_nifti_name(path):
        return None
    header_path, voxels_path = _pair(path)
    if not header_path.is_file():
        return None
    block = _first_bytes(header_path, _NIFTI_2_BYTES)
    found = _header_class(block)
    if found is None:
        return None
    kind, order = found
    length = _NIFTI_2_BYTES if kind is nib.Nifti2Header else _NIFTI_1_BYTES
    if len(block) < length:
        raise _damaged(path, f"its header is cut off after {len(block)} bytes")
    fields = kind(block[:length], order, check=False)
    is_single = bytes(fields["magic"].tobytes()[:2]) == b"n+"
    header = NiftiHeader(path, header_path if is_single else voxels_path, fields, is_single)
    if not header.voxels_path.is_file():
        raise MedSAMSegError(
            ErrorKind.UNREADABLE,
            "image_incomplete",
            f"{path} is one of two files: {header.voxels_path.name}, with the voxels, is missing beside it.",
            "Copy both files into one folder.",
        )
    _check(header)
    return header


def is_nifti_name(path: Path) -> bool:
    """Return whether a file's name is one of NIfTI and Analyze."""
    return _plain_name(path).endswith((".nii", ".hdr", ".img"))


def _plain_name(path: Path) -> str:
    return path.name.lower().removesuffix(".gz")


def _pair(path: Path) -> tuple[Path, Path]:
    """Return the files with the header and with the voxels."""
    plain = _plain_name(path)
    if plain.endswith(".nii"):
        return path, path
    stem = path.name[: len(plain) - len(".hdr")]
    packed = path.name[len(plain) :]

    def other(suffix: str) -> Path:
        # The two of a pair are written in the same way, but for packing: that may differ.
        for ending in (suffix + packed, suffix.upper() + packed, suffix, suffix + ".gz"):
            if (candidate := path.with_name(stem + ending)).is_file():
                return candidate
        return path.with_name(stem + suffix + packed)

    return (path, other(".img")) if plain.endswith(".hdr") else (other(".hdr"), path)


def _first_bytes(path: Path, count: int) -> bytes:
    with path.open("rb") as file:
        block = file.read(1 << 14)
    if not block.startswith(_GZIP):
        return block[:count]
    try:
        return zlib.decompressobj(wbits=31).decompress(block, count)
    except zlib.error as error:
        raise MedSAMSegError(
            ErrorKind.UNREADABLE,
            "image_incomplete",
            f"{path} is damaged: it cannot be unpacked.",
            "Copy, download or export the file again.",
        ) from error


def _header_class(block: bytes) -> tuple[Any, str] | None:
    """Return nibabel's class for a header that begins like this, and the byte order of its writer."""
    for order, length in (("<", int.from_bytes(block[:4], "little")), (">", int.from_bytes(block[:4], "big"))):
        if length == _NIFTI_1_BYTES and block[344:347] in (b"n+1", b"ni1"):
            return nib.Nifti1Header, order
        if length == _NIFTI_2_BYTES and block[4:7] in (b"n+2", b"ni2"):
            return nib.Nifti2Header, order
    return None


def _check(header: NiftiHeader) -> None:
    fields, path = header.fields, header.path
    count = int(fields["dim"][0])
    if not 1 <= count <= 7:
        raise _damaged(path, f"it says that it has {count} dimensions")
    for extent in fields["dim"][1 : count + 1]:
        if extent < 0:
            raise _damaged(path, f"it says that it has {extent} voxels in a row")
    if min(header.size[:3]) < 1:
        shown = " × ".join(map(str, header.size))
        raise _damaged(path, f"it says that it has no voxels ({shown})")
    if count < 3:
        # A flat picture: the reader of all formats reports it.
        return
    _check_place(header)


def _check_place(header: NiftiHeader) -> None:
    fields, path = header.fields, header.path
    sizes = [float(size) for size in fields["pixdim"][1:4]]
    for axis, size in zip("IJK", sizes, strict=True):
        if not math.isfinite(size) or size == 0:
            raise place_error(path, f"its voxels are {size:g} mm apart along {axis}")
    if fields["sform_code"] > 0:
        _check_sform(header)
    if fields["qform_code"] > 0:
        _check_qform(header)


def _check_sform(header: NiftiHeader) -> None:
    rows = np.array([header.fields[f"srow_{axis}"] for axis in "xyz"], np.float64)
    if not np.isfinite(rows).all():
        raise place_error(header.path, "its sform holds values that are not numbers")
    axes = np.linalg.norm(rows[:, :3], axis=0)
    if not axes.all() or abs(np.linalg.det(rows[:, :3] / axes)) < 1e-6:
        raise place_error(header.path, "its sform puts different voxels to the same place")


def _check_qform(header: NiftiHeader) -> None:
    turn = np.array([header.fields[f"quatern_{part}"] for part in "bcd"], np.float64)
    shift = np.array([header.fields[f"qoffset_{part}"] for part in "xyz"], np.float64)
    if not (np.isfinite(turn).all() and np.isfinite(shift).all()):
        raise place_error(header.path, "its qform holds values that are not numbers")
    if turn @ turn > _LARGEST_QUATERNION:
        raise place_error(header.path, "its qform is no rotation")


def _damaged(path: Path, what: str) -> MedSAMSegError:
    return MedSAMSegError(
        ErrorKind.UNREADABLE, "image_unreadable", f"{path} is damaged: {what}.", "Copy or export the file again."
    )
