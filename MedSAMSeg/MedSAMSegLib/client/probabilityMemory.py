"""Probabilities that are kept in memory, so that another threshold needs no network."""

from __future__ import annotations

import collections
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from MedSAMSegLib.client.sliceProbability import SliceProbability

#: Compressed, those of one slice have some thousand bytes: this is room for the boxes and propagations of a long day.
MOST_BYTES = 2**26


class ProbabilityMemory:
    """Values by key; when memory is full, those that were not used for the longest time go first.

    :param mostBytes: bound of what is kept.
    """

    def __init__(self, mostBytes: int = MOST_BYTES) -> None:
        self._mostBytes = mostBytes
        self._bytes = 0
        self._kept: collections.OrderedDict = collections.OrderedDict()

    def keep(self, key: Any, value: Any, probability: SliceProbability) -> None:
        """Keep a value, in the place of an earlier one with the same key.

        :param key: what it is found by.
        :param value: what is found.
        :param probability: the :class:`SliceProbability` that is part of it, or all of it.
        """
        self._forget(key)
        self._kept[key] = value, len(probability.packed)
        self._bytes += len(probability.packed)
        while self._bytes > self._mostBytes:
            self._forget(next(iter(self._kept)))

    def find(self, key: Any) -> Any:
        """:return: the value of a key; None where it is not kept."""
        if key not in self._kept:
            return None
        self._kept.move_to_end(key)
        return self._kept[key][0]

    def has(self, key: str) -> bool:
        """:return: whether a value is kept, without looking at it."""
        return key in self._kept

    def _forget(self, key):
        if key in self._kept:
            self._bytes -= self._kept.pop(key)[1]
