"""The volumes that clients have uploaded."""

from __future__ import annotations

import threading
from collections import OrderedDict

from medsamseg_server.errors import ErrorKind, MedSAMSegError
from medsamseg_server.volumes.volume import Volume

DEFAULT_STORE_BYTES = 4 * 2**30
#: Volumes that are kept however small they are.
_MOST_VOLUMES = 64


class VolumeStore:
    """Uploaded volumes by content key, at most 64 within a byte budget; the least recently used ones go first.

    The newest volume is always kept, even alone above the budget. A click or propagation that already holds a volume
    keeps it alive; background encoding ends with it.
    """

    def __init__(self, budget: int = DEFAULT_STORE_BYTES) -> None:
        self._budget = budget
        self._volumes: OrderedDict[str, Volume] = OrderedDict()
        self._held: list[Volume] = []
        self._lock = threading.Lock()

    def put(self, key: str, volume: Volume) -> tuple[Volume, bool]:
        """Keep ``volume`` unless the key is known already; return the kept one and whether it is new.

        Raises:
            MedSAMSegError: as ``check_room``.
        """
        with self._lock:
            known = self._volumes.get(key)
            if known is None:
                self._make_room(volume.nbytes)
                self._volumes[key] = volume
                return volume, True
            self._volumes.move_to_end(key)
            return known, False

    def get(self, key: str) -> Volume:
        """Return a volume.

        Raises:
            MedSAMSegError: ``volume_unknown`` when it was never uploaded, or was forgotten to make room.
        """
        with self._lock:
            volume = self._find(key)
            self._volumes.move_to_end(key)
            return volume

    def peek(self, key: str) -> Volume:
        """Return a volume as ``get`` does, but not as one that the user works with: it is forgotten no later."""
        with self._lock:
            return self._find(key)

    def remove(self, key: str) -> None:
        """Forget a volume; ``volume_unknown`` when there is none."""
        with self._lock:
            self._find(key)
            del self._volumes[key]

    def discard(self, key: str) -> None:
        """Forget a volume, if it is there."""
        with self._lock:
            self._volumes.pop(key, None)

    def check_room(self, key: str, size: int) -> None:
        """Raise an error where there can be no room for a volume of so many bytes; here there always is."""

    def hold(self, volume: Volume) -> None:
        """Note that something works on a volume, until ``release`` is called with it."""
        with self._lock:
            self._held.append(volume)

    def release(self, volume: Volume) -> None:
        """Take a ``hold`` back."""
        with self._lock:
            # By identity: volumes know no other equality.
            self._held.remove(volume)

    def sizes(self) -> dict[str, int]:
        """Return the size in bytes of each volume, by key."""
        with self._lock:
            return {key: volume.nbytes for key, volume in self._volumes.items()}

    @property
    def use(self) -> tuple[int, int]:
        """Number of the volumes in memory and the size of their voxels in bytes, those that are held included."""
        with self._lock:
            return self._use()

    def _use(self) -> tuple[int, int]:
        volumes = {id(each): each for each in (*self._volumes.values(), *self._held)}.values()
        return len(volumes), sum(each.nbytes for each in volumes)

    def _make_room(self, size: int) -> None:
        """Forget volumes for one of so many bytes; called with the lock held."""
        kept = sum(each.nbytes for each in self._volumes.values())
        while self._volumes and (len(self._volumes) >= _MOST_VOLUMES or kept + size > self._budget):
            kept -= self._volumes.popitem(last=False)[1].nbytes

    def _find(self, key: str) -> Volume:
        volume = self._volumes.get(key)
        if volume is None:
            raise _unknown(key)
        return volume


def _unknown(key: str) -> MedSAMSegError:
    return MedSAMSegError(
        ErrorKind.NOT_FOUND,
        "volume_unknown",
        f"The server does not have the volume {key[:12]}… (any more).",
        "Upload it again.",
    )
