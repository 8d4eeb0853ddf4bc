"""``medsamseg segment`` on a film: an object followed through its frames."""

from __future__ import annotations

import argparse
import contextlib
import csv
import io
import time
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from tqdm import tqdm

from medsamseg_server.cli import pointing
from medsamseg_server.cli.engine_options import make_loaded_engine
from medsamseg_server.cli.output import print_json, say, shows_progress, warn
from medsamseg_server.cli.segment_tasks import with_boxes_in_pixels
from medsamseg_server.cli.usage import wrong_usage
from medsamseg_server.engine.probabilities import DEFAULT_THRESHOLD
from medsamseg_server.engine.prompts import check_prompts
from medsamseg_server.errors import ErrorKind, MedSAMSegError
from medsamseg_server.image_io.dicom_films import open_film
from medsamseg_server.image_io.film_masks import check_mask_output, write_masks, write_overlay_film
from medsamseg_server.image_io.film_names import is_film
from medsamseg_server.image_io.films import AnyFilm, FilmVolume
from medsamseg_server.image_io.mask_writer import DEFAULT_COLOR
from medsamseg_server.image_io.overlay import Panel, Shape, draw_panel
from medsamseg_server.propagation import DirectionEnded, EngineSlices, Propagation, SliceResult
from medsamseg_server.propagation.fusing import FusedSlices, Phases, make_slices
from medsamseg_server.propagation.meant import boxed, meant_masks
from medsamseg_server.propagation.several_objects import FollowedObject, follow
from medsamseg_server.propagation.task import Task
from medsamseg_server.system.safe_files import ensure_writable, refuse_to_replace, replacing
from medsamseg_server.weights.store import ModelStore

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
    ((name, task),) = tasks.items()
    with contextlib.ExitStack() as films:
        film = _opened(films, args.image)
        _check_frames(task, film)
        engine = make_loaded_engine(args, ModelStore())
        volumes = [FilmVolume(each) for each in (film, *_further_films(args, film, films))]
        phases = Phases(tuple(volumes[1:]), args.fuse or "mean")
        task = with_boxes_in_pixels(args, task, lambda axis, index: film.size)
        pointing.check_points({name: task}, lambda axis, index: film.size)
        is_asked = args.threshold != DEFAULT_THRESHOLD
        source = make_slices(engine, volumes[0], 0, "auto", args.model, is_asked, phases)
        started = time.perf_counter()
        task = boxed(task, source)
        plan = _planned(args, task, film)
        plan.start_from(meant_masks(task, source))
        results, ended = _follow(args, plan, FollowedObject.of(name, plan, source, args.threshold))
        followed = time.perf_counter()
        reading = sum(each.seconds for each in volumes)
        _write(args, film, name, task, results)
        summary = {
            "output": str(args.output),
            "name": name,
            "frames": film.frame_count,
            "frames_found": sum(bool(each.mask.voxels) for each in results.values()),
            "stopped": [{"direction": end.direction, "slice": end.index, "message": end.message} for end in ended],
            "frames_per_second": round(len(results) / (followed - started), 2),
            "seconds": _split(source, reading, followed - started, time.perf_counter() - followed),
            "model": args.model,
            "device": engine.device,
        }
    for index in (index for index in task.boxes if not results[index].mask.voxels):
        warn(f"Nothing was found in the box on frame {index}.")
    _report(args, summary)
    return 0


def _split(source: EngineSlices | FusedSlices, reading: float, following: float, writing: float) -> dict[str, float]:
    """Return where the time went, in seconds; motion is all of following but reading and networks."""
    encoder, decoder = source.encode_seconds, source.decode_seconds
    motion = max(0.0, following - reading - encoder - decoder)
    split = {"reading": reading, "encoder": encoder, "decoder": decoder, "motion": motion, "writing": writing}
    return {what: round(seconds, 3) for what, seconds in split.items()}


def _opened(films: contextlib.ExitStack, path: Path) -> AnyFilm:
    film: contextlib.AbstractContextManager[AnyFilm] = open_film(path)
    return films.enter_context(film)


def _check_frames(task: Task, film: AnyFilm) -> None:
    for index in sorted({*task.boxes, *task.points}):
        if not 0 <= index < film.frame_count:
            message = f"Frame {index} is outside of {film.path.name}, which has frames 0 to {film.frame_count - 1}."
            hint = "Give another --slice: of a film, it is the number of a frame."
            raise MedSAMSegError(ErrorKind.INVALID_INPUT, "slice_out_of_range", message, hint)


