"""Which replica each volume, or each user, is at home on."""

from __future__ import annotations

from collections import Counter, OrderedDict
from collections.abc import Collection, Hashable
from typing import Generic, TypeVar

Replica = TypeVar("Replica", bound=Hashable)

#: Number of homes that are remembered; those not asked for for longest are forgotten.
_MOST = 4096


class Homes(Generic[Replica]):
    """Gives each name a replica, and the same one again as long as that is there.

    A new name goes to the replica on which the fewest are at home. So whatever is known of a name is in one place, also
    the moment after it was uploaded.
    """

    def __init__(self, most: int = _MOST) -> None:
        self._most = most
        self._homes: OrderedDict[str, Replica] = OrderedDict()

    def home_of(self, name: str, replicas: Collection[Replica]) -> Replica:
        """Return a name's replica.

        Args:
            name: of a volume or user.
            replicas: those that are there, at least one.
        """
        home = self._homes.get(name)
        if home is None or home not in replicas:
            home = self._homes[name] = self._emptiest(replicas)
        self._homes.move_to_end(name)
        while len(self._homes) > self._most:
            self._homes.popitem(last=False)
        return home

    def _emptiest(self, replicas: Collection[Replica]) -> Replica:
        counts = Counter(self._homes.values())
        return min(replicas, key=lambda each: counts[each])
