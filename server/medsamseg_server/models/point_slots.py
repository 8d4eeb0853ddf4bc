"""How many points a prompt may have, and how many a decoder computes with."""

from __future__ import annotations

#: Points of one prompt at most. Nobody sets so many by hand, and the decoder's memory and time grow with them.
MOST_POINTS = 64
# A network is compiled for each number of tokens that it meets. On two cores, a prompt of one point takes 40 ms with 8
# of them and 90 to 140 ms with 64, so the few points of a click are not computed as if they were 64.
_SLOTS = (8, MOST_POINTS)
#: SAM's own tokens, and a box's corners or the filler in their place.
_OTHER_TOKENS = 7


def count_slots(points: int) -> int:
    """Return the number of points that a decoder computes with for so many; the rest of them are absent."""
    return next((slots for slots in _SLOTS if points <= slots), -(-points // MOST_POINTS) * MOST_POINTS)


def count_tokens(points: int) -> int:
    """Return the number of tokens of a prompt with so many points, with a box or without."""
    return _OTHER_TOKENS + (count_slots(points) if points else 0)
