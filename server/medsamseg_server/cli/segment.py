"""``medsamseg segment``: from boxes to a segmentation file, without Slicer."""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tqdm import tqdm

from medsamseg_server.cli import exclusion, probability
from medsamseg_server.cli.box_formats import BOX_FORMATS, in_pixels
from medsamseg_server.cli.engine_options import add_computer_options, add_model_option, add_window_option, make_engine
from medsamseg_server.cli.output import add_output_options, print_json, say, shows_progress, warn
from medsamseg_server.cli.prompt_arguments import (
    FILE_EXAMPLE,
    OBJECTS_EXAMPLE,
    is_name,
    parse_box,
    parse_range,
    read_prompts,
)
from medsamseg_server.errors import ErrorKind, MedSAMSegError
from medsamseg_server.weights.store import ModelStore

if TYPE_CHECKING:
    from medsamseg_server.engine.engine import Engine
    from medsamseg_server.engine.prompts import Box
    from medsamseg_server.image_io.image import Image
    from medsamseg_server.image_io.mask_writer import Segment
    from medsamseg_server.propagation.whole_volume import Task, WholeMask, WholeObjects
    from medsamseg_server.volumes.volume import Volume
    from medsamseg_server.volumes.windows import IntensityRange

_EPILOG = f"""\
slices and boxes:
  The scan is an array (K, J, I) as numpy, SimpleITK and 3D Slicer's Python have
  it; --axis is numpy's. K counts the stored slices, so axis 0 gives these.

    --axis   --slice is   x is   y is
      0          K          I      J
      1          J          I      K
      2          I          J      K

  A box is X0,Y0,X1,Y1 in voxel indices of the slice: a box tight around pixels
  i to j is i,j. Fractions are allowed. All counting starts at 0.

prompts file:
  {FILE_EXAMPLE}
  Several objects become the segments of one file, each slice encoded once:
  {OBJECTS_EXAMPLE}

windows:
  auto (by what is in and round the box; recognizes CT), soft, lung, brain, bone (CT),
  percentile (other images), or width and level as W,L.

examples:
  medsamseg segment chest.nrrd --box 54,160,101,204 --slice 24 -o tumor.seg.nrrd
  medsamseg segment dicom/ --box 54,160,101,204 --slice 24 --range 15:33 -o tumor.nii.gz
  medsamseg segment brain.nii.gz --prompts boxes.json --window percentile -o lesion.seg.nrrd
  medsamseg segment chest.nrrd --box 54,160,101,204 --slice 24 --slice-only --json -o one.nrrd
  medsamseg segment heart.nii.gz --box 88,90,141,145 --exclude 98,101,130,133 --slice 5 -o wall.seg.nrrd

For research; not a medical device.
"""


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the command ``segment``."""
    parser = subparsers.add_parser(
        "segment",
        help="segment objects in an image file, from boxes",
        description="Segment objects in a scan: from a box on one slice, or on several, through the volume.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "image", metavar="IMAGE", type=Path, help="NRRD, NIfTI or MetaImage file, a DICOM folder, a picture, or a film"
    )
    parser.add_argument(
        "--output",
        "-o",
        metavar="OUT",
        type=Path,
        required=True,
        help=".seg.nrrd (Slicer segmentation), .nrrd, .nii.gz, .nii or .mha (labelmap); of a DICOM scan .dcm (SEG);"
        " of a picture .png or .tif; of a film .npz or a folder",
    )
    parser.add_argument("--force", action="store_true", help="replace OUT if it exists")
    parser.add_argument(
        "--csv", action="store_true", help="write the table of slices beside OUT: confidence, provenance, boxes"
    )
    parser.add_argument(
        "--overlay",
        metavar="OUT.png",
        type=Path,
        help="draw the result: boxes, fill, outline, scale bar, legend; of a film OUT.mp4",
    )
    parser.add_argument(
        "--series", metavar="UID", help="which series of a DICOM folder; UID:N for volume N of several in a series"
    )
    parser.add_argument(
        "--time", metavar="N", type=int, help="which of several volumes over time (.seg.nrrd, 4D NIfTI, DICOM), from 0"
    )
    parser.add_argument(
        "--all-times",
        action="store_true",
        help="follow the object through all of them, from the one of --time (default: the first); one file OUT a time",
    )
    prompts = parser.add_argument_group("where the object is")
    prompts.add_argument("--box", metavar="X0,Y0,X1,Y1", help="box around the object, in voxel indices of the slice")
    prompts.add_argument(
        "--box-format",
        choices=tuple(BOX_FORMATS),
        default="corners",
        help="what the numbers of --box are: " + "; ".join(f"{name}, {what}" for name, what in BOX_FORMATS.items()),
    )
    prompts.add_argument(
        "--boxes",
        metavar="FILE",
        type=Path,
        help="boxes of many objects in a picture, or in a folder of pictures: COCO's .json, or YOLO's .txt or a folder"
        " of these",
    )
    exclusion.add_option(prompts)
    prompts.add_argument("--slice", metavar="N", type=int, help="index of the slice with the box")
    prompts.add_argument(
        "--axis", type=int, choices=(0, 1, 2), help="array axis across the slices (default: 0, the stored slices)"
    )
    prompts.add_argument(
        "--slice-order",
        choices=("space", "file"),
        help="what slices with boxes are counted by, where a DICOM file stores its frames in another order than in "
        "space (--range always counts in space)",
    )
    prompts.add_argument(
        "--prompts", metavar="FILE.json", type=Path, help="boxes on several slices, instead of --box and --slice"
    )
    prompts.add_argument(
        "--range",
        metavar="A:B",
        default=":",
        help="first and last slice of the object, both included (default: until it ends)",
    )
    prompts.add_argument(
        "--allow-overlap",
        action="store_true",
        help="let several objects of a prompts file overlap (only .seg.nrrd, .dcm)",
    )
    prompts.add_argument("--slice-only", action="store_true", help="segment only the slices with a box")
    model = parser.add_argument_group("how it is found")
    model.add_argument(
        "--method",
        metavar="NAME",
        help="how to go from slice to slice: tracking, film, or reference, the published recipe"
        " (default: tracking; film through films)",
    )
    add_window_option(model)
    add_model_option(model)
    add_computer_options(model)
    probability.add_options(parser, model)
    parser.add_argument("--name", help="name of the segment (default: Segment)")
    add_output_options(parser)
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Segment an image file."""
    if args.boxes is not None:
        exclusion.check_options(args, is_film=False)
        return _run_boxes(args)
    tasks = _make_tasks(args)
    # What reads images and runs networks is imported after the arguments are known to be right.
    from medsamseg_server.cli import segment_times
    from medsamseg_server.cli.overlay_picture import check_overlay
    from medsamseg_server.cli.slice_order import in_space
    from medsamseg_server.cli.slice_table import slice_rows, table_path, write_table
    from medsamseg_server.image_io.dicom_masks import check_scan
    from medsamseg_server.image_io.film_names import is_film
    from medsamseg_server.image_io.mask_writer import Segment, SegmentingModel
    from medsamseg_server.image_io.probability_files import write_probability
    from medsamseg_server.image_io.reading import read_image
    from medsamseg_server.image_io.segmentations import (
        check_can_hold,
        check_output,
        color_of,
        remarks_on_output,
        write_segmentation,
    )
    from medsamseg_server.image_io.times import open_times
    from medsamseg_server.propagation.whole_volume import WholeObjects
    from medsamseg_server.volumes.volume import Volume

    _refuse_to_replace_the_image(args)
    probability.check_options(args, len(tasks))
    exclusion.check_options(args, is_film(args.image))
    if is_film(args.image):
        return _run_film(args, tasks)
    if not args.all_times:
        check_output(args.output, args.force)
    if args.overlay is not None:
        check_overlay(args.overlay, args.force)
    check_can_hold(args.output, overlap=args.allow_overlap and len(tasks) > 1)
    store = ModelStore()
    store.path(args.model)
    times = open_times(args.image, args.series) if args.all_times or args.time is not None else None
    if times is not None:
        times.check(args.time or 0)
    image = times.read(args.time or 0) if times is not None else read_image(args.image, args.series)
    tasks = in_space(tasks, image, args.slice_order)
    volume = Volume.from_array(image.array)
    tasks = {name: replace(task, boxes=_in_pixels(args, task, volume.slice_size)) for name, task in tasks.items()}
    for path in (args.output, args.probability):
        if path is not None:
            check_can_hold(path, len(volume.array))
    check_scan(args.output, list(tasks), image.place)
    i, j, k = image.geometry.spacing
    tasks = {name: replace(task, spacing=(k, j, i)) for name, task in tasks.items()}
    # What is excluded is followed as a whole, and so is the object that it lies in.
    may_overlap = args.allow_overlap or bool(args.exclude)
    whole = WholeObjects(volume, exclusion.with_excluded(args, tasks, volume.slice_size), may_overlap)
    if args.all_times and times is not None:
        segment_times.check_arguments(args, times.count)
    engine = make_engine(args, store)
    seconds_loading = _load(engine, args.model)
    if args.all_times and times is not None:
        return segment_times.run(args, times, tasks, engine)
    results = exclusion.without_excluded(_run_with_progress(args, whole, engine), next(iter(tasks.values())).axis)
    outcome = "is left" if args.exclude else "was found"
    several = len(results) > 1
    notes = [*image.notes, *volume.notes]
    for name, result in results.items():
        where = f" of {name}" if several else ""
        notes += [f"Nothing {outcome} in the box{where} on slice {index}." for index in result.empty_prompts]
    found_by = SegmentingModel(args.model, engine.predictor(args.model).weights_sha256)
    segments = [Segment(name, result.mask, color_of(n), found_by) for n, (name, result) in enumerate(results.items())]
    write_segmentation(args.output, segments, image.place)
    if args.probability is not None:
        likely = next(iter(results.values())).probability(next(iter(tasks.values())).axis)
        write_probability(args.probability, likely, image.place)
    notes += remarks_on_output(args.output, segments, image.place)
    rows = {name: slice_rows(result.results) for name, result in results.items()}
    if args.csv:
        named = [{"segment": name, **row} if several else row for name in rows for row in rows[name]]
        write_table(table_path(args.output), named)
    if args.overlay is not None:
        _draw(args, image, volume, segments, tasks, next(iter(results.values())).window)
    for note in notes:
        warn(note)
    found = [{"name": name, **_found(image, result), "per_slice": rows[name]} for name, result in results.items()]
    summary = {
        "output": str(args.output),
        **({"segments": found} if several else {key: found[0][key] for key in found[0] if key != "name"}),
        **_how(args, engine, next(iter(results.values()))),
        "slices_total": volume.slice_count(next(iter(tasks.values())).axis),
        "seconds_loading": round(seconds_loading, 3),
        "warnings": notes,
    }
    _report(args, summary, found, results)
    return 0


