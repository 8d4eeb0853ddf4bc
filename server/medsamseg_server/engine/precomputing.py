"""Precomputing the embeddings of scans before anybody opens them, so that their first click is fast."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from medsamseg_server.engine.engine import Engine
from medsamseg_server.engine.slice_request import SliceRequest
from medsamseg_server.errors import ErrorKind, MedSAMSegError
from medsamseg_server.image_io.dicom import find_series
from medsamseg_server.image_io.reading import read_image
from medsamseg_server.volumes.volume import Volume

_SUFFIXES = (".nrrd", ".nhdr", ".nii", ".nii.gz", ".mha", ".mhd")
#: Segmentations that Slicer keeps beside the scans.
_SEGMENTATION = ".seg.nrrd"


@dataclass(frozen=True)
class Scan:
    """A scan that can be read: an image file, or a series in a folder of DICOM files."""

    path: Path
    series: str | None = None


@dataclass(frozen=True)
class PrecomputeRequest:
    """Which embeddings of a scan are wanted.

    Attributes:
        axes: array axes along which the slices run.
        windows: intensity windows; see ``windows.resolve_window``.
        model: name of the network.
    """

    axes: tuple[int, ...]
    windows: tuple[str, ...]
    model: str


@dataclass(frozen=True)
class PrecomputedScan:
    """What was done for a scan.

    Attributes:
        slices: embeddings that are now in the cache.
        encoded: those of them that had to be computed.
        seconds: time that took.
        complete: whether the cache had room for all of them.
    """

    slices: int
    encoded: int
    seconds: float
    complete: bool


def find_scans(places: Iterable[Path]) -> list[Scan]:
    """Return the scans that files and folders mean, sorted within each folder and its subfolders.

    Raises:
        MedSAMSegError: ``image_missing`` for a place that is not there, ``scans_missing`` for a folder without scans.
    """
    found: dict[Scan, None] = {}
    for place in places:
        if not place.exists():
            raise MedSAMSegError(
                ErrorKind.NOT_FOUND, "image_missing", f"There is no file or folder {place}.", "Check the path."
            )
        scans = [*_image_files(place), *_series(place)] if place.is_dir() else [Scan(place)]
        if not scans:
            raise MedSAMSegError(
                ErrorKind.UNREADABLE,
                "scans_missing",
                f"There are no scans in the folder {place}.",
                "Readable are NRRD, NIfTI, MetaImage and DICOM files.",
            )
        found.update(dict.fromkeys(scans))
    return list(found)


class Precomputation:
    """Puts the embeddings of scans into an engine's cache, as many as that has room for, those that are missing only.

    Attributes:
        room: bytes of embeddings that still fit before ones from this run would have to go.
    """

    def __init__(self, engine: Engine, request: PrecomputeRequest) -> None:
        self._engine = engine
        self._request = request
        self.room = engine.precompute_room

    def slice_count(self, volume: Volume) -> int:
        """Return the number of embeddings that are wanted of a volume."""
        return len(self._request.windows) * sum(volume.slice_count(axis) for axis in self._request.axes)

    def run(self, volume: Volume, on_slice: Callable[[], object] = lambda: None) -> PrecomputedScan:
        """Encode what is missing of a volume, calling ``on_slice`` after each slice.

        Raises:
            MedSAMSegError: as ``Engine.embed``.
        """
        started = time.perf_counter()
        done = encoded = 0
        for axis, window, index in self._places(volume):
            request = SliceRequest(volume, axis, index, window, self._request.model)
            size = self._engine.precomputed_bytes(request)
            if self.room < size:
                break
            encoded += self._engine.precompute(request)
            self.room -= size
            done += 1
            on_slice()
        return PrecomputedScan(done, encoded, time.perf_counter() - started, done == self.slice_count(volume))

    def _places(self, volume: Volume) -> Iterator[tuple[int, str, int]]:
        for axis in self._request.axes:
            for window in self._request.windows:
                for index in range(volume.slice_count(axis)):
                    yield axis, window, index


def read_volume(scan: Scan) -> Volume:
    """Return a scan's voxels.

    Raises:
        MedSAMSegError: as ``images.read_image``.
    """
    return Volume.from_array(read_image(scan.path, scan.series).array)


def _image_files(folder: Path) -> list[Scan]:
    paths = [Path(place) / name for place, _, names in os.walk(folder) for name in names]
    return [Scan(path) for path in sorted(paths) if _is_scan(path.name.lower())]


def _is_scan(name: str) -> bool:
    return name.endswith(_SUFFIXES) and not name.endswith(_SEGMENTATION) and not name.startswith(".")


def _series(folder: Path) -> list[Scan]:
    return [Scan(folder, uid) for uid in sorted(series.uid for series in find_series(folder))]
