"""How well a mask fits the reference: in 3D, in millimeters, slice by slice, and through time."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from medsamseg_server.errors import ErrorKind, MedSAMSegError

TOLERANCE_MM = 2.0


def dice(mask: NDArray[np.bool_], reference: NDArray[np.bool_]) -> float:
    """Return the Dice coefficient of two masks of the same shape, not both empty."""
    total = int(np.count_nonzero(mask)) + int(np.count_nonzero(reference))
    return 2.0 * int(np.count_nonzero(mask & reference)) / total


def surface_dice(
    mask: NDArray[np.bool_],
    reference: NDArray[np.bool_],
    spacing: tuple[float, float, float],
    tolerance: float = TOLERANCE_MM,
) -> float:
    """Return the part of both surfaces that lies within a tolerance of the other one, 0…1.

    Computed in 3D by DeepMind's ``surface-distance`` with areas of surface elements (Nikolov et al.,
    doi:10.2196/26151). On single slices the same would count their flat faces as surface, and hide wrong contours.

    Args:
        mask: (K, J, I).
        reference: (K, J, I), not empty.
        spacing: of the voxels along K, J and I, in millimeters.
        tolerance: in millimeters.

    Raises:
        MedSAMSegError: ``evaluate_not_installed``.
    """
    if not mask.any():
        return 0.0
    with warnings.catch_warnings():
        # The library uses SciPy's older names.
        warnings.simplefilter("ignore", DeprecationWarning)
        try:
            import surface_distance
        except ImportError as error:
            raise MedSAMSegError(
                ErrorKind.INTERNAL,
                "evaluate_not_installed",
                "The packages for evaluation are not installed.",
                "Install them: pip install 'medsamseg-server[evaluate]'",
            ) from error
        distances = surface_distance.compute_surface_distances(reference, mask, spacing)
        return float(surface_distance.compute_surface_dice_at_tolerance(distances, tolerance))


@dataclass(frozen=True)
class Extent:
    """How far along the slices an object was followed.

    Attributes:
        slices: number of slices of the reference.
        found: how many of them have a mask that touches the reference.
        missed: how many have not.
        over_low: slices with a mask below the object's first slice.
        over_high: slices with a mask above its last slice.
    """

    slices: int
    found: int
    missed: int
    over_low: int
    over_high: int


def extent(mask: NDArray[np.bool_], reference: NDArray[np.bool_]) -> Extent:
    """Compare where two masks lie; slices, frames or times along the first axis, ``reference`` not empty."""
    present = np.flatnonzero(any_each(reference))
    found = np.count_nonzero(any_each(mask & reference))
    segmented = np.flatnonzero(any_each(mask))
    return Extent(
        len(present),
        int(found),
        len(present) - int(found),
        int(np.count_nonzero(segmented < present[0])),
        int(np.count_nonzero(segmented > present[-1])),
    )


def any_each(mask: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Return for each slice, frame or time, (T, …), whether it has anything of a mask, (T,)."""
    return np.asarray(mask.reshape(len(mask), -1).any(axis=1), bool)


@dataclass(frozen=True)
class TrackScore:
    """How an object was followed through the frames of a film, or the times of a scan.

    Attributes:
        visible: frames on which the object is to be seen.
        visible_dice: mean Dice coefficient of these; 0 where nothing was found.
        lost: how many of them have no mask that touches the object.
        regained: on how many it was found after a frame on which it was not: lost, hidden, or out of the picture.
        absent: frames without the object.
        over_propagation: share of these on which something was found all the same; None where there are none.
        frames_per_second: frames by the time for all of them; None where their embeddings were known before.
    """

    visible: int
    visible_dice: float
    lost: int
    regained: int
    absent: int
    over_propagation: float | None
    frames_per_second: float | None = None


def track(mask: NDArray[np.bool_], reference: NDArray[np.bool_], seconds: float | None = None) -> TrackScore:
    """Compare two masks through time.

    Args:
        mask: what was found, frames along the first axis.
        reference: the object, likewise; not empty.
        seconds: time for all frames; None where it says nothing.
    """
    is_visible = any_each(reference)
    is_found = any_each(mask & reference)
    was_found = np.concatenate([[False], is_found[:-1]])
    # On the first frame with the object, it is shown by the box.
    first = int(is_visible.argmax())
    is_regained = is_visible & is_found & ~was_found & (np.arange(len(mask)) > first)
    absent = int(np.count_nonzero(~is_visible))
    invented = int(np.count_nonzero(any_each(mask) & ~is_visible))
    dices = [dice(mask[index], reference[index]) for index in np.flatnonzero(is_visible)]
    return TrackScore(
        len(dices),
        sum(dices) / len(dices),
        int(np.count_nonzero(is_visible & ~is_found)),
        int(np.count_nonzero(is_regained)),
        absent,
        invented / absent if absent else None,
        len(mask) / seconds if seconds else None,
    )


def roc_area(scores: Sequence[float], is_bad: Sequence[bool]) -> float | None:
    """Return how well low scores tell the bad from the good: the area under the ROC curve, None if there is one kind.

    It is the probability that a bad one has a lower score than a good one, where equal scores count half
    (Mann–Whitney).
    """
    values = np.asarray(scores, float)
    bad = np.asarray(is_bad, bool)
    low, high = values[bad], values[~bad]
    if not low.size or not high.size:
        return None
    less = np.count_nonzero(low[:, None] < high[None, :])
    equal = np.count_nonzero(low[:, None] == high[None, :])
    return float((less + 0.5 * equal) / (low.size * high.size))