def _draw(
    args: argparse.Namespace,
    image: Image,
    volume: Volume,
    segments: Sequence[Segment],
    tasks: Mapping[str, Task],
    window: IntensityRange,
) -> None:
    from medsamseg_server.cli.overlay_picture import Outcome, write_overlay

    outcomes = {each.name: Outcome(each.color, each.mask, tasks[each.name].boxes) for each in segments}
    axis = next(iter(tasks.values())).axis
    write_overlay(args.overlay, volume, window, axis, outcomes, image.geometry, image.voxel_ml is not None)


def _in_pixels(args: argparse.Namespace, task: Task, size_of: Callable[[int, int], tuple[int, int]]) -> dict[int, Box]:
    """Return the boxes of a task in voxel indices; ``size_of`` gives (H, W) for an axis and a slice."""
    if args.box_format == "corners":
        return dict(task.boxes)
    return {index: in_pixels(box, args.box_format, size_of(task.axis, index)) for index, box in task.boxes.items()}


def _run_boxes(args: argparse.Namespace) -> int:
    from medsamseg_server.cli import segment_boxes

    probability.check_options(args, 1)
    pictures = segment_boxes.check_arguments(args)
    store = ModelStore()
    store.path(args.model)
    engine = make_engine(args, store)
    _load(engine, args.model)
    return segment_boxes.run(args, pictures, engine)


