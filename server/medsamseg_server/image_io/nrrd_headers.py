"""A check of NRRD headers before the library reads them that ITK and 3D Slicer use."""

from __future__ import annotations

import re
from pathlib import Path

from medsamseg_server.errors import ErrorKind, MedSAMSegError

_HEADER_BYTES = 1 << 20
# Four axes with all digits of double precision take 300. The library copies longer ones into buffers of fixed size.
_MOST_CHARACTERS = 700
# Fields of free text, which the library reads at any length.
_FREE = {"content", "number", "labels", "units", "sample units", "space units"}


def require_short_fields(path: Path) -> None:
    """Raise ``image_unreadable`` for a NRRD file with a field as long as no sizes, directions and names are.

    Files of other formats pass, and so do keys with values (``:=``), where anything may stand.
    """
    with path.open("rb") as file:
        if file.read(4) != b"NRRD":
            return
        header = re.split(rb"\n\r?\n", file.read(_HEADER_BYTES), maxsplit=1)[0]
    for name, value in re.findall(rb"^([A-Za-z ]+):(?!=)([^\n]*)", header, re.MULTILINE):
        field = name.decode().strip().lower()
        if len(value) > _MOST_CHARACTERS and field not in _FREE:
            raise MedSAMSegError(
                ErrorKind.UNREADABLE,
                "image_unreadable",
                f"{path} is damaged: its field '{field[:40]}' has {len(value):,} characters.",
                "Export the scan again.",
            )
