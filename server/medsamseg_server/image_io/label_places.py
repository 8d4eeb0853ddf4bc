"""Bringing labels into the voxels of their scan: exactly, or not at all."""

from __future__ import annotations

from itertools import product
from typing import Any

import numpy as np
from numpy.typing import NDArray

from medsamseg_server.errors import ErrorKind, MedSAMSegError
from medsamseg_server.image_io.image import Geometry, Image

#: Voxels of labels may lie this far from those of their scan, in voxels: files round their numbers.
TOLERANCE = 0.1


def to_millimeters(geometry: Geometry) -> NDArray[np.float64]:
    """Return the 3×3 matrix whose columns are the steps along I, J and K in millimeters."""
    steps: NDArray[np.float64] = np.reshape(geometry.direction, (3, 3)) * np.asarray(geometry.spacing)
    return steps


def bring_to_scan(
    labels: NDArray[Any], geometry: Geometry, image: Image, name: str, may_be_cropped: bool = False
) -> NDArray[Any]:
    """Return labels (K, J, I) in the voxels of their scan, with axes turned and exchanged as its are.

    Args:
        labels: as they are stored.
        geometry: where that is.
        image: the scan.
        name: of the file, for messages.
        may_be_cropped: they may have another extent than the scan, which is usual in formats that store only what is
            segmented; what lies outside the scan is cut off.

    Raises:
        MedSAMSegError: ``labels_differ`` with the distance in millimeters.
    """
    scan = to_millimeters(image.geometry)
    turn = np.linalg.solve(scan, to_millimeters(geometry))
    offset = np.linalg.solve(scan, np.subtract(geometry.origin, image.geometry.origin))
    nearest = _nearest_turn(turn)
    extents = np.array(labels.shape[::-1])
    corners = np.array(list(product(*((0, extent - 1) for extent in extents)))).T
    apart = (turn - nearest) @ corners
    if np.abs(apart).max() > TOLERANCE or np.abs(turn - nearest).max() > TOLERANCE:
        what = "has another spacing or orientation than its scan"
        raise place_error(f"{name} {what}: its voxels lie up to {_length(scan @ apart)} mm beside the scan's.")
    if np.abs(offset - np.round(offset)).max() > TOLERANCE:
        distance = _length((scan @ (offset - np.round(offset)))[:, None])
        raise place_error(f"{name} lies between the voxels of its scan: {distance} mm beside them.")
    turned = _turn(labels, nearest)
    backward = np.minimum(nearest, 0) @ (extents - 1)
    start = (np.round(offset) + backward).astype(int)
    _check_extent(turned.shape, start, image, name, may_be_cropped)
    return _paste(turned, image.array.shape[:3], start[::-1].tolist())


def place_error(message: str) -> MedSAMSegError:
    """Return the error for labels that are not where their scan is."""
    return MedSAMSegError(
        ErrorKind.INVALID_INPUT, "labels_differ", message, "Give labels that were drawn on this scan, in its voxels."
    )


def distance_to_scan(points: NDArray[np.floating[Any]], image: Image) -> float:
    """Return how far the nearest of some points (N, 3) lies outside the scan, in mm; points are I, J, K in voxels."""
    last = np.array(image.array.shape[:3][::-1]) - 0.5
    beyond = np.maximum(np.maximum(-0.5 - points, points - last), 0) @ to_millimeters(image.geometry).T
    return float(np.linalg.norm(beyond, axis=1).min())


def _nearest_turn(turn: NDArray[np.floating[Any]]) -> NDArray[np.float64]:
    """Return the matrix of -1, 0 and 1 that exchanges and turns axes most as ``turn`` does."""
    nearest = np.zeros((3, 3))
    rest = np.abs(turn)
    for _ in range(3):
        row, column = np.unravel_index(int(np.argmax(rest)), rest.shape)
        nearest[row, column] = 1 if turn[row, column] >= 0 else -1
        rest[row], rest[:, column] = -1, -1
    return nearest


def _turn(labels: NDArray[Any], turn: NDArray[np.float64]) -> NDArray[Any]:
    """Return labels (K, J, I) with their axes as the rows of ``turn`` say, which are in the order I, J, K."""
    rows = turn[::-1, ::-1]
    turned: NDArray[Any] = labels.transpose([int(np.argmax(np.abs(row))) for row in rows])
    return turned[tuple(slice(None, None, -1 if row.min() < 0 else 1) for row in rows)]


def _check_extent(
    shape: tuple[int, ...], start: NDArray[np.int64], image: Image, name: str, may_be_cropped: bool
) -> None:
    scan = image.array.shape[:3]
    if not may_be_cropped and shape != scan:
        raise place_error(f"{name} has {_size(shape)} voxels, its scan has {_size(scan)}.")
    stop = start + shape[::-1]
    if may_be_cropped and (start < scan[::-1]).all() and (stop > 0).all():
        return
    if may_be_cropped or start.any():
        gap = np.maximum(start - np.array(scan[::-1]), 0) + np.minimum(stop, 0) if may_be_cropped else start
        distance = _length((to_millimeters(image.geometry) @ gap)[:, None])
        raise place_error(f"{name} lies in another place than its scan, {distance} mm away.")


def _paste(labels: NDArray[Any], shape: tuple[int, ...], start: list[int]) -> NDArray[Any]:
    """Return ``labels`` on a grid of ``shape``, their first voxel at ``start``; what lies outside is cut off."""
    if not any(start) and labels.shape == shape:
        return np.ascontiguousarray(labels)
    full = np.zeros(shape, labels.dtype)
    ranges = [(max(step, 0), min(step + n, size)) for step, n, size in zip(start, labels.shape, shape, strict=True)]
    source = [slice(first - step, last - step) for (first, last), step in zip(ranges, start, strict=True)]
    full[tuple(slice(*each) for each in ranges)] = labels[tuple(source)]
    return full


def _length(vectors: NDArray[np.float64]) -> str:
    """Return the greatest length of vectors (3, N), for people."""
    return f"{float(np.linalg.norm(vectors, axis=0).max()):.3g}"


def _size(shape: tuple[int, ...]) -> str:
    return " × ".join(str(n) for n in shape)
