"""Which files are films; told without what reads them, which takes a while to import."""

from __future__ import annotations

from pathlib import Path

#: Files that are films by their names.
FILM_SUFFIXES = (".mp4", ".avi", ".mkv", ".mov", ".webm", ".m4v", ".mpg", ".mpeg", ".wmv")
#: Animations; a still picture may have these names as well.
ANIMATION_SUFFIXES = (".gif",)


def is_film(path: Path) -> bool:
    """Return whether a file is a film, by its name; animations and DICOM files where they have frames over time."""
    suffix = path.suffix.lower()
    if suffix in ANIMATION_SUFFIXES and path.is_file():
        from medsamseg_server.image_io.films import Film

        with Film(path) as film:
            return film.frame_count > 1
    return suffix in FILM_SUFFIXES or _is_dicom_film(path)


def _is_dicom_film(path: Path) -> bool:
    if not path.is_file():
        return False
    with path.open("rb") as file:
        if b"DICM" not in file.read(132):
            return False
    from medsamseg_server.image_io.dicom_films import dicom_film

    return dicom_film(path) is not None
