"""What shows an object on a slice, and the checks that it can."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, get_args

from medsamseg_server.engine.masks import SliceMask
from medsamseg_server.errors import ErrorKind, MedSAMSegError, shorten
from medsamseg_server.models.point_slots import MOST_POINTS
from medsamseg_server.models.specification import SPECIFICATIONS, ModelSpecification

#: Points of all prompts of a request together.
MOST_POINTS_TOGETHER = 1024

#: Boxes that are excluded from one.
MOST_EXCLUDED = 16

#: x0, y0, x1, y1 in in-plane pixels; pixel centers are integers.
Box = tuple[float, float, float, float]

#: x and y in in-plane pixels, and 1 (on the object) or 0 (not on it).
Points = tuple[tuple[float, float, int], ...]

#: What a prompt may mean of several: SAM's three answers, in the network's order.
Meaning = Literal["part", "object", "whole"]
MEANINGS: tuple[Meaning, ...] = get_args(Meaning)


@dataclass(frozen=True)
class Prompt:
    """What shows one object on a slice; in-plane pixels, pixel centers at integers.

    One value from the contract to the network: a new kind of prompt is a field here.

    Attributes:
        box: x0, y0, x1, y1. A box tight around pixels i…j is [i, j].
        points: x, y and 1 (on the object) or 0 (not on it).
        mask: the object as a person drew it, not empty, for a propagation to start from; taken as it is.
        exclude: boxes in and at ``box``, each round something that is not the object, such as the blood inside of the
            heart's muscle; see ``exclusion``.
        exclude_mask: pixels that are not the object's.
        margins: that the box is asked with where several boxes vote; None for ``box_vote.MARGINS``.
        meaning: which of the network's three answers is wanted; None for its one answer to a clear prompt.
    """

    box: Box | None = None
    points: Points = ()
    mask: SliceMask | None = None
    meaning: Meaning | None = None
    exclude: tuple[Box, ...] = ()
    exclude_mask: SliceMask | None = None
    margins: tuple[float, ...] | None = None

    @property
    def answer(self) -> int:
        """Number of the wanted one of SAM's four masks: 0 for the answer to a clear prompt, 1 to 3 for a meaning."""
        return 0 if self.meaning is None else 1 + MEANINGS.index(self.meaning)


def require_meanings(specification: ModelSpecification, prompts: Sequence[Prompt]) -> None:
    """Raise ``model_has_one_mask`` where a part, an object or a whole is wanted of a model that did not learn these."""
    if specification.proposes or all(prompt.meaning is None for prompt in prompts):
        return
    message = f"{specification.title} learned one mask for a box: it tells no part, object and whole apart."
    names = " or ".join(name for name, each in SPECIFICATIONS.items() if each.proposes)
    raise _bad_prompt("model_has_one_mask", message, f"Choose the model {names}, or take the one mask.")


def check_prompts(prompts: Sequence[Prompt], image_size: tuple[int, int]) -> None:
    """Raise the error that fits the first unusable prompt on a slice of ``image_size`` (H, W)."""
    if not prompts:
        raise _bad_prompt("prompt_missing", "There is no box and no point.")
    _check_counts(prompts)
    for prompt in prompts:
        if prompt.box is None and not prompt.points:
            raise _bad_prompt("prompt_empty", "A prompt has neither a box nor a point.")
        if prompt.box is not None:
            check_box(prompt.box, image_size, may_be_thin=prompt.mask is not None)
        _check_excluded(prompt, image_size)
        for point in prompt.points:
            _check_point(point, image_size)


