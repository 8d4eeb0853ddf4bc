"""Further volumes of one patient, brought into the voxels of the first one."""

from __future__ import annotations

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
from medsamseg_server.volumes.volume import Volume


def read_phase(path: Path, first: Image, first_name: str) -> tuple[Volume, tuple[str, ...]]:
    """Return a further volume in the voxels of the first, and sentences on what the user should know.

    One of the same voxels is taken as it is. Another is resampled linearly by SimpleITK; voxels that it does not cover
    get its smallest value.

    Args:
        path: as ``reading.read_image`` takes it.
        first: the first volume.
        first_name: what messages call that.

    Raises:
        MedSAMSegError: ``phase_size`` for a picture of another size, ``phase_elsewhere`` where the two have no place in
            common, or as ``reading.read_image``.
    """
    image = read_image(path)
    volume = Volume.from_array(image.array)
    notes = tuple(f"{path.name}: {note}" for note in (*image.notes, *volume.notes))
    shape = first.array.shape[:3]
    # A picture without a size in the patient lies nowhere; its pixels are those of the other.
    has_place = len(first.array) > 1 or (first.voxel_ml is not None and image.voxel_ml is not None)
    if volume.shape == shape and (not has_place or _is_same(image.geometry, first.geometry, shape)):
        return volume, notes
    if not has_place:
        sizes = (" × ".join(map(str, size[::-1][:2])) for size in (volume.shape, shape))
        message = f"{path.name} has {next(sizes)} pixels, but {first_name} has {next(sizes)}."
        hint = "Pictures of one object need the same size: save this one in the size of the first."
        raise MedSAMSegError(ErrorKind.INVALID_INPUT, "phase_size", message, hint)
    if not _meet(volume.shape, image.geometry, first):
        message = f"{path.name} and {first_name} have no place in common."
        hint = "Give volumes of one examination, or register them first, as with 3D Slicer's module BRAINS."
        raise MedSAMSegError(ErrorKind.INVALID_INPUT, "phase_elsewhere", message, hint)
    array, covered = _resampled(volume, image.geometry, first)
    part = "" if covered > 0.995 else f", of which it covers {covered:.0%}"
    note = f"{path.name} has other voxels than {first_name}: it was resampled to them{part}."
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