def _run_film(args: argparse.Namespace, tasks: dict[str, Task]) -> int:
    from medsamseg_server.cli import segment_film

    segment_film.check_arguments(args, len(tasks))
    engine = make_engine(args, ModelStore())
    _load(engine, args.model)
    ((name, task),) = tasks.items()
    return segment_film.run(args, name, task.boxes, (task.first, task.last), engine)


def _make_tasks(args: argparse.Namespace) -> dict[str, Task]:
    """Return what the arguments ask for, by the segment's name, checked as far as that goes without the image."""
    from medsamseg_server.propagation import DEFAULT_METHOD
    from medsamseg_server.propagation.whole_volume import Task

    if args.name is not None and not is_name(args.name):
        raise _wrong_usage("name_invalid", f"{args.name!r} is no name for a segment.", "Give --name some letters.")
    axis, objects = _boxes_of(args)
    if args.name is not None and None not in objects:
        raise _wrong_usage("usage", "--name cannot go with several objects.", "Put the names into the file.")
    first, last = parse_range(args.range)
    return {
        (name or args.name or "Segment"): Task(
            axis,
            boxes,
            first,
            last,
            not args.slice_only,
            args.window,
            args.model,
            method=args.method or DEFAULT_METHOD,
            threshold=args.threshold,
        )
        for name, boxes in objects.items()
    }


