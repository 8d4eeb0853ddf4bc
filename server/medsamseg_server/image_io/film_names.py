"""Which files are films; told without what reads them, which takes a while to import."""

from __future__ import annotations

from pathlib import Path

#: Files that are films by their names.
FILM_SUFFIXES = (".mp4", ".avi", ".mkv", ".mov", ".webm", ".m4v", ".mpg", ".mpeg", ".wmv")
#: Animations; a still picture may have these names as well.
ANIMATION_SUFFIXES = (".gif",)


def is_film(path: Path) -> bool:
    """Return whether a file is a film, by its name; an animation where it has several frames."""
    suffix = path.suffix.lower()
    if suffix in ANIMATION_SUFFIXES and path.is_file():
        from medsamseg_server.image_io.films import Film

        with Film(path) as film:
            return film.frame_count > 1
    return suffix in FILM_SUFFIXES
