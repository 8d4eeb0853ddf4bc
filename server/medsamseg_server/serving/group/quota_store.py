"""The volumes of one user of many: as many and as large as the quota says, jobs' volumes included."""

from __future__ import annotations

from medsamseg_server.errors import ErrorKind, MedSAMSegError
from medsamseg_server.serving.group.users_file import Quota
from medsamseg_server.volumes.volume_store import VolumeStore


class QuotaStore(VolumeStore):
    """A user's volumes. Those unused for longest make room, as long as no job works on them; then it refuses.

    Args:
        quota: the user's.
    """

    def __init__(self, quota: Quota) -> None:
        super().__init__(quota.memory)
        self._quota = quota

    def check_room(self, key: str, size: int) -> None:
        """Check a volume of so many bytes before it is uploaded; one that is here already needs no room.

        Raises:
            MedSAMSegError: ``quota_memory`` or ``quota_volumes`` where no volume that may go leaves room for it.
        """
        with self._lock:
            if key not in self._volumes:
                self._check(size)

    def _make_room(self, size: int) -> None:
        self._check(size)
        held = {id(each) for each in self._held}
        count, used = self._use()
        for key, volume in list(self._volumes.items()):
            if count < self._quota.volumes and used + size <= self._quota.memory:
                return
            if id(volume) not in held:
                del self._volumes[key]
                count, used = count - 1, used - volume.nbytes

    def _check(self, size: int) -> None:
        most = self._quota.memory
        if size > most:
            message = f"The volume takes {_mebibytes(size)}, and you may keep {_mebibytes(most)} on this server."
            hint = "Crop the volume, or ask who runs the server for more memory."
            raise MedSAMSegError(ErrorKind.TOO_LARGE, "quota_memory", message, hint)
        held = {id(each): each for each in self._held}.values()
        if len(held) >= self._quota.volumes:
            message = f"You may keep {self._quota.volumes} volumes on this server, and {len(held)} are in use."
            raise MedSAMSegError(ErrorKind.QUOTA_REACHED, "quota_volumes", message, _WAIT)
        busy = sum(each.nbytes for each in held)
        if busy + size > most:
            kept = f"you may keep {_mebibytes(most)} on this server, and {_mebibytes(busy)} are in use"
            message = f"The volume takes {_mebibytes(size)}; {kept}."
            raise MedSAMSegError(ErrorKind.QUOTA_REACHED, "quota_memory", message, _WAIT)


_WAIT = "Wait until a job is done or cancel one, or ask who runs the server for a higher quota."


def _mebibytes(size: int) -> str:
    return f"{size / 2**20:.1f} MiB"