def _further_films(args: argparse.Namespace, film: AnyFilm, films: contextlib.ExitStack) -> list[AnyFilm]:
    """Open the films of ``--also``; raise ``phases_differ`` for one of other frames."""
    opened: list[AnyFilm] = []
    for path in args.also:
        if not is_film(path):
            raise wrong_usage(f"{path.name} is no film, as {film.path.name} is.", "Give --also films of the same view.")
        other = _opened(films, path)
        if (other.frame_count, other.size) != (film.frame_count, film.size):
            message = f"{path.name} has {_extent(other)}, but {film.path.name} has {_extent(film)}."
            hint = "Films are fused frame by frame: export them with the same frames and in one size."
            raise MedSAMSegError(ErrorKind.INVALID_INPUT, "phases_differ", message, hint)
        opened.append(other)
    return opened


def _extent(film: AnyFilm) -> str:
    height, width = film.size
    return f"{film.frame_count} frames of {width} × {height} pixels"


def _planned(args: argparse.Namespace, task: Task, film: AnyFilm) -> Propagation:
    first, last = task.first, task.last
    if args.slice_only:
        first, last = min(task.boxes), max(task.boxes)
    shape = (film.frame_count, *film.size)
    plan = Propagation(shape, 0, task.prompts, first, last, method=args.method or METHOD)
    check_prompts(list(task.prompts.values()), film.size)
    return plan


def _follow(
    args: argparse.Namespace, plan: Propagation, followed: FollowedObject
) -> tuple[dict[int, SliceResult], list[DirectionEnded]]:
    results: dict[int, SliceResult] = {}
    ended: list[DirectionEnded] = []
    title, hidden = followed.name, not shows_progress(args)
    with tqdm(total=plan.slices_total, unit="frame", desc=title, disable=hidden, leave=False) as bar:
        for _name, event in follow([followed]):
            if isinstance(event, DirectionEnded):
                ended.append(event)
            elif isinstance(event, SliceResult):
                # The probabilities of all frames would not fit into memory.
                results[event.index] = replace(event, mask=replace(event.mask, probability=None))
                bar.update()
    return results, ended


def _write(args: argparse.Namespace, film: AnyFilm, name: str, task: Task, results: Mapping[int, SliceResult]) -> None:
    """Write masks, table and overlay."""
    masks = {index: each.mask for index, each in results.items() if each.mask.voxels}

    def mask_of(index: int) -> NDArray[np.bool_] | None:
        return masks[index].to_array(film.size) if index in masks else None

    write_masks(args.output, film, mask_of)
    if args.csv:
        _write_table(args.output.with_suffix(".frames.csv"), film, results)
    if args.overlay is not None:
        write_overlay_film(args.overlay, film, _drawn(film, name, mask_of, task))


def _write_table(path: Path, film: AnyFilm, results: Mapping[int, SliceResult]) -> None:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    columns = ["frame", "seconds", "found", "area_pixels", "area_pixels_low", "area_pixels_high"]
    writer.writerow([*columns, "confidence", "provenance"])
    for index, seconds in enumerate(film.times):
        result = results.get(index)
        area = result.mask.voxels if result else 0
        sure = round(result.confidence.value, 3) if result and result.confidence else None
        provenance = result.provenance if result else None
        voted = result.mask.variants if result else None
        low, high = ("", "") if voted is None else voted.pixels
        writer.writerow([index, f"{seconds:.3f}", int(area > 0), area, low, high, sure, provenance])
    with replacing(path) as temporary:
        temporary.write_text(text.getvalue(), encoding="utf-8")


def _drawn(film: AnyFilm, name: str, mask_of: Any, task: Task) -> Iterator[NDArray[np.uint8]]:
    height, width = film.size
    boxes = task.drawn_boxes
    for index in range(film.frame_count):
        mask, points = mask_of(index), task.points.get(index, ())
        shapes = [] if mask is None else [Shape(name, DEFAULT_COLOR, mask, boxes.get(index), points)]
        panel = Panel(film.frame(index), shapes, None, f"{film.times[index]:.1f} s")
        yield np.asarray(draw_panel(panel, max(height, width)))


def _report(args: argparse.Namespace, summary: Mapping[str, Any]) -> None:
    if args.json:
        print_json(summary)
        return
    say(args, f"{summary['name']}: found on {summary['frames_found']} of {summary['frames']} frames")
    say(args, f"  {summary['model']} on {summary['device']}: {summary['frames_per_second']} frames a second")
    split = ", ".join(f"{what} {seconds:.1f} s" for what, seconds in summary["seconds"].items())
    say(args, f"  {split}")
    also = ["the table of frames"] * args.csv + ([str(args.overlay)] if args.overlay is not None else [])
    say(args, ", and ".join([f"Written: {args.output}", *also]))
