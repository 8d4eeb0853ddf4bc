"""``medsamseg segment --all-times``: objects of one volume, followed through those of all times."""

from __future__ import annotations

import argparse
import csv
import io
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from tqdm import tqdm

from medsamseg_server.cli.output import print_json, say, shows_progress, warn
from medsamseg_server.cli.slice_table import path_beside, stem_of
from medsamseg_server.cli.terms import Terms
from medsamseg_server.errors import ErrorKind, MedSAMSegError
from medsamseg_server.image_io.image import Image
from medsamseg_server.image_io.mask_writer import Segment
from medsamseg_server.image_io.phases import PhaseFiles
from medsamseg_server.image_io.picture_masks import is_picture_mask
from medsamseg_server.image_io.segmentations import check_output, color_of, write_segmentation
from medsamseg_server.image_io.times import Times
from medsamseg_server.propagation.fusing import Fusion, Phases
from medsamseg_server.propagation.task import Task
from medsamseg_server.propagation.through_time import VolumesInTime, follow_through_time
from medsamseg_server.system.safe_files import replacing
from medsamseg_server.volumes.volume import Volume

if TYPE_CHECKING:
    from medsamseg_server.engine.engine import Engine
    from medsamseg_server.propagation.whole_volume import WholeMask


@dataclass(frozen=True)
class Scan:
    """What is followed through time.

    Attributes:
        times: the volumes.
        phases: the files of further volumes, each with as many times.
        terms: what the objects are.
    """

    times: Times
    phases: PhaseFiles
    terms: Terms


@dataclass(frozen=True)
class _Row:
    """An object at a time."""

    time: int
    name: str
    path: Path
    voxels: int
    volume_ml: float | None
    volume_range_ml: tuple[float, float] | None


def check_arguments(args: argparse.Namespace, count: int) -> None:
    """Raise an error for what cannot go with all times, and for names that cannot be written.

    Args:
        args: of ``medsamseg segment``.
        count: number of times.

    Raises:
        MedSAMSegError: ``usage``, ``output_suffix``, or as ``segmentations.check_output`` for each file.
    """
    for option in ("overlay", "probability"):
        if getattr(args, option) is not None:
            message = f"--{option} cannot go with --all-times."
            raise MedSAMSegError(ErrorKind.INVALID_INPUT, "usage", message, "Choose a time with --time for it.")
    if is_picture_mask(args.output):
        message = f"{args.output.name} would be a picture, but there are {count} volumes."
        hint = "End its name with .seg.nrrd or .nii.gz."
        raise MedSAMSegError(ErrorKind.INVALID_INPUT, "output_suffix", message, hint)
    for time in range(count):
        check_output(_path(args.output, time, count), args.force)


def run(args: argparse.Namespace, scan: Scan, tasks: Mapping[str, Task], engine: Engine) -> int:
    """Follow the objects through time on the slices with a box, and from there through the volume of each time.

    Args:
        args: of ``medsamseg segment``.
        scan: the volumes.
        tasks: what to segment at the time of the boxes, by the objects' names; all along one axis.
        engine: with the network loaded.
    """
    times = scan.times
    fusion: Fusion = args.fuse or "mean"
    volumes = VolumesInTime(
        times.count,
        lambda time: Volume.from_array(times.read(time).array),
        lambda time: Phases(scan.phases.at(time, times.read(time))[0], fusion),
    )
    through = follow_through_time(engine, volumes, args.time or 0, tasks, args.allow_overlap)
    rows: list[_Row] = []
    hidden = not shows_progress(args)
    for time, found in enumerate(tqdm(through, total=times.count, unit="volume", disable=hidden, leave=False)):
        image = times.read(time)
        empty = np.zeros(image.array.shape[:3], np.uint8)
        segments = [
            Segment(
                name,
                found[name].mask if name in found else empty,
                color_of(number),
                terminology=scan.terms.of(name),
            )
            for number, name in enumerate(tasks)
        ]
        path = _path(args.output, time, times.count)
        write_segmentation(path, segments, image.place)
        rows += [_row(time, segment, path, image, found.get(segment.name)) for segment in segments]
        for segment in segments:
            if not segment.mask.any():
                warn(f"{segment.name} was not found at time {time}.")
    if args.csv:
        _write_table(path_beside(args.output, ".times.csv"), rows)
    _report(args, times, rows, engine)
    return 0


def _path(output: Path, time: int, count: int) -> Path:
    """Return the name for a time: ``heart.seg.nrrd`` becomes ``heart_07.seg.nrrd``."""
    stem = stem_of(output)
    return output.with_name(f"{stem}_{time:0{len(str(count - 1))}}{output.name[len(stem) :]}")


def _row(time: int, segment: Segment, path: Path, image: Image, found: WholeMask | None) -> _Row:
    voxels, each = int(np.count_nonzero(segment.mask)), image.voxel_ml
    ends = None if found is None else found.voxel_range
    volumes = None if ends is None or each is None else (ends[0] * each, ends[1] * each)
    return _Row(time, segment.name, path, voxels, None if each is None else voxels * each, volumes)


def _write_table(path: Path, rows: list[_Row]) -> None:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(["time", "segment", "voxels", "volume_ml", "volume_ml_low", "volume_ml_high", "file"])
    for row in rows:
        volumes = [row.volume_ml, *(row.volume_range_ml or (None, None))]
        cells = [None if volume is None else f"{volume:.8g}" for volume in volumes]
        writer.writerow([row.time, row.name, row.voxels, *cells, row.path.name])
    with replacing(path) as temporary:
        temporary.write_text(text.getvalue(), encoding="utf-8")


def _report(args: argparse.Namespace, times: Times, rows: list[_Row], engine: Engine) -> None:
    if args.json:
        found = [
            {"time": row.time, "name": row.name, "output": str(row.path), "mask_voxels": row.voxels} for row in rows
        ]
        print_json({"times": found, "model": args.model, "device": engine.device})
        return
    for name in dict.fromkeys(row.name for row in rows):
        there = sum(row.voxels > 0 for row in rows if row.name == name)
        say(args, f"{name}: found at {there} of {times.count} times")
    say(args, f"Written: {rows[0].path} to {rows[-1].path.name}")
