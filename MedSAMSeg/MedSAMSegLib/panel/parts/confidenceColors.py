"""How far a slice can be trusted, as a color."""

from __future__ import annotations

from typing import TYPE_CHECKING

from MedSAMSegLib.slices.sliceRecord import BOX

if TYPE_CHECKING:
    from MedSAMSegLib.slices.sliceRecord import SliceState

#: Colors that people with any color vision can tell apart (Okabe and Ito, 2008), in red, green and blue.
DOUBTFUL, UNCERTAIN, SURE = (213, 94, 0), (240, 228, 66), (0, 158, 115)
LOCKED, UNKNOWN = (0, 114, 178), (150, 150, 150)


def colorOf(state: SliceState) -> tuple[int, int, int]:
    """Return red, green and blue, 0 to 255, for a slice.

    :param state: SliceState.
    """
    if state.isLocked:
        return LOCKED
    if state.provenance == BOX:
        return SURE
    if state.confidence is None:
        return UNKNOWN
    if state.confidence < 0.5:
        return _blend(DOUBTFUL, UNCERTAIN, 2 * state.confidence)
    return _blend(UNCERTAIN, SURE, 2 * state.confidence - 1)


def _blend(first, second, share):
    return tuple(round(a + (b - a) * share) for a, b in zip(first, second, strict=True))