def _boxes_of(args: argparse.Namespace) -> tuple[int, dict[str | None, dict[int, Box]]]:
    from medsamseg_server.image_io.pictures import may_be_flat

    if args.prompts is not None:
        for option in ("box", "slice", "axis"):
            if getattr(args, option) is not None:
                raise _wrong_usage("usage", f"--{option} cannot go with --prompts.", f"Put the {option} into the file.")
        if args.box_format != "corners":
            raise _wrong_usage("usage", "--box-format says what --box is.", "A prompts file has corners.")
        return read_prompts(args.prompts)
    # A flat picture has one slice; of a stack in such a file, the first.
    index = 0 if args.slice is None and may_be_flat(args.image) else args.slice
    if args.box is None or index is None:
        missing = "--box" if args.box is None else "--slice"
        raise _wrong_usage("usage", f"{missing} is missing.", "Give --box and --slice, or --prompts.")
    return args.axis or 0, {None: {index: parse_box(args.box)}}


def _wrong_usage(code: str, message: str, hint: str) -> MedSAMSegError:
    return MedSAMSegError(ErrorKind.INVALID_INPUT, code, message, hint)


def _refuse_to_replace_the_image(args: argparse.Namespace) -> None:
    if args.output.exists() and args.image.exists() and args.output.samefile(args.image):
        raise _wrong_usage(
            "output_is_input", f"{args.output} is the image itself.", "Choose another name with --output."
        )


def _load(engine: Engine, model: str) -> float:
    """Load the network before the first slice needs it, so that the times of slices are theirs; return the seconds."""
    started = time.perf_counter()
    engine.predictor(model)
    return time.perf_counter() - started


def _run_with_progress(args: argparse.Namespace, whole: WholeObjects, engine: Engine) -> dict[str, WholeMask]:
    hidden = not shows_progress(args)
    title = args.name or "Segment"
    with tqdm(total=whole.slices_total, unit="slice", desc=title, disable=hidden, leave=False) as bar:
        return whole.run(engine, lambda result: bar.update(), args.probability is not None)


def _found(image: Image, result: WholeMask) -> dict[str, Any]:
    voxels = int(result.mask.sum(dtype=int))
    return {
        "mask_voxels": voxels,
        "volume_ml": None if image.voxel_ml is None else _rounded(voxels * image.voxel_ml),
        "slices": len(result.slices),
        "first_slice": result.slices[0] if result.slices else None,
        "last_slice": result.slices[-1] if result.slices else None,
        "window": {"name": result.window.name, "lower": result.window.lower, "upper": result.window.upper},
        "stopped": [
            {"direction": end.direction, "slice": end.index, "reason": end.reason, "message": end.message}
            for end in result.ended
        ],
    }


def _rounded(volume: float) -> float:
    # Digits that count, however small the voxels are; without the noise of their product.
    return float(f"{volume:.8g}")


def _how(args: argparse.Namespace, engine: Engine, result: WholeMask) -> dict[str, Any]:
    return {
        "seconds_encoding": round(result.seconds_encoding, 3),
        "seconds_decoding": round(result.seconds_decoding, 3),
        "model": args.model,
        "weights_sha256": engine.predictor(args.model).weights_sha256,
        "device": engine.device,
    }


def _report(
    args: argparse.Namespace, summary: dict[str, Any], found: list[dict[str, Any]], results: dict[str, WholeMask]
) -> None:
    if args.json:
        print_json(summary)
        return
    for each, result in zip(found, results.values(), strict=True):
        place = _where(result.slices)
        say(args, f"{each['name']}: {each['mask_voxels']} voxels{_volume(each['volume_ml'])}{place}")
        for end in result.ended if summary["slices_total"] > 1 else ():
            say(args, f"  {end.direction}: {end.message}")
        window = result.window
        say(args, f"  Window {window.name} ({window.lower:g} to {window.upper:g})")
    times = ", ".join(f"{summary[f'seconds_{step}']:.1f} s {step}" for step in ("loading", "encoding", "decoding"))
    say(args, f"  {summary['model']} on {summary['device']}: {times}")
    also = ["the table of slices"] * args.csv
    also += [str(path) for path in (args.probability, args.overlay) if path is not None]
    say(args, ", and ".join([f"Written: {args.output}", *also]))


def _volume(volume: float | None) -> str:
    if volume is None:
        return ""
    return f", {volume:.3g} ml" if 0 < volume < 0.1 else f", {volume:.2f} ml"


def _where(slices: tuple[int, ...]) -> str:
    if len(slices) < 2:
        return f" on slice {slices[0]}" if slices else ""
    return f" on {len(slices)} slices ({slices[0]} to {slices[-1]})"
