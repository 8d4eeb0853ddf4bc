"""``medsamseg segment`` on a scan: objects of one volume, from boxes on some of its slices."""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from tqdm import tqdm

from medsamseg_server.cli import clicking, exclusion, lines, measurement_report, pointing, segment_times
from medsamseg_server.cli.engine_options import make_loaded_engine
from medsamseg_server.cli.output import shows_progress, warn
from medsamseg_server.cli.overlay_picture import Outcome, check_overlay, write_overlay
from medsamseg_server.cli.segment_measures import measure_all, segments_path, write_segments
from medsamseg_server.cli.segment_report import report, summarize
from medsamseg_server.cli.segment_tasks import AskedObjects, with_boxes_in_pixels
from medsamseg_server.cli.slice_order import in_space
from medsamseg_server.cli.slice_table import slice_rows, table_path, write_table
from medsamseg_server.cli.terms import Terms
from medsamseg_server.engine.engine import Engine
from medsamseg_server.engine.probabilities import DEFAULT_THRESHOLD
from medsamseg_server.image_io.dicom_masks import check_scan, is_dicom_seg
from medsamseg_server.image_io.image import Image
from medsamseg_server.image_io.mask_writer import Segment, SegmentingModel
from medsamseg_server.image_io.phases import PhaseFiles
from medsamseg_server.image_io.probability_files import write_probability
from medsamseg_server.image_io.reading import read_image
from medsamseg_server.image_io.segmentations import (
    check_can_hold,
    check_output,
    color_of,
    notes_on_output,
    write_segmentation,
)
from medsamseg_server.image_io.times import Times, open_times
from medsamseg_server.propagation import SliceResult, SliceSeen
from medsamseg_server.propagation.fusing import Phases, make_slices
from medsamseg_server.propagation.meant import boxed
from medsamseg_server.propagation.task import Task
from medsamseg_server.propagation.whole_volume import WholeMask, WholeObjects
from medsamseg_server.volumes.volume import Volume
from medsamseg_server.weights.store import ModelStore

if TYPE_CHECKING:
    from medsamseg_server.measurements.measuring import Measurements


@dataclass(frozen=True)
class Segmented:
    """What was found in a scan, and is written.

    Attributes:
        results: the objects by name.
        measured: what was measured of each; None where the scan's millimeters are not known.
        summary: as ``segment_report.summarize``.
        notes: sentences that the user should read.
    """

    results: Mapping[str, WholeMask]
    measured: Mapping[str, Measurements | None]
    summary: dict[str, Any]
    notes: list[str]


@dataclass(frozen=True)
class _Scan:
    """The volume, and what to segment in it, checked.

    Attributes:
        image: as the file has it.
        volume: its voxels, as the engine takes them.
        tasks: by the objects' names, in voxels of the volume; all along one axis.
        terms: what the objects are.
        times: where the file has several volumes and one or all of them were asked for.
        phase_files: the files of further volumes.
        phases: those of the same time in its voxels.
        phase_notes: what the user should know of these.
    """

    image: Image
    volume: Volume
    tasks: Mapping[str, Task]
    terms: Terms
    times: Times | None
    phase_files: PhaseFiles
    phases: Phases
    phase_notes: tuple[str, ...]

    @property
    def axis(self) -> int:
        return next(iter(self.tasks.values())).axis


@dataclass(frozen=True)
class _Ready:
    """What is to be computed, and what computes it."""

    scan: _Scan
    objects: WholeObjects
    engine: Engine
    seconds_loading: float


def run(args: argparse.Namespace, asked: AskedObjects) -> int:
    """Segment the objects, and write what was asked for.

    Args:
        args: of ``medsamseg segment``.
        asked: the objects, as the arguments have them.
    """
    _check_outputs(args, len(asked.tasks))
    store = ModelStore()
    store.path(args.model)
    scan = _read(args, lambda image: asked)
    if args.all_times and scan.times is not None:
        segment_times.check_arguments(args, scan.times.count)
    ready = _make_ready(args, scan, lambda args: make_loaded_engine(args, store))
    if args.all_times and scan.times is not None:
        for note in scan.phase_notes:
            warn(note)
        in_time = segment_times.Scan(scan.times, scan.phase_files, scan.terms)
        return segment_times.run(args, in_time, ready.scan.tasks, ready.engine)
    found = _find(args, ready)
    for note in found.notes:
        warn(note)
    summary = found.summary | {"seconds_loading": round(ready.seconds_loading, 3), "warnings": found.notes}
    summary |= clicking.as_json(args, ready.scan.tasks)
    report(args, scan.terms, summary, found.results, found.measured)
    return 0


