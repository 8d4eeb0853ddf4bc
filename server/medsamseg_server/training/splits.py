"""Which cases are for training, which for validation, and which for the test."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

from medsamseg_server.errors import ErrorKind, MedSAMSegError
from medsamseg_server.system.safe_files import replacing

#: Of the cases, for training and validation; the rest is for the test (Ma et al., Nat Commun 15:654, 2024).
SHARES = (0.8, 0.1)


@dataclass(frozen=True)
class Split:
    """Names of cases; whole cases, so that no slice of a patient is on both sides.

    Attributes:
        train: learned from.
        validation: decide which state is the best one and when to stop.
        test: looked at once, at the end.
    """

    train: tuple[str, ...]
    validation: tuple[str, ...]
    test: tuple[str, ...]


def make_split(names: Sequence[str], seed: int, train_share: float = 1.0) -> Split:
    """Split cases 80/10/10 at random, with at least one case on each side.

    Args:
        names: of the cases, each once.
        seed: the same names and seed give the same split, in whatever order the names come.
        train_share: use only this part of the training cases, at least one, to see what more data would bring.
            Validation and test are the same for every share, and a smaller share is a part of a larger one.

    Raises:
        MedSAMSegError: ``cases_few`` with fewer than three cases, ``case_names_repeat``.
    """
    if len(set(names)) != len(names):
        repeated = sorted({name for name in names if list(names).count(name) > 1})
        raise MedSAMSegError(
            ErrorKind.INVALID_INPUT,
            "case_names_repeat",
            f"Several cases are called '{repeated[0]}'.",
            "Give each its own 'name' in the manifest, or its own file name.",
        )
    if len(names) < 3:
        raise MedSAMSegError(
            ErrorKind.INVALID_INPUT,
            "cases_few",
            f"{len(names)} usable case(s) cannot be split into training, validation and test.",
            "At least 3 are needed; 30 are a good start.",
        )
    shuffled = [sorted(names)[number] for number in np.random.default_rng(seed).permutation(len(names))]
    validation = max(1, round(len(names) * SHARES[1]))
    test = max(1, round(len(names) * (1 - sum(SHARES))))
    train = shuffled[: len(names) - validation - test]
    used = train[: max(1, round(len(train) * train_share))]
    rest = shuffled[len(train) :]
    return Split(tuple(used), tuple(rest[:validation]), tuple(rest[validation:]))


def write_split(path: Path, split: Split, seed: int) -> None:
    """Write a split for people and for later runs."""
    with replacing(path) as temporary:
        temporary.write_text(json.dumps({"seed": seed, **asdict(split)}, indent=1), "utf-8")


def read_split(path: Path) -> Split:
    """Read a split that ``write_split`` wrote, or one made by hand.

    Raises:
        MedSAMSegError: ``split_unreadable``.
    """
    try:
        values = json.loads(path.read_text("utf-8-sig"))
        parts = [tuple(str(name) for name in values[part]) for part in ("train", "validation", "test")]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise MedSAMSegError(
            ErrorKind.UNREADABLE,
            "split_unreadable",
            f"{path} is no split of cases: {error}.",
            'It looks like {"train": ["a", "b"], "validation": ["c"], "test": ["d"]}, with names of cases.',
        ) from error
    return Split(*parts)
