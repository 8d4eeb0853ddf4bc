"""What the cases of ``medsamseg batch`` are called, and so their files."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

from medsamseg_server.cli.batch_table import Row
from medsamseg_server.cli.slice_table import stem_of

# What file systems do not take, and what hides a file.
_NOT_IN_FILE_NAMES = re.compile(r'[\x00-\x1f<>:"/\\|?*]|^[.\s]+|[.\s]+$')
_LONGEST = 200


def case_names(rows: Sequence[Row]) -> list[str]:
    """Return a name for each row: that of its case, or else one made of its image's, in which no two are alike.

    Images that are called alike get the names of their folders, rows with the same image get numbers.
    """
    images = [row.folder.absolute() / row.cells.get("image", "case") for row in rows]
    short = [_name_of(image) for image in images]
    files: dict[str, set[Path]] = {}
    for image, name in zip(images, short, strict=True):
        files.setdefault(name.casefold(), set()).add(image)
    whole = [
        _for_files(f"{image.parent.name}-{name}") if len(files[name.casefold()]) > 1 else name
        for image, name in zip(images, short, strict=True)
    ]
    return _numbered([row.cells.get("case") for row in rows], whole)


def can_name_files(name: str) -> bool:
    """Return whether files of any system can be called so."""
    return not _NOT_IN_FILE_NAMES.search(name) and 0 < len(name) <= _LONGEST


def _numbered(given: Sequence[str | None], names: Sequence[str]) -> list[str]:
    taken = {name.casefold() for name in given if name is not None}
    found = []
    for case, name in zip(given, names, strict=True):
        chosen, number = case or name, 2
        while case is None and chosen.casefold() in taken:
            chosen, number = f"{name}-{number}", number + 1
        taken.add(chosen.casefold())
        found.append(chosen)
    return found


def _name_of(image: Path) -> str:
    return _for_files(image.name if image.is_dir() else stem_of(image))


def _for_files(name: str) -> str:
    return _NOT_IN_FILE_NAMES.sub("_", name)[:_LONGEST] or "case"
