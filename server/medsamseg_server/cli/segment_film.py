"""``medsamseg segment`` on a film: an object followed through its frames."""

from __future__ import annotations

import argparse
import csv
import io
import time
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from tqdm import tqdm

from medsamseg_server.cli.engine_options import make_loaded_engine
from medsamseg_server.cli.output import print_json, say, shows_progress, warn
from medsamseg_server.cli.segment_tasks import with_boxes_in_pixels
from medsamseg_server.cli.usage import wrong_usage
from medsamseg_server.engine.probabilities import DEFAULT_THRESHOLD
from medsamseg_server.engine.prompts import check_box
from medsamseg_server.errors import ErrorKind, MedSAMSegError
from medsamseg_server.image_io.dicom_films import open_film
from medsamseg_server.image_io.film_masks import check_mask_output, write_masks, write_overlay_film
from medsamseg_server.image_io.films import AnyFilm, FilmVolume
from medsamseg_server.image_io.mask_writer import DEFAULT_COLOR
from medsamseg_server.image_io.overlay import Box, Panel, Shape, draw_panel
from medsamseg_server.propagation import DirectionEnded, EngineSlices, Propagation, SliceResult
from medsamseg_server.propagation.whole_volume import Task, meant_masks
from medsamseg_server.system.safe_files import ensure_writable, refuse_to_replace, replacing
from medsamseg_server.weights.store import ModelStore

if TYPE_CHECKING:
    from medsamseg_server.engine.engine import Engine

METHOD = "film"


def check_arguments(args: argparse.Namespace, objects: int) -> None:
    """Raise an error for what cannot go with a film, and for names that cannot be written.

    Raises:
        MedSAMSegError: ``usage``, ``overlay_suffix``, or as ``film_masks.check_mask_output``.
    """
    for option, given in (
        ("--series", args.series is not None),
        ("--time", args.time is not None),
        ("--all-times", args.all_times),
        ("--axis", args.axis not in (None, 0)),
        ("--allow-overlap", args.allow_overlap),
        ("--window", args.window != "auto"),
        ("--probability", args.probability is not None),
    ):
        if given:
            raise wrong_usage(f"{option} cannot go with a film.", f"Leave {option} out.")
    if objects > 1:
        raise wrong_usage(
            f"{objects} objects cannot be followed through a film at once.", "Follow one after the other."
        )
    check_mask_output(args.output, args.force)
    if args.overlay is not None:
        if args.overlay.suffix.lower() != ".mp4":
            message = f"{args.overlay.name} is no name for the film of --overlay."
            raise MedSAMSegError(ErrorKind.INVALID_INPUT, "overlay_suffix", message, "End its name with .mp4.")
        refuse_to_replace(args.overlay, args.force)
        ensure_writable(args.overlay.parent)


def run(args: argparse.Namespace, tasks: Mapping[str, Task]) -> int:
    """Follow the object, and write masks, table and overlay.

    Args:
        args: of ``medsamseg segment``.
        tasks: the one object, by its name.
    """
    check_arguments(args, len(tasks))
    engine = make_loaded_engine(args, ModelStore())
    ((name, task),) = tasks.items()
    with open_film(args.image) as film:
        volume = FilmVolume(film)
        task = with_boxes_in_pixels(args, task, lambda axis, index: film.size)
        boxes = task.boxes
        first, last = task.first, task.last
        if args.slice_only:
            first, last = min(boxes), max(boxes)
        plan = Propagation(volume.shape, 0, boxes, first, last, method=args.method or METHOD)
        for box in boxes.values():
            check_box(box, film.size)
        source = _source(args, engine, volume)
        started = time.perf_counter()
        plan.start_from(meant_masks(task, source))
        results, ended = _follow(args, name, plan, source)
        seconds = time.perf_counter() - started
        masks = {index: each.mask for index, each in results.items() if each.mask.voxels}

        def mask_of(index: int) -> NDArray[np.bool_] | None:
            return masks[index].to_array(film.size) if index in masks else None

        write_masks(args.output, film, mask_of)
        if args.csv:
            _write_table(args.output.with_suffix(".frames.csv"), film, results)
        if args.overlay is not None:
            write_overlay_film(args.overlay, film, _drawn(film, name, mask_of, boxes))
        summary = {
            "output": str(args.output),
            "name": name,
            "frames": film.frame_count,
            "frames_found": len(masks),
            "stopped": [{"direction": end.direction, "slice": end.index, "message": end.message} for end in ended],
            "frames_per_second": round(len(results) / seconds, 2),
            "model": args.model,
            "device": engine.device,
        }
    for index in (index for index in boxes if not results[index].mask.voxels):
        warn(f"Nothing was found in the box on frame {index}.")
    _report(args, summary)
    return 0


def _source(args: argparse.Namespace, engine: Engine, volume: FilmVolume) -> EngineSlices:
    return EngineSlices(engine, volume, 0, "auto", args.model, args.threshold != DEFAULT_THRESHOLD)


def _follow(
    args: argparse.Namespace, name: str, plan: Propagation, source: EngineSlices
) -> tuple[dict[int, SliceResult], list[DirectionEnded]]:
    results: dict[int, SliceResult] = {}
    ended: list[DirectionEnded] = []
    with tqdm(total=plan.slices_total, unit="frame", desc=name, disable=not shows_progress(args), leave=False) as bar:
        for event in plan.run(source):
            if isinstance(event, DirectionEnded):
                ended.append(event)
            elif isinstance(event, SliceResult):
                # The probabilities of all frames would not fit into memory.
                mask = replace(event.mask.at(args.threshold), probability=None)
                results[event.index] = replace(event, mask=mask)
                bar.update()
    return results, ended


def _write_table(path: Path, film: AnyFilm, results: Mapping[int, SliceResult]) -> None:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(["frame", "seconds", "found", "area_pixels", "confidence", "provenance"])
    for index, seconds in enumerate(film.times):
        result = results.get(index)
        area = result.mask.voxels if result else 0
        sure = round(result.confidence.value, 3) if result and result.confidence else None
        provenance = result.provenance if result else None
        writer.writerow([index, f"{seconds:.3f}", int(area > 0), area, sure, provenance])
    with replacing(path) as temporary:
        temporary.write_text(text.getvalue(), encoding="utf-8")


def _drawn(film: AnyFilm, name: str, mask_of: Any, boxes: Mapping[int, Box]) -> Iterator[NDArray[np.uint8]]:
    height, width = film.size
    for index in range(film.frame_count):
        mask = mask_of(index)
        shapes = [] if mask is None else [Shape(name, DEFAULT_COLOR, mask, boxes.get(index))]
        panel = Panel(film.frame(index), shapes, None, f"{film.times[index]:.1f} s")
        yield np.asarray(draw_panel(panel, max(height, width)))


def _report(args: argparse.Namespace, summary: Mapping[str, Any]) -> None:
    if args.json:
        print_json(summary)
        return
    say(args, f"{summary['name']}: found on {summary['frames_found']} of {summary['frames']} frames")
    say(args, f"  {summary['model']} on {summary['device']}: {summary['frames_per_second']} frames a second")
    also = ["the table of frames"] * args.csv + ([str(args.overlay)] if args.overlay is not None else [])
    say(args, ", and ".join([f"Written: {args.output}", *also]))
