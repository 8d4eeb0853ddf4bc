"""What is known about one slice of a segment: how its mask came about, and how far it can be trusted."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

from MedSAMSegLib.client.maskRange import MaskRange

#: The mask was made from a box drawn on this slice, followed from one side, or followed from both.
BOX, PROPAGATED, INTERPOLATED = "box", "propagated", "interpolated"

#: These are made by propagation alone.
FOLLOWED = (PROPAGATED, INTERPOLATED)

#: The mask is somebody's own work, or was changed by hand since it was written.
EDITED = "edited"


@dataclass(frozen=True)
class SliceRecord:
    """How a mask was made.

    :param provenance: BOX, PROPAGATED or INTERPOLATED.
    :param digest: of the segment's voxels on the slice when it was written (see `sliceDigest`).
    :param confidence: 0 (look at this slice) to 1; None where nothing is known.
    :param parts: the signs that the confidence is made of, by name, each 0 to 1.
    :param basis: what the mask was computed from, as a text that differs whenever that differs.
    :param isAccepted: whether the user has looked at the slice and found it good.
    :param probability: name of the :class:`SliceProbability` that the mask is cut from; "" where there is none.
    :param range: the :class:`MaskRange` of what was found; None where that is not known.
    """

    provenance: str
    digest: str
    confidence: float | None = None
    parts: dict = field(default_factory=dict)
    basis: str = ""
    isAccepted: bool = False
    probability: str = ""
    range: MaskRange | None = None

    @classmethod
    def fromJson(cls, values: dict[str, Any]) -> SliceRecord:
        """:return: the record that `toJson` made these values of."""
        return cls(**{**values, "range": MaskRange.fromJson(values.get("range"))})

    def toJson(self) -> dict[str, Any]:
        """:return: the record as values that JSON can carry."""
        return {
            "provenance": self.provenance,
            "digest": self.digest,
            "confidence": self.confidence,
            "parts": self.parts,
            "basis": self.basis,
            "isAccepted": self.isAccepted,
            "probability": self.probability,
            **({} if self.range is None else {"range": self.range.toJson()}),
        }

    @property
    def isFollowed(self) -> bool:
        """Whether the mask is a propagation's, and nobody has called it good."""
        return self.provenance in FOLLOWED and not self.isAccepted

    def accepted(self, isAccepted: bool) -> SliceRecord:
        """:return: the record of the same mask, accepted or not."""
        return replace(self, isAccepted=isAccepted)


@dataclass(frozen=True)
class SliceState:
    """What a slice of a segment is now.

    :param index: slice index along the axis.
    :param provenance: BOX, PROPAGATED, INTERPOLATED or EDITED.
    :param confidence: 0 to 1; None where nothing is known.
    :param parts: the signs that the confidence is made of.
    :param basis: what the mask was computed from; "" for manual edits.
    :param isAccepted: whether the user found it good.
    :param isEmpty: whether the segment has no voxels on the slice.
    :param probability: as of :class:`SliceRecord`; "" for manual edits.
    :param range: as of :class:`SliceRecord`; None for manual edits. Other segments and thresholds may have changed the
        number of voxels since.
    """

    index: int
    provenance: str
    confidence: float | None
    parts: dict
    basis: str
    isAccepted: bool
    isEmpty: bool
    probability: str = ""
    range: MaskRange | None = None

    @property
    def isFollowed(self) -> bool:
        """Whether the mask is a propagation's, untouched since, and nobody has called it good."""
        return self.provenance in FOLLOWED and not self.isAccepted

    @property
    def isLocked(self) -> bool:
        """Whether propagation leaves the slice as it is: manual edits and what was accepted."""
        return self.isAccepted or self.provenance == EDITED