def check_box(box: Box, image_size: tuple[int, int], may_be_thin: bool = False) -> None:
    """Raise ``box_not_finite``, ``box_reversed``, ``box_empty`` or ``box_outside_image`` for an unusable box.

    A box may reach to the outer edges of the border pixels, half a pixel beyond their centers. ``may_be_thin`` is for
    the tight box round a mask, which may be one pixel wide.

    >>> check_box((-0.5, -0.5, 255.5, 255.5), image_size=(256, 256))
    >>> check_box((54, 160, 54, 204), image_size=(256, 256))
    Traceback (most recent call last):
    medsamseg_server.errors.MedSAMSegError: The box 54, 160, 54, 204 is empty: x0 and x1 are both 54. Draw the box ...
    """
    x0, y0, x1, y1 = box
    text = _text(box)
    if not all(math.isfinite(value) for value in box):
        raise _bad_prompt("box_not_finite", f"The box {text} has a corner that is not a number.")
    for name, low, high in (("x", x0, x1), ("y", y0, y1)):
        if low > high:
            hint = "Give the corner with the smaller x and y first."
            raise _bad_prompt("box_reversed", f"The box {text} is reversed: {name}0 {low:g} > {name}1 {high:g}.", hint)
        if low == high and not may_be_thin:
            hint = "Draw the box around the object."
            raise _bad_prompt("box_empty", f"The box {text} is empty: {name}0 and {name}1 are both {low:g}.", hint)
    height, width = image_size
    if x0 < -0.5 or y0 < -0.5 or x1 > width - 0.5 or y1 > height - 0.5:
        raise _bad_prompt(
            "box_outside_image",
            f"The box {text} is not inside the slice, whose pixels are x 0 to {width - 1} and y 0 to {height - 1}.",
            "Give the box as x0, y0, x1, y1 in pixels of this slice.",
        )


def lies_outside(first: Box, second: Box) -> bool:
    """Return whether two boxes have no area in common."""
    (x0, y0, x1, y1), (left, top, right, bottom) = first, second
    return x0 >= right or x1 <= left or y0 >= bottom or y1 <= top


def covers(first: Box, second: Box) -> bool:
    """Return whether the first box holds all of the second."""
    (x0, y0, x1, y1), (left, top, right, bottom) = first, second
    return x0 <= left and y0 <= top and x1 >= right and y1 >= bottom


def _check_excluded(prompt: Prompt, image_size: tuple[int, int]) -> None:
    """Raise what is wrong with what is excluded from a prompt whose own box has been checked."""
    if len(prompt.exclude) > MOST_EXCLUDED:
        message = f"{len(prompt.exclude)} boxes are excluded from a box; expected {MOST_EXCLUDED} at most."
        raise _bad_prompt("exclude_too_many", message, "Exclude what is largest, and correct the rest by hand.")
    for excluded in prompt.exclude:
        if prompt.box is None:
            message = f"The box {_text(excluded)} is excluded from a prompt that has no box itself."
            raise _bad_prompt("exclude_without_box", message, "Draw the box of the object, too.")
        check_box(excluded, image_size)
        if lies_outside(excluded, prompt.box):
            message = f"The box {_text(excluded)} to be excluded lies outside of the box {_text(prompt.box)}."
            raise _bad_prompt("exclude_outside_box", message, "Draw it round something inside of the object's box.")
        if covers(excluded, prompt.box):
            message = f"The box {_text(excluded)} to be excluded covers all of the box {_text(prompt.box)}."
            raise _bad_prompt("exclude_covers_box", message, "Draw it round what is inside alone.")


def _text(box: Box) -> str:
    return ", ".join(f"{value:g}" for value in box)


def _check_counts(prompts: Sequence[Prompt]) -> None:
    hint = "Send fewer points: a box and a few points where the mask is wrong show an object best."
    most = max(len(prompt.points) for prompt in prompts)
    if most > MOST_POINTS:
        message = f"A prompt has {most} points; expected {MOST_POINTS} at most."
        raise _bad_prompt("points_too_many", message, hint)
    together = sum(len(prompt.points) for prompt in prompts)
    if together > MOST_POINTS_TOGETHER:
        message = f"The prompts have {together} points together; expected {MOST_POINTS_TOGETHER} at most."
        raise _bad_prompt("points_too_many", message, hint)


def _check_point(point: tuple[float, float, int], image_size: tuple[int, int]) -> None:
    x, y, label = point
    height, width = image_size
    if not (-0.5 <= x <= width - 0.5 and -0.5 <= y <= height - 0.5):
        raise _bad_prompt(
            "point_outside_image",
            f"The point {x:g}, {y:g} is not on the slice, whose pixels are x 0 to {width - 1} and y 0 to {height - 1}.",
        )
    if label not in (0, 1):
        hint = "Use 1 for a point on the object and 0 for one beside it."
        raise _bad_prompt("point_label_invalid", f"{shorten(label)} is not a kind of point.", hint)


def _bad_prompt(code: str, message: str, hint: str = "") -> MedSAMSegError:
    return MedSAMSegError(ErrorKind.INVALID_INPUT, code, message, hint)
