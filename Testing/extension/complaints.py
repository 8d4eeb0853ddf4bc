"""What the checks of the extension have in common."""

from dataclasses import dataclass
from pathlib import Path

#: Name of the extension, its module and its entry in the index.
NAME = "MedSAMSeg"


@dataclass(frozen=True)
class Repository:
    """A checkout of the extension.

    root: its folder.
    """

    root: Path

    def text(self, path):
        """:return: the text of a file, given relative to the root."""
        return (self.root / path).read_text(encoding="utf-8")

    @property
    def module(self):
        """Folder of the module."""
        return self.root / NAME

    def moduleFiles(self, pattern="*"):
        """:return: files of the module that belong to the repository, tests' caches left out."""
        return [
            path
            for path in sorted(self.module.rglob(pattern))
            if path.is_file() and "__pycache__" not in path.parts and path.name != "CMakeLists.txt"
        ]
