"""What can be written: objects, the label maps that they make, and what a type of file has to say of itself."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from medsamseg_server.image_io.image import ScanPlace
from medsamseg_server.image_io.terminology import TISSUE, Terminology

#: Amber: stands out from gray anatomy, and from Slicer's green first segment.
DEFAULT_COLOR = (1.0, 0.75, 0.0)


@dataclass(frozen=True)
class SegmentingModel:
    """What finds objects.

    Attributes:
        name: of the model, such as ``litemedsam``.
        weights_sha256: checksum of its weights.
    """

    name: str
    weights_sha256: str


@dataclass(frozen=True)
class Segment:
    """One segmented object.

    Attributes:
        name: what the user calls it.
        mask: (K, J, I), 1 on the object and 0 elsewhere.
        color: red, green and blue, 0…1.
        found_by: what found it; None where nobody knows, or a person drew it.
        terminology: what it is, in codes.
        is_ours: whether MedSAMSeg found it; False for labels that come from elsewhere.
    """

    name: str
    mask: NDArray[np.uint8]
    color: tuple[float, float, float] = DEFAULT_COLOR
    found_by: SegmentingModel | None = None
    terminology: Terminology = TISSUE
    is_ours: bool = True


@dataclass(frozen=True)
class Layers:
    """Label maps of several objects, as many as overlap takes.

    Attributes:
        arrays: (K, J, I), uint8 or, for more than 255 objects, uint16: 1 on the first object, 2 on the second …
        places: of each object the number of its label map and its value there.
    """

    arrays: list[NDArray[Any]]
    places: list[tuple[int, int]]

    @classmethod
    def of(cls, segments: Sequence[Segment]) -> Layers:
        """Return the label maps of objects."""
        kind = np.uint8 if len(segments) < 256 else np.uint16
        arrays: list[NDArray[Any]] = []
        places: list[tuple[int, int]] = []
        for value, segment in enumerate(segments, start=1):
            present = segment.mask > 0
            number = next((n for n, layer in enumerate(arrays) if not layer[present].any()), len(arrays))
            if number == len(arrays):
                arrays.append(np.zeros(segment.mask.shape, kind))
            arrays[number][present] = value
            places.append((number, value))
        return cls(arrays, places)


class Writer(Protocol):
    """Writes objects in one type of file. ``segmentations.WRITERS`` lists all; a new type is one file and one line."""

    @property
    def suffixes(self) -> tuple[str, ...]:
        """How the names of its files end."""

    @property
    def holds_overlap(self) -> bool:
        """Whether a voxel can belong to several objects."""

    @property
    def holds_slices(self) -> bool:
        """Whether it has room for more than one slice."""

    def write(self, path: Path, segments: Sequence[Segment], layers: Layers, place: ScanPlace) -> None:
        """Write objects that the file can hold to a path that does not exist yet, and see that they are there.

        Raises:
            MedSAMSegError: ``place_not_kept``, or of kind ``CANNOT_WRITE``.
            OSError: as the system refuses.
        """

    def notes(self, path: Path, segments: Sequence[Segment], place: ScanPlace) -> tuple[str, ...]:
        """Return what the user should know of a file of this type with these objects."""
