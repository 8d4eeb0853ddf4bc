"""Compiled networks on disk, so that a network is converted once and then loads in a moment, without PyTorch."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from medsamseg_server.system.disk_cache import DiskCache

# Far more than any network has.
_MOST_FILE_BYTES = 2**33
#: Bytes of all networks together; about four times a ViT-B.
DEFAULT_QUOTA = 2 * 10**9


class NetworkFiles:
    """The parts of networks, by key, in a folder; see ``DiskCache``.

    Args:
        folder: where; made when needed.
        quota: bytes of all files together.
    """

    def __init__(self, folder: Path, quota: int = DEFAULT_QUOTA) -> None:
        self._files = DiskCache(folder, ".network", "folder of converted networks")
        self._quota = quota

    def read(self, key: str, parts: tuple[str, ...]) -> dict[str, bytes] | None:
        """Return the content of every part that was written under ``key``; None unless all are whole."""
        found = {}
        for part in parts:
            content = self._files.read(f"{key}.{part}", _MOST_FILE_BYTES, bytes)
            if content is None:
                return None
            found[part] = content
        return found

    def has(self, key: str, parts: tuple[str, ...]) -> bool:
        """Return whether every part was written under ``key``; whether they are whole is seen when they are read."""
        return all(self._files.has(f"{key}.{part}") for part in parts)

    def write(self, key: str, contents: Mapping[str, bytes]) -> None:
        """Keep the content of every part under ``key``; a failure is logged."""
        if not all(self._files.write(f"{key}.{part}", content) for part, content in contents.items()):
            return
        try:
            self._files.make_room(self._quota, kept=lambda path: path.name.startswith(key))
        except OSError as error:
            self._files.warn("kept within its quota", error)
