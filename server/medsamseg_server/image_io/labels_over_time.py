"""Labels of films, and of scans with several volumes over time."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from medsamseg_server.errors import ErrorKind, MedSAMSegError
from medsamseg_server.image_io import npz_scans
from medsamseg_server.image_io.films import AnyFilm
from medsamseg_server.image_io.image import Image
from medsamseg_server.image_io.label_pictures import read_label_picture
from medsamseg_server.image_io.label_places import place_error
from medsamseg_server.image_io.label_reading import labels_of_scan, read_labels
from medsamseg_server.image_io.labels import Labels, label_map, unreadable, whole_numbers
from medsamseg_server.image_io.times import Times, open_times


def read_film_labels(path: Path, film: AnyFilm) -> Labels:
    """Return the labels of a film's frames, (frames, H, W), all in memory.

    Args:
        path: a ``.npz`` with the array ``masks``, or a folder with one PNG a frame, in the order of the numbers in
            their names; both as ``film_masks.write_masks`` writes them.
        film: the film.

    Raises:
        MedSAMSegError: ``labels_differ`` for another number or size of frames, ``labels_unreadable``,
            ``labels_not_whole``, ``image_missing``, or as ``label_pictures.read_label_picture``.
    """
    if npz_scans.is_one(path):
        array = whole_numbers(npz_scans.read_array(path, "masks"), path)
        if array.ndim != 3:
            raise unreadable(path, f"has masks of {array.ndim} dimensions", "Expected is (frames, rows, columns).")
        _check_count(path, len(array), film)
        _check_size(path, array[0], film)
        return label_map(array, path)
    if not path.exists():
        message = f"There is no file or folder {path}."
        raise MedSAMSegError(ErrorKind.NOT_FOUND, "image_missing", message, "Check the path.")
    if not path.is_dir():
        hint = "Give a .npz with the array 'masks' (frames, rows, columns), or a folder with one PNG a frame."
        raise unreadable(path, "is no file with the labels of a film", hint)
    return label_map(_read_folder(path, film), path)


def _read_folder(path: Path, film: AnyFilm) -> NDArray[Any]:
    files = sorted((file for file in path.iterdir() if file.suffix.lower() == ".png"), key=_by_numbers)
    _check_count(path, len(files), film)
    frames = []
    for file in files:
        labels = read_label_picture(file)
        _check_size(file, labels, film)
        frames.append(labels)
    return np.stack(frames)


def _by_numbers(file: Path) -> list[tuple[int, str]]:
    return [(int(part) if part.isdecimal() else -1, part) for part in re.split(r"(\d+)", file.name)]


def _check_count(path: Path, count: int, film: AnyFilm) -> None:
    if count != film.frame_count:
        raise place_error(f"{path.name} has labels of {count} frames, its film has {film.frame_count}.")


def _check_size(path: Path, labels: NDArray[Any], film: AnyFilm) -> None:
    if labels.shape != film.size:
        sizes = (f"{width} × {height}" for height, width in (labels.shape, film.size))
        raise place_error("{} has {} pixels, its film has {}.".format(path.name, *sizes))


def read_label_times(paths: Sequence[Path], times: Times) -> list[Labels]:
    """Return the labels of a scan's volumes at all times, each in the voxels of its volume.

    Args:
        paths: one file with as many label maps over time as ``times.open_times`` reads, or a file for each time.
        times: the scan.

    Raises:
        MedSAMSegError: ``labels_differ`` for another number of times, ``times_missing``, or as
            ``label_reading.read_labels``.
    """
    if len(paths) > 1:
        _check_times(f"{paths[0].name} to {paths[-1].name}", len(paths), times)
        return [read_labels(path, times.read(time)) for time, path in enumerate(paths)]
    labels = open_times(paths[0])
    _check_times(paths[0].name, labels.count, times)
    return [labels_of_scan(labels.read(time), times.read(time), paths[0]) for time in range(times.count)]


def read_labels_at(path: Path, time: int, image: Image) -> Labels:
    """Return the labels of a scan's volume at one time, from a file of that time alone, or of all times.

    Raises:
        MedSAMSegError: ``time_out_of_range``, or as ``label_reading.read_labels``.
    """
    try:
        return read_labels(path, image)
    except MedSAMSegError as error:
        if error.code != "image_not_3d":
            raise
    labels = open_times(path)
    labels.check(time)
    return labels_of_scan(labels.read(time), image, path)


def _check_times(name: str, count: int, times: Times) -> None:
    if count != times.count:
        raise place_error(f"{name} has labels of {count} times, its scan has {times.count}.")
