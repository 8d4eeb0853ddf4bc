"""Further volumes of one patient, brought into the voxels of the first one."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import SimpleITK as sitk
from numpy.typing import NDArray

from medsamseg_server.errors import ErrorKind, MedSAMSegError
from medsamseg_server.image_io.image import Geometry, Image
from medsamseg_server.image_io.label_places import TOLERANCE
from medsamseg_server.image_io.reading import read_image
from medsamseg_server.image_io.times import Times, read_times
from medsamseg_server.volumes.volume import Volume


class PhaseFiles:
    """The files of the further volumes of a scan, each with one volume or, as the scan, several over time.

    Args:
        paths: as ``reading.read_image`` or ``times.open_times`` take them.
        first_name: what messages call the scan.
        times: the scan's volumes over time, of which one is asked for or all; None for a scan without.
        needs_all: whether all times are asked for.

    Raises:
        MedSAMSegError: ``phases_times`` for a file with another number of volumes, or as ``times.read_times``.
    """

    def __init__(self, paths: Sequence[Path], first_name: str, times: Times | None, needs_all: bool) -> None:
        self._first_name = first_name
        self._read: list[tuple[str, Callable[[int], Image]]] = []
        for path in paths:
            if times is None:
                self._read.append((path.name, partial(_only, path)))
                continue
            own = read_times(path)
            if own.count != times.count and (needs_all or own.count > 1):
                raise _other_times(path.name, own.count, first_name, times.count)
            self._read.append((path.name, own.read if own.count > 1 else partial(_first, own)))

    def at(self, time: int, first: Image) -> tuple[tuple[Volume, ...], tuple[str, ...]]:
        """Return the further volumes at a time, in the voxels of the scan's then, and what the user should know.

        Raises:
            MedSAMSegError: as ``in_voxels_of``.
        """
        found = [in_voxels_of(first, self._first_name, read(time), name) for name, read in self._read]
        return tuple(volume for volume, _ in found), tuple(note for _, notes in found for note in notes)


def _only(path: Path, _time: int) -> Image:
    return read_image(path)


def _first(times: Times, _time: int) -> Image:
    return times.read(0)


def _other_times(name: str, count: int, first_name: str, wanted: int) -> MedSAMSegError:
    message = f"{name} holds {count} {'volume' if count == 1 else 'volumes'} over time, but {first_name} has {wanted}."
    hint = "Give scans with as many times, or choose a time with --time and --also of one volume."
    return MedSAMSegError(ErrorKind.INVALID_INPUT, "phases_times", message, hint)


def read_phase(path: Path, first: Image, first_name: str) -> tuple[Volume, tuple[str, ...]]:
    """Return the further volume of a file; see ``in_voxels_of``.

    Raises:
        MedSAMSegError: as ``in_voxels_of`` or ``reading.read_image``.
    """
    return in_voxels_of(first, first_name, read_image(path), path.name)


def in_voxels_of(first: Image, first_name: str, image: Image, name: str) -> tuple[Volume, tuple[str, ...]]:
    """Return a further volume in the voxels of the first, and sentences on what the user should know.

    One of the same voxels is taken as it is. Another is resampled linearly by SimpleITK; voxels that it does not cover
    get its smallest value.

    Args:
        first: the first volume.
        first_name: what messages call that.
        image: the further one.
        name: what messages call it.

    Raises:
        MedSAMSegError: ``phase_size`` for a picture of another size, or ``phase_elsewhere`` where the two have no place
            in common.
    """
    volume = Volume.from_array(image.array)
    notes = tuple(f"{name}: {note}" for note in (*image.notes, *volume.notes))
    shape = first.array.shape[:3]
    # A picture without a size in the patient lies nowhere; its pixels are those of the other.
    has_place = len(first.array) > 1 or (first.voxel_ml is not None and image.voxel_ml is not None)
    if volume.shape == shape and (not has_place or _is_same(image.geometry, first.geometry, shape)):
        return volume, notes
    if not has_place:
        sizes = (" × ".join(map(str, size[::-1][:2])) for size in (volume.shape, shape))
        message = f"{name} has {next(sizes)} pixels, but {first_name} has {next(sizes)}."
        hint = "Pictures of one object need the same size: save this one in the size of the first."
        raise MedSAMSegError(ErrorKind.INVALID_INPUT, "phase_size", message, hint)
    if not _meet(volume.shape, image.geometry, first):
        message = f"{name} and {first_name} have no place in common."
        hint = "Give volumes of one examination, or register them first, as with 3D Slicer's module BRAINS."
        raise MedSAMSegError(ErrorKind.INVALID_INPUT, "phase_elsewhere", message, hint)
    array, covered = _resampled(volume, image.geometry, first)
    part = "" if covered > 0.995 else f", of which it covers {covered:.0%}"
    note = f"{name} has other voxels than {first_name}: it was resampled to them{part}."
    return Volume.from_array(array, owned=True), (*notes, note)


def _is_same(geometry: Geometry, first: Geometry, shape: tuple[int, ...]) -> bool:
    return geometry.distance(first, shape) <= TOLERANCE * min(first.spacing)


def _meet(shape: tuple[int, ...], geometry: Geometry, first: Image) -> bool:
    """Return whether a volume may have voxels among those of the first."""
    corners = np.array(list(product(*((0, count - 1) for count in shape[::-1]), (1,)))).T
    there = (np.linalg.inv(first.geometry.matrix) @ geometry.matrix @ corners)[:3]
    last = np.array(first.array.shape[:3][::-1])[:, None] - 1
    return bool(((there.max(axis=1, keepdims=True) >= 0) & (there.min(axis=1, keepdims=True) <= last)).all())


def _resampled(volume: Volume, geometry: Geometry, first: Image) -> tuple[NDArray[Any], float]:
    """Return a volume in the voxels of the first, and the share of these that it covers, 0 to 1."""
    array = volume.array
    image = sitk.GetImageFromArray(array, isVector=volume.is_color)
    kind = sitk.sitkVectorFloat32 if volume.is_color else sitk.sitkFloat32
    outside = 0.0 if volume.is_color else float(array.min())
    found = sitk.GetArrayFromImage(_on_grid(image, geometry, first, sitk.sitkLinear, outside, kind))
    if array.dtype.kind != "f":
        found = np.rint(found).astype(array.dtype)
    ones = sitk.GetImageFromArray(np.ones(volume.shape, np.uint8))
    covered = sitk.GetArrayFromImage(_on_grid(ones, geometry, first, sitk.sitkNearestNeighbor, 0.0, sitk.sitkUInt8))
    return found, float(covered.mean())


def _on_grid(image: sitk.Image, geometry: Geometry, first: Image, how: int, outside: float, kind: int) -> sitk.Image:
    geometry.apply(image)
    size = first.array.shape[:3][::-1]
    grid = first.geometry
    return sitk.Resample(image, size, sitk.Transform(), how, grid.origin, grid.spacing, grid.direction, outside, kind)
