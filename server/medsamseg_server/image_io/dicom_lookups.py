"""Modality lookup tables of DICOM files: real values that are listed, not computed (PS3.3 C.11.1).

pydicom's own function computes in the pixels' type, where large signed values wrap round
(findings/pydicom-signed-lookup.sh).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from medsamseg_server.image_io.dicom_files import DamagedFileError, DicomFile, value_of

_ENTRIES = 1 << 16


@dataclass(frozen=True, eq=False)
class Lookup:
    """A table of real values.

    Attributes:
        first: stored value of its first entry; lower ones have the first entry, too.
        values: the real values, uint16; stored values beyond its end have the last one.
    """

    first: int
    values: NDArray[np.uint16]

    def apply(self, stored: NDArray[Any]) -> NDArray[np.uint16]:
        """Return the real values of stored whole numbers."""
        places = np.clip(stored.astype(np.int64) - self.first, 0, len(self.values) - 1)
        return self.values[places]


def lookup_of(file: DicomFile) -> Lookup | None:
    """Return the modality lookup table of a file; None where it has none.

    Raises:
        DamagedFileError: when the table is not as long as it says.
    """
    tables = file.get("ModalityLUTSequence")
    if not tables:
        return None
    table = tables[0]
    count, first, bits = (int(number) for number in table.LUTDescriptor)
    # 0 stands for 65536; the first value is signed where the pixels are, whatever type its element was given.
    count = count or _ENTRIES
    first &= 0xFFFF
    if file.get("PixelRepresentation", 0) and first > 0x7FFF:
        first -= _ENTRIES
    values = _entries(value_of(table, "LUTData", b""), count, bits, file.syntax.is_little_endian)
    if len(values) < count:
        raise DamagedFileError(file.path, f"has {len(values)} of the {count} entries of its lookup table")
    return Lookup(first, values[:count])


def _entries(data: Any, count: int, bits: int, is_little_endian: bool) -> NDArray[np.uint16]:
    if not isinstance(data, bytes):
        return np.atleast_1d(np.asarray(data, np.uint16))
    # Entries of 8 bits may be stored in a byte each, two in a word, or with a word each.
    if bits <= 8 and len(data) < 2 * count:
        return np.frombuffer(data, np.uint8).astype(np.uint16)
    return np.frombuffer(data, "<u2" if is_little_endian else ">u2").astype(np.uint16)
