"""Remembers under which key a slice's embedding is kept, since to find that out takes longer than to decode a box."""

from __future__ import annotations

import threading
from collections.abc import Hashable
from weakref import WeakKeyDictionary

from medsamseg_server.volumes.volume import Volume

# A volume has at most some thousand slices along its axes; more come from ever new windows.
_REMEMBERED_PER_VOLUME = 16_384


class SliceKeys:
    """Keys by volume and whatever else they depend on, as long as the volume lives; it does not change.

    Any thread may use it.
    """

    def __init__(self) -> None:
        self._keys: WeakKeyDictionary[Volume, dict[Hashable, str]] = WeakKeyDictionary()
        self._lock = threading.Lock()

    def find(self, volume: Volume, place: Hashable) -> str | None:
        """Return the key of a place in a volume, or None where it has to be worked out."""
        with self._lock:
            return self._keys.get(volume, {}).get(place)

    def remember(self, volume: Volume, place: Hashable, key: str) -> None:
        """Keep a key."""
        with self._lock:
            known = self._keys.setdefault(volume, {})
            if len(known) >= _REMEMBERED_PER_VOLUME:
                known.clear()
            known[place] = key
