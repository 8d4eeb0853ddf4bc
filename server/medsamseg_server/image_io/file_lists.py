"""Lists of files: a text with a path a line, for scans whose files are not a folder of their own."""

from __future__ import annotations

from pathlib import Path

from medsamseg_server.errors import ErrorKind, MedSAMSegError

#: How the name of a list ends.
LIST_SUFFIX = ".txt"


def is_file_list(path: Path) -> bool:
    """Return whether a file of this name is a list of files."""
    return path.suffix.lower() == LIST_SUFFIX and path.is_file()


def listed_files(path: Path) -> list[Path]:
    """Return the files of a list in UTF-8; relative paths start from the list's folder, empty lines do not count.

    Raises:
        MedSAMSegError: ``file_list_unreadable``, or ``image_missing`` for a file that is not there.
    """
    try:
        lines = path.read_text(encoding="utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise MedSAMSegError(
            ErrorKind.UNREADABLE,
            "file_list_unreadable",
            f"{path} cannot be read as a list of files ({type(error).__name__}).",
            "Write the path of a file into each line, in UTF-8.",
        ) from error
    files = [path.parent / line.strip() for line in lines if line.strip()]
    for file in files:
        if not file.is_file():
            message = f"{path.name} lists {file}, which is not there."
            raise MedSAMSegError(ErrorKind.NOT_FOUND, "image_missing", message, "Check the path.")
    return files
