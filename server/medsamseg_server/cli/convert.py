"""``medsamseg convert``: the labels of a scan from one type of file to others, such as DICOM."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from medsamseg_server.cli import measurement_report, terms
from medsamseg_server.cli.output import add_output_options, print_json, refuse_to_replace_the_image, say, warn
from medsamseg_server.cli.segment_measures import in_digits, measure_all, rounded
from medsamseg_server.cli.usage import wrong_usage

if TYPE_CHECKING:
    from medsamseg_server.image_io.image import Image
    from medsamseg_server.image_io.mask_writer import Segment

_EPILOG = """\
The labels have to lie on the scan: turned or cropped ones are put right, others refused.
Names, colors and terms are kept where both files have a field for them.

examples:
  medsamseg convert tumor.seg.nrrd --image dicom/ -o tumor.dcm --report tumor.sr.dcm
  medsamseg convert structures.dcm --image dicom/ -o organs.seg.nrrd
  medsamseg convert organs.seg.nrrd --image dicom/ -o organs.labelmap.dcm -o organs.rtstruct.dcm

For research; not a medical device.
"""


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the command ``convert``."""
    parser = subparsers.add_parser(
        "convert",
        help="write the labels of a scan as another type of file, such as DICOM SEG, RTSTRUCT or SR",
        description="Write the labels of a scan as other types of file, and their measurements as a DICOM report.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "labels",
        metavar="LABELS",
        type=Path,
        help=".seg.nrrd, DICOM segmentation (SEG) or structure set (RTSTRUCT), or a label map in NRRD, NIfTI or"
        " MetaImage",
    )
    parser.add_argument(
        "--image",
        metavar="IMAGE",
        type=Path,
        required=True,
        help="the scan that they lie on; of DICOM a folder, a file, or a .txt with the path of a file in each line",
    )
    parser.add_argument("--series", metavar="UID", help="which series of a DICOM folder; UID:N for one of its volumes")
    parser.add_argument(
        "--output",
        "-o",
        metavar="OUT",
        type=Path,
        action="append",
        default=[],
        help="what to write, by its ending, as of 'medsamseg segment'; several may be given",
    )
    measurement_report.add_option(parser)
    parser.add_argument("--force", action="store_true", help="replace files that exist")
    terms.add_options(parser.add_argument_group("what the objects are"))
    parser.add_argument("--events", action="store_true", help="print a line of JSON for each step")
    add_output_options(parser)
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Write the labels as what was asked for."""
    _check_outputs(args)
    from medsamseg_server.image_io.dicom_masks import check_scan
    from medsamseg_server.image_io.label_reading import read_labels
    from medsamseg_server.image_io.label_segments import segments_of
    from medsamseg_server.image_io.mask_writer import Layers
    from medsamseg_server.image_io.reading import read_image
    from medsamseg_server.image_io.segmentations import check_can_hold, notes_on_output, write_segmentation

    steps = 1 + len(_written(args))
    _tell(args, 0, steps)
    image = read_image(args.image, args.series)
    labels = read_labels(args.labels, image)
    segments = segments_of(labels, args.labels, terms.Terms(args).of())
    overlap = len(Layers.of(segments).arrays) > 1
    for path in args.output:
        check_can_hold(path, len(image.array), overlap)
        check_scan(path, [segment.name for segment in segments], image.place)
    measurement_report.check_scan(args.report, image)
    notes = [*image.notes, *labels.notes]
    for number, path in enumerate(args.output, start=1):
        _tell(args, number, steps)
        write_segmentation(path, segments, image.place)
        notes += notes_on_output(path, segments, image.place)
    notes += _report(args, image, segments, steps)
    for note in notes:
        warn(note)
    _say(args, segments, image.voxel_ml, notes)
    return 0


def _written(args: argparse.Namespace) -> list[Path]:
    return [*args.output, *([] if args.report is None else [args.report])]


def _check_outputs(args: argparse.Namespace) -> None:
    """Raise an error for what cannot be written, before anything is read."""
    from medsamseg_server.image_io.segmentations import check_output

    if not _written(args):
        raise wrong_usage("Nothing says what to write.", "Give --output, --report, or both.")
    names = [path.resolve() for path in _written(args)]
    if len(set(names)) < len(names):
        raise wrong_usage("Two outputs have the same name.", "Give each a name of its own.")
    for path in args.output:
        refuse_to_replace_the_image(args.image, path)
        refuse_to_replace_the_image(args.labels, path, "the file of the labels itself")
        check_output(path, args.force)
    measurement_report.check_path(args.report, args.image, args.force)
    terms.Terms(args).check(_written(args))


def _report(args: argparse.Namespace, image: Image, segments: list[Segment], steps: int) -> list[str]:
    """Write the report where one is asked for; return what could not be measured."""
    if args.report is None:
        return []
    from medsamseg_server.image_io.dicom_masks import is_dicom_seg

    _tell(args, steps - 1, steps)
    measured, notes = measure_all(image, 0, {segment.name: segment.mask for segment in segments})
    segmentation = next((path for path in args.output if is_dicom_seg(path)), None)
    measurement_report.write(
        args.report, image, [(segment, measured[segment.name]) for segment in segments], segmentation
    )
    return notes


def _tell(args: argparse.Namespace, done: int, total: int) -> None:
    if args.events:
        print_json({"event": "step", "done": done, "total": total})


def _say(args: argparse.Namespace, segments: list[Segment], voxel_ml: float | None, notes: list[str]) -> None:
    written = [str(path) for path in _written(args)]
    counts = [int(each.mask.sum(dtype=int)) for each in segments]
    volumes = [None if voxel_ml is None else rounded(count * voxel_ml) for count in counts]
    found = list(zip(segments, counts, volumes, strict=True))
    if args.json:
        rows = [{"name": each.name, "mask_voxels": count, "volume_ml": volume} for each, count, volume in found]
        print_json({"written": written, "segments": rows, "warnings": notes})
        return
    for each, count, volume in found:
        size = f"{count} voxel{'' if count == 1 else 's'}" + ("" if volume is None else f", {in_digits(volume, 2)} ml")
        say(args, f"{each.name}: {size}, {each.terminology}")
    say(args, f"Written: {', and '.join(written)}")
