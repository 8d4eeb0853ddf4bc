"""What an answer of the protocol changes in the client's copy of the object."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class Change:
    """What an answer changes in the client's copy of the object.

    Attributes:
        bounds: half-open, along the three array axes; None where nothing changed.
        voxels: True on the object, within the bounds.
    """

    bounds: list[tuple[int, int]] | None = None
    voxels: NDArray[np.bool_] = field(default_factory=lambda: np.zeros((0, 0, 0), bool))


def difference(before: NDArray[np.bool_], after: NDArray[np.bool_]) -> Change:
    """Return what makes one object of another; both are (K, J, I), True on the object."""
    changed = before != after
    if not changed.any():
        return Change()
    bounds = []
    for axis in range(3):
        found = np.flatnonzero(changed.any(axis=tuple(other for other in range(3) if other != axis)))
        bounds.append((int(found[0]), int(found[-1]) + 1))
    return Change(bounds, after[tuple(slice(*each) for each in bounds)].copy())
