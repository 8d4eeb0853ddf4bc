"""How far a slice can be trusted: a confidence from signs that need no reference."""

from __future__ import annotations

import math

from medsamseg_server.propagation.events import Confidence

#: How much each sign counts. Of those measured, the gray levels' likeness to the prompted slice tells most.
_WEIGHTS = {"box": 1.0, "jitter": 1.0, "intensity": 2.0, "neighbors": 0.25, "directions": 0.5}


def confidence(**parts: float) -> Confidence:
    """Return the weighted geometric mean of the signs: one that is very low cannot be made up for by the others.

    Args:
        **parts: each 0 to 1. ``box``: the mask fills the user's box; ``jitter``: masks of slightly different boxes
            agree; ``intensity``: the gray levels are those of the prompted slice; ``neighbors``: overlap with the slice
            before; ``directions``: what comes from either side agrees.
    """
    total = sum(_WEIGHTS[name] for name in parts)
    logarithm = sum(_WEIGHTS[name] * math.log(max(value, 1e-6)) for name, value in parts.items())
    rounded = {name: round(value, 4) for name, value in parts.items()}
    return Confidence(round(math.exp(logarithm / total), 4), rounded)
