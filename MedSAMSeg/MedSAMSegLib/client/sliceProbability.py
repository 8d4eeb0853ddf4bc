"""How likely each pixel of a slice is an object's, as the server sends it: 8 bits, cropped and compressed."""

from __future__ import annotations

import base64
import dataclasses
import hashlib
import zlib
from typing import Any

import numpy as np

from MedSAMSegLib.errors import UserError

#: Number of levels: level v stands for probabilities above v / 256, up to (v + 1) / 256.
LEVELS = 256

#: The threshold of the models' authors.
DEFAULT_THRESHOLD = 0.5


@dataclasses.dataclass(frozen=True)
class SliceProbability:
    """The probability behind a mask; it stays compressed until it is looked at.

    :param x0: column of the crop's first pixel in the slice.
    :param y0: row of the crop's first pixel in the slice.
    :param shape: (rows, columns) of the crop; beyond it the probability is at most 1/256.
    :param packed: its levels, uint8, row by row, compressed by zlib.
    """

    x0: int
    y0: int
    shape: tuple
    packed: bytes

    @property
    def levels(self) -> np.ndarray:
        """uint8 array (rows, columns) of the crop."""
        return np.frombuffer(zlib.decompress(self.packed), np.uint8).reshape(self.shape)

    @property
    def name(self) -> str:
        """A text that differs when the probability or its place differs."""
        place = repr((self.x0, self.y0, self.shape)).encode()
        return hashlib.blake2b(self.packed, digest_size=8, key=place).hexdigest()

    def pixels(self, threshold: float) -> np.ndarray:
        """:return: bool array (rows, columns) of the crop: what is likelier than a threshold, to the nearest 1/256.

        :param threshold: above 0 and below 1; at 0.5 it is exactly the mask that the server sends.
        """
        return self.levels >= lowestLevel(threshold)

    @classmethod
    def fromJson(cls, probability: dict[str, Any]) -> SliceProbability:
        """
        :param probability: the object {"extent", "levels"} of the contract.
        """
        if probability["extent"] is None:
            return cls(0, 0, (0, 0), zlib.compress(b""))
        x0, y0, x1, y1 = probability["extent"]
        return cls(x0, y0, (y1 - y0 + 1, x1 - x0 + 1), base64.b64decode(probability["levels"]))


def lowestLevel(threshold: float) -> int:
    """:return: the lowest level of what is likelier than a threshold, to the nearest 1/256."""
    return max(round(threshold * LEVELS), 1)


def checkThreshold(threshold: float) -> float:
    """:return: a threshold as a float.

    :raises UserError: if it is none.
    """
    if not 0 < threshold < 1:
        raise UserError(
            f"{threshold:g} is no threshold of probabilities.",
            "Give a number between 0 and 1, such as 0.3 for a larger mask or 0.7 for a smaller one.",
            "threshold_invalid",
        )
    return float(threshold)