def segment(
    args: argparse.Namespace,
    asked_of: Callable[[Image], AskedObjects],
    load_engine: Callable[[argparse.Namespace], Engine],
) -> Segmented:
    """Segment the objects of one volume and write the files, as ``run``, but print nothing.

    Args:
        args: of ``medsamseg segment``, without ``--click``, ``--all-times`` and ``--allow-overlap``.
        asked_of: gives the objects to segment in the image.
        load_engine: gives the engine for the arguments; asked once they are known to be right.

    Raises:
        MedSAMSegError: what is wrong with the image, the tasks or the outputs.
    """
    _check_outputs(args, 1)
    return _find(args, _make_ready(args, _read(args, asked_of), load_engine))


def _make_ready(args: argparse.Namespace, scan: _Scan, load_engine: Callable[[argparse.Namespace], Engine]) -> _Ready:
    """Load the engine once as much as possible is known to be right; find the boxes that are not given."""
    if args.click is not None:
        clicking.check_click(scan.tasks, scan.volume)
    is_boxed = args.click is None and not any(task.pointed for task in scan.tasks.values())
    # Making them checks the tasks.
    objects = _objects(args, scan) if is_boxed else None
    started = time.perf_counter()
    engine = load_engine(args)
    seconds = time.perf_counter() - started
    if objects is None:
        scan = replace(scan, tasks=_with_boxes(args, scan, engine))
        objects = _objects(args, scan)
    return _Ready(scan, objects, engine, seconds)


def _objects(args: argparse.Namespace, scan: _Scan) -> WholeObjects:
    return WholeObjects(scan.volume, scan.tasks, args.allow_overlap, scan.phases)


def _with_boxes(args: argparse.Namespace, scan: _Scan, engine: Engine) -> dict[str, Task]:
    if args.click is not None:
        tasks = clicking.with_box(scan.tasks, scan.volume, engine)
        clicking.say_box(args, tasks)
        return tasks
    scan.phases.check(scan.volume)
    is_asked = args.probability is not None or args.threshold != DEFAULT_THRESHOLD
    source = make_slices(engine, scan.volume, scan.axis, args.window, args.model, is_asked, scan.phases)
    return {name: boxed(task, source) for name, task in scan.tasks.items()}


def _find(args: argparse.Namespace, ready: _Ready) -> Segmented:
    scan, engine = ready.scan, ready.engine
    results = _run_with_progress(args, ready.objects, engine)
    notes = [*scan.image.notes, *scan.volume.notes, *scan.phase_notes, *_notes_on_objects(args, results)]
    segments = _segments(args, scan.terms, engine, results)
    notes += _write(args, scan, segments, results)
    masks = {name: result.mask for name, result in results.items()}
    variants = {name: result.variants for name, result in results.items()}
    measured, unmeasured = measure_all(scan.image, scan.axis, masks, variants)
    notes += unmeasured
    segmentation = args.output if is_dicom_seg(args.output) else None
    pairs = [(segment, measured[segment.name]) for segment in segments]
    measurement_report.write(args.report, scan.image, pairs, segmentation)
    if args.csv:
        write_segments(segments_path(args.output), measured)
    summary = summarize(args, scan.terms, scan.image, engine, results, measured)
    summary["slices_total"] = scan.volume.slice_count(scan.axis)
    return Segmented(results, measured, summary, notes)


def _check_outputs(args: argparse.Namespace, objects: int) -> None:
    if not args.all_times:
        check_output(args.output, args.force)
    if args.overlay is not None:
        check_overlay(args.overlay, args.force)
    check_can_hold(args.output, overlap=args.allow_overlap and objects > 1)


