"""``medsamseg segment --all-times``: objects of one volume, followed through those of all times."""

from __future__ import annotations

import argparse
import csv
import io
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from tqdm import tqdm

from medsamseg_server.cli.output import print_json, say, shows_progress, warn
from medsamseg_server.engine.prompts import Box
from medsamseg_server.engine.slice_request import SliceRequest
from medsamseg_server.errors import ErrorKind, MedSAMSegError
from medsamseg_server.image_io.image import Image
from medsamseg_server.image_io.mask_writer import Segment
from medsamseg_server.image_io.picture_masks import is_picture_mask
from medsamseg_server.image_io.segmentations import OUTPUT_SUFFIXES, check_output, color_of, write_segmentation
from medsamseg_server.image_io.times import Times
from medsamseg_server.propagation import EngineSlices, Propagation, SliceResult
from medsamseg_server.propagation.voting import box_around
from medsamseg_server.propagation.whole_volume import Task, WholeObjects
from medsamseg_server.system.safe_files import replacing
from medsamseg_server.volumes.volume import Volume

if TYPE_CHECKING:
    from medsamseg_server.engine.engine import Engine

#: How an object is followed through time on the slices with a box.
_METHOD = "film"


@dataclass(frozen=True)
class _Row:
    """An object at a time."""

    time: int
    name: str
    path: Path
    voxels: int
    volume_ml: float | None


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


def run(args: argparse.Namespace, times: Times, tasks: Mapping[str, Task], engine: Engine) -> int:
    """Follow the objects through time on the slices with a box, and from there through the volume of each time.

    Args:
        args: of ``medsamseg segment``.
        times: the volumes.
        tasks: what to segment at the time of the boxes, by the objects' names; all along one axis.
        engine: with the network loaded.
    """
    start = args.time or 0
    boxes = _boxes_through_time(args, times, start, tasks, engine)
    rows: list[_Row] = []
    for time in tqdm(range(times.count), unit="volume", disable=not shows_progress(args), leave=False):
        image = times.read(time)
        volume = Volume.from_array(image.array)
        there = {name: replace(task, boxes=boxes[name][time]) for name, task in tasks.items() if boxes[name][time]}
        found = WholeObjects(volume, there, args.allow_overlap).run(engine) if there else {}
        empty = np.zeros(volume.shape, np.uint8)
        segments = [
            Segment(name, found[name].mask if name in found else empty, color_of(number))
            for number, name in enumerate(tasks)
        ]
        path = _path(args.output, time, times.count)
        write_segmentation(path, segments, image.place)
        rows += [_row(time, segment, path, image) for segment in segments]
        for segment in segments:
            if not segment.mask.any():
                warn(f"{segment.name} was not found at time {time}.")
    if args.csv:
        _write_table(_path(args.output, None, times.count), rows)
    _report(args, times, rows, engine)
    return 0


def _boxes_through_time(
    args: argparse.Namespace, times: Times, start: int, tasks: Mapping[str, Task], engine: Engine
) -> dict[str, list[dict[int, Box]]]:
    """Return, of each object, the boxes of each time by slice; none where it was not found."""
    axis = next(iter(tasks.values())).axis
    prompted = sorted({index for task in tasks.values() for index in task.boxes})
    volume = Volume.from_array(times.read(start).array)
    stacks: dict[int, list[Any]] = {index: [] for index in prompted}
    for time in range(times.count):
        now = Volume.from_array(times.read(time).array)
        if now.shape != volume.shape:
            message = f"Time {time} has {now.shape} voxels (K, J, I), but time {start} has {volume.shape}."
            raise MedSAMSegError(ErrorKind.INVALID_INPUT, "times_differ", message, "Segment them one by one: --time N.")
        for index in prompted:
            stacks[index].append(now.slice(axis, index))
    through = {index: Volume.from_array(np.stack(slices)) for index, slices in stacks.items()}
    boxes: dict[str, list[dict[int, Box]]] = {}
    for name, task in tasks.items():
        boxes[name] = [{} for _ in range(times.count)]
        for index, box in task.boxes.items():
            # As the window that is automatic for the volume means it, also in what is a stack of slices.
            window = engine.window_for(SliceRequest(volume, axis, index, args.window, args.model), box)
            source = EngineSlices(engine, through[index], 0, window, args.model)
            plan = Propagation(through[index].shape, 0, {start: box}, method=_METHOD)
            boxes[name][start][index] = box
            for event in plan.run(source):
                if isinstance(event, SliceResult) and event.mask.voxels and event.index != start:
                    mask = event.mask.to_array(through[index].slice_size(0, event.index))
                    boxes[name][event.index][index] = box_around(mask)
    return boxes


def _path(output: Path, time: int | None, count: int) -> Path:
    """Return the name for a time: ``heart.seg.nrrd`` becomes ``heart_07.seg.nrrd``; that of the table for none."""
    suffix = next((suffix for suffix in OUTPUT_SUFFIXES if output.name.lower().endswith(suffix)), output.suffix)
    stem = output.name[: len(output.name) - len(suffix)]
    if time is None:
        return output.with_name(f"{stem}.times.csv")
    return output.with_name(f"{stem}_{time:0{len(str(count - 1))}}{output.name[len(stem) :]}")


def _row(time: int, segment: Segment, path: Path, image: Image) -> _Row:
    voxels = int(np.count_nonzero(segment.mask))
    return _Row(time, segment.name, path, voxels, None if image.voxel_ml is None else voxels * image.voxel_ml)


def _write_table(path: Path, rows: list[_Row]) -> None:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(["time", "segment", "voxels", "volume_ml", "file"])
    for row in rows:
        volume = None if row.volume_ml is None else f"{row.volume_ml:.8g}"
        writer.writerow([row.time, row.name, row.voxels, volume, row.path.name])
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
