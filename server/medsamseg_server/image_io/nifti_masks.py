"""Writing label maps and maps of probabilities as NIfTI, placed as the scan is, to the last bit of its header."""

from __future__ import annotations

import gzip
from pathlib import Path
from typing import Any

import nibabel as nib
from numpy.typing import NDArray

from medsamseg_server.image_io.nifti_places import NiftiPlace

# More than this does not fit into the 16-bit numbers of NIfTI-1.
_NIFTI_1_EXTENT = 32767


def write_nifti(path: Path, labels: NDArray[Any], place: NiftiPlace) -> None:
    """Write a label map.

    Args:
        path: packed with gzip where it ends with ``.gz``.
        labels: (K, J, I), uint8, uint16 or float32.
        place: where its voxels lie.

    Raises:
        OSError: as the system refuses.
    """
    kind: Any = nib.Nifti1Image if max(labels.shape) <= _NIFTI_1_EXTENT else nib.Nifti2Image
    # Without an affine, nibabel leaves the transforms of the header as they are.
    image = kind(labels.transpose(2, 1, 0), None)
    image.header.set_data_dtype(labels.dtype)
    place.put_into(image.header)
    with gzip.open(path, "wb", compresslevel=6) if path.name.lower().endswith(".gz") else path.open("wb") as file:
        image.to_stream(file)


def read_back(path: Path) -> tuple[NDArray[Any], Any]:
    """Return the voxels (K, J, I) and the header of a file that was written here.

    Raises:
        OSError: when the file is not whole.
        ValueError: when it is no NIfTI file.
    """
    with gzip.open(path, "rb") if path.name.lower().endswith(".gz") else path.open("rb") as file:
        content = file.read()
    kind = nib.Nifti2Image if content[:4] == (540).to_bytes(4, "little") else nib.Nifti1Image
    # nibabel logs what it repairs when it reads; what is wrong is told by who compares.
    with nib.imageglobals.LoggingOutputSuppressor():
        image = kind.from_bytes(content)
    stored: Any = image.dataobj
    return stored.get_unscaled().transpose(2, 1, 0), image.header