def _read(args: argparse.Namespace, asked_of: Callable[[Image], AskedObjects]) -> _Scan:
    times = open_times(args.image, args.series) if args.all_times or args.time is not None else None
    if times is not None:
        times.check(args.time or 0)
    image = times.read(args.time or 0) if times is not None else read_image(args.image, args.series)
    volume = Volume.from_array(image.array)
    asked = asked_of(image)
    for path in (args.output, args.probability):
        if path is not None:
            check_can_hold(path, len(volume.array))
    check_scan(args.output, list(asked.tasks), image.place)
    measurement_report.check_scan(args.report, image)
    i, j, k = image.geometry.spacing
    excluded = exclusion.excluded_voxels(args, image)
    there = {
        name: replace(with_boxes_in_pixels(args, task, volume.slice_size), spacing=(k, j, i), exclude_mask=excluded)
        for name, task in in_space(dict(asked.tasks), image, args.slice_order).items()
    }
    there = lines.placed(args, there, image.geometry, volume.slice_size)
    pointing.check_points(there, volume.slice_size)
    phase_files = PhaseFiles(args.also, args.image.name, times, args.all_times)
    also, notes = phase_files.at(args.time or 0, image)
    return _Scan(image, volume, there, asked.terms, times, phase_files, Phases(also, args.fuse or "mean"), notes)


def _run_with_progress(args: argparse.Namespace, objects: WholeObjects, engine: Engine) -> dict[str, WholeMask]:
    hidden = not shows_progress(args)
    title = args.name or "Segment"
    with tqdm(total=objects.slices_total, unit="slice", desc=title, disable=hidden, leave=False) as bar:

        def show(done: SliceResult | SliceSeen) -> None:
            # The number of slices across the other axes is known once the object has been followed.
            bar.total += done.total if isinstance(done, SliceSeen) and done.done == 1 else 0
            bar.update()

        return objects.run(engine, show, args.probability is not None)


def _notes_on_objects(args: argparse.Namespace, results: Mapping[str, WholeMask]) -> list[str]:
    outcome = "is left" if args.exclude or args.exclude_labels else "was found"
    # Notes on the volume are the same for all of its objects.
    notes = list(dict.fromkeys(note for result in results.values() for note in result.notes))
    for name, result in results.items():
        where = f" of {name}" if len(results) > 1 else ""
        notes += [f"Nothing {outcome} in the box{where} on slice {index}." for index in result.empty_prompts]
        notes += [f"{name}: {sentence}" if len(results) > 1 else sentence for sentence in result.doubts]
    return notes


def _segments(
    args: argparse.Namespace, terms: Terms, engine: Engine, results: Mapping[str, WholeMask]
) -> list[Segment]:
    found_by = SegmentingModel(args.model, engine.predictor(args.model).weights_sha256)
    return [
        Segment(name, result.mask, color_of(n), found_by, terms.of(name))
        for n, (name, result) in enumerate(results.items())
    ]


def _write(
    args: argparse.Namespace, scan: _Scan, segments: Sequence[Segment], results: Mapping[str, WholeMask]
) -> tuple[str, ...]:
    """Write the segmentation and what goes with it; return what their reader should know."""
    write_segmentation(args.output, segments, scan.image.place)
    if args.probability is not None:
        likely = next(iter(results.values())).probability(scan.axis)
        write_probability(args.probability, likely, scan.image.place)
    if args.csv:
        _write_slices(args, results)
    if args.overlay is not None:
        _draw(args, scan, segments, results)
    return notes_on_output(args.output, segments, scan.image.place)


def _write_slices(args: argparse.Namespace, results: Mapping[str, WholeMask]) -> None:
    rows = [
        {"segment": name, **row} if len(results) > 1 else row
        for name, result in results.items()
        for row in slice_rows(result.results)
    ]
    write_table(table_path(args.output), rows)


def _draw(args: argparse.Namespace, scan: _Scan, segments: Sequence[Segment], results: Mapping[str, WholeMask]) -> None:
    outcomes = {
        each.name: Outcome(each.color, each.mask, scan.tasks[each.name].drawn_boxes, scan.tasks[each.name].points)
        for each in segments
    }
    window = next(iter(results.values())).window
    has_scale = scan.image.voxel_ml is not None
    write_overlay(args.overlay, scan.volume, window, scan.axis, outcomes, scan.image.geometry, has_scale)
