"""``medsamseg segment``: from boxes to a segmentation file, without Slicer."""

from __future__ import annotations

import argparse
from pathlib import Path

from medsamseg_server.cli import clicking, exclusion, lines, meaning, measurement_report, pointing, probability
from medsamseg_server.cli.engine_options import make_loaded_engine
from medsamseg_server.cli.output import refuse_to_replace_the_image
from medsamseg_server.cli.segment_options import EPILOG, add_options
from medsamseg_server.cli.segment_tasks import make_tasks
from medsamseg_server.cli.terms import Terms
from medsamseg_server.cli.usage import wrong_usage
from medsamseg_server.weights.store import ModelStore


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the command ``segment``."""
    parser = subparsers.add_parser(
        "segment",
        help="segment objects in an image file, from boxes",
        description="Segment objects in a scan: from a box on one slice, or on several, through the volume.",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add_options(parser)
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Segment what the image file holds: a scan, a film, or pictures with the boxes of an annotation tool."""
    lines.check_options(args)
    meaning.check_option(args)
    pointing.check_options(args)
    if args.boxes is not None:
        return _run_boxes(args)
    asked = make_tasks(args)
    tasks = asked.tasks
    # What reads images and runs networks is imported after the arguments are known to be right.
    from medsamseg_server.cli import segment_film, segment_scan
    from medsamseg_server.image_io.film_names import is_film

    refuse_to_replace_the_image(args.image, args.output)
    probability.check_options(args, len(tasks))
    exclusion.check_options(args, is_film(args.image), tasks.values())
    clicking.check_options(args, is_film(args.image))
    pointing.check_times(args, tasks)
    _check_phases(args)
    _check_planes(args, is_film(args.image))
    measurement_report.check_option(args, next(iter(tasks.values())).axis, is_film(args.image))
    asked.terms.check(_outputs(args), "a film" if is_film(args.image) else None)
    if is_film(args.image):
        lines.check_film(args)
        return segment_film.run(args, tasks)
    return segment_scan.run(args, asked)


def _run_boxes(args: argparse.Namespace) -> int:
    from medsamseg_server.cli import segment_boxes

    exclusion.check_options(args, is_film=False)
    clicking.check_options(args, is_film=False)
    _check_phases(args)
    _check_planes(args, is_film=False)
    measurement_report.check_option(args, 0, is_film=False)
    Terms(args).check(_outputs(args), "--boxes")
    probability.check_options(args, 1)
    pictures = segment_boxes.check_arguments(args)
    store = ModelStore()
    store.path(args.model)
    return segment_boxes.run(args, pictures, make_loaded_engine(args, store))


def _outputs(args: argparse.Namespace) -> list[Path]:
    return [path for path in (args.output, args.report) if path is not None]


def _check_planes(args: argparse.Namespace, is_film: bool) -> None:
    for what, given in (("a film", is_film), ("--boxes", args.boxes is not None), ("--slice-only", args.slice_only)):
        if args.planes > 1 and given:
            raise wrong_usage(f"--planes {args.planes} cannot go with {what}.", "Leave --planes out.")


def _check_phases(args: argparse.Namespace) -> None:
    if args.fuse is not None and not args.also:
        raise wrong_usage("--fuse says what several volumes make together.", "Name the others with --also.")
    if args.also and args.boxes is not None:
        raise wrong_usage("--also cannot go with --boxes.", "Leave --also out.")
    given = [args.image]
    for path in args.also:
        # What is not there is told by who reads it.
        if path.exists() and any(each.exists() and path.samefile(each) for each in given):
            raise wrong_usage(f"--also {path} is given twice.", "Name another volume, or leave it out.")
        given.append(path)
