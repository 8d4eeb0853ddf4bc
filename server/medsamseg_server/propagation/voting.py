"""One mask from several where an object is expected: a vote among the candidates and the expectation."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from medsamseg_server.engine.box_vote import POWER, Vote, dice
from medsamseg_server.engine.masks import part_with
from medsamseg_server.engine.probabilities import voted
from medsamseg_server.engine.prompts import Box

#: What the mask that the motion predicts weighs against the network's; 0.5 is as good.
_PRIOR_WEIGHT = 0.35
#: Below this agreement the network is looking at something else, and the motion alone decides.
_LEAST_AGREEMENT = 0.4


def vote_for_expected(
    masks: NDArray[np.bool_],
    scores: NDArray[np.floating[Any]],
    expected: NDArray[np.bool_],
    probabilities: NDArray[np.float32] | None = None,
) -> Vote:
    """Return the object near where it is expected: masks count by how well they agree with that.

    ``mask`` is empty when all candidates are.

    Args:
        masks: (N, H, W), one at least.
        scores: (N,), the IoU that the network predicts for each.
        expected: (H, W), not empty.
        probabilities: (N, H, W), what is behind the masks.
    """
    rows, columns = part_with(np.concatenate((masks, expected[None])))
    agreements = np.array([dice(mask, expected[rows, columns]) for mask in masks[:, rows, columns]])
    score = float(np.mean(scores, dtype=np.float64))
    agreement = float(agreements.mean())
    if not masks.any():
        return Vote(masks[0], agreement, score, None, masks)
    if agreements.max() < _LEAST_AGREEMENT:
        return Vote(expected, agreement, score, None, masks)
    weights = agreements**POWER
    weights /= weights.sum()

    def is_elected(votes: NDArray[np.bool_]) -> NDArray[np.bool_]:
        return _elected(votes, weights, expected)

    mask = np.zeros(expected.shape, bool)
    # Where nobody has the object, nobody has to be asked.
    mask[rows, columns] = _elected(masks[:, rows, columns], weights, expected[rows, columns])
    probability = None if probabilities is None else voted(probabilities, is_elected)
    return Vote(mask, agreement, score, probability, masks)


def _elected(votes: NDArray[np.bool_], weights: NDArray[np.float64], expected: NDArray[np.bool_]) -> NDArray[np.bool_]:
    share = np.tensordot(weights, votes, 1)
    elected: NDArray[np.bool_] = (1 - _PRIOR_WEIGHT) * share + _PRIOR_WEIGHT * expected > 0.5
    return elected


def box_around(mask: NDArray[np.bool_]) -> Box:
    """Return the tight box of a mask (H, W) that is not empty; half a pixel more on both sides where it is thin.

    >>> mask = np.zeros((8, 8), bool)
    >>> mask[4, 2:6] = True
    >>> box_around(mask)
    (2.0, 3.5, 5.0, 4.5)
    """
    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    x0, y0, x1, y1 = float(columns[0]), float(rows[0]), float(columns[-1]), float(rows[-1])
    # A box has an area.
    thin_x, thin_y = 0.5 * (x0 == x1), 0.5 * (y0 == y1)
    return x0 - thin_x, y0 - thin_y, x1 + thin_x, y1 + thin_y
