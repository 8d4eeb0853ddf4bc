"""What lies in an object's box and is not the object, such as the blood inside of the heart's muscle.

A box cannot name a ring, but two can: the network is asked for what is in the box and, as if that were an object of its
own, for what is in each box to be excluded; what is left of the one without the others is the object.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from medsamseg_server.engine.box_vote import EXCLUDED_MARGINS
from medsamseg_server.engine.masks import SliceMask
from medsamseg_server.engine.prompts import Prompt
from medsamseg_server.engine.variants import variants_of_rest


def asked_for(prompts: Sequence[Prompt]) -> list[Prompt]:
    """Return what the network is asked for prompts: each as if nothing were excluded, then every box that is."""
    whole = [replace(prompt, exclude=(), exclude_mask=None) for prompt in prompts]
    return whole + [Prompt(box, margins=EXCLUDED_MARGINS) for prompt in prompts for box in prompt.exclude]


def without_excluded(
    prompts: Sequence[Prompt], masks: Sequence[SliceMask], agreements: Sequence[float | None]
) -> tuple[list[SliceMask], list[float | None]]:
    """Return what is left of each prompt's object, and how far one can agree on it.

    Args:
        prompts: what was to be found.
        masks: the answers to ``asked_for(prompts)``.
        agreements: how far slightly different boxes gave each of these masks; None where that is not known.
    """
    excluded = iter(zip(masks[len(prompts) :], agreements[len(prompts) :], strict=True))
    left: list[SliceMask] = []
    agreed: list[float | None] = []
    for prompt, whole, agreement in zip(prompts, masks, agreements, strict=False):
        rest, parts = whole, []
        for _ in prompt.exclude:
            mask, sure = next(excluded)
            rest = rest.without(mask)
            parts.append((mask, sure))
        known = [(mask, sure) for mask, sure in parts if sure is not None]
        if parts and agreement is not None and len(known) == len(parts):
            agreement = agreement_on_rest((whole, agreement), known, rest)
        rest = rest if prompt.exclude_mask is None else rest.without(prompt.exclude_mask)
        taken = [mask for mask, _ in parts] + ([] if prompt.exclude_mask is None else [prompt.exclude_mask])
        left.append(replace(rest, variants=variants_of_rest(whole, taken)))
        agreed.append(agreement)
    return left, agreed


def agreement_on_rest(
    whole: tuple[SliceMask, float], excluded: Sequence[tuple[SliceMask, float]], rest: SliceMask
) -> float:
    """Return how far one can rely on what is left of a mask, 0 to 1: the least Dice coefficient that it can have.

    Pixels that are wrong in the whole or in what was taken away are wrong in the rest, where they weigh the more the
    less is left: with the sizes W, E and R of the three, and Dice coefficients w and e, it is 1 − ((1 − w) W + (1 − e)
    E) / R at least.

    Args:
        whole: a mask, and how far one can rely on it, as a Dice coefficient.
        excluded: the same of each mask that was taken away.
        rest: what is left.
    """
    if not rest.voxels:
        return 0.0
    wrong = sum((1 - sure) * mask.voxels for mask, sure in (whole, *excluded))
    return max(1 - wrong / rest.voxels, 0.0)
