"""``--report``: what was measured, as a DICOM structured report."""

from __future__ import annotations

import argparse
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from medsamseg_server.errors import ErrorKind, MedSAMSegError

if TYPE_CHECKING:
    from medsamseg_server.image_io.image import Image
    from medsamseg_server.image_io.mask_writer import Segment
    from medsamseg_server.measurements.measuring import Measurements


def add_option(parser: argparse.ArgumentParser) -> None:
    """Add ``--report`` to the command."""
    parser.add_argument(
        "--report",
        metavar="OUT.sr.dcm",
        type=Path,
        help="of a DICOM scan, write volume, diameters and intensities as a structured report (SR, TID 1500) into its"
        " study",
    )


def check_option(args: argparse.Namespace, axis: int, is_film: bool) -> None:
    """Raise an error for what cannot be reported, before the image is read.

    Args:
        args: of ``medsamseg segment``.
        axis: array axis across the slices with boxes.
        is_film: whether the image is a film.

    Raises:
        MedSAMSegError: ``usage``, ``report_suffix``, ``report_axis``, ``output_exists``, ``output_is_input``, or of
            kind ``CANNOT_WRITE`` for the folder's faults.
    """
    from medsamseg_server.cli.output import refuse_to_replace_the_image
    from medsamseg_server.system.safe_files import ensure_writable, refuse_to_replace

    path = args.report
    if path is None:
        return
    for what, given in (("a film", is_film), ("--boxes", args.boxes is not None), ("--all-times", args.all_times)):
        if given:
            raise _refusal("usage", f"--report cannot go with {what}.", "Leave --report out.")
    if not path.name.lower().endswith(".dcm"):
        raise _refusal("report_suffix", f"{path.name} is no name for a DICOM report.", "End its name with .sr.dcm.")
    if path.resolve() == args.output.resolve():
        raise _refusal("usage", "--report and --output have the same name.", "Give the report a name of its own.")
    if axis != 0:
        raise _refusal(
            "report_axis",
            f"The ends of diameters on slices across axis {axis} do not lie on one stored image, which a DICOM report "
            "refers to.",
            "Draw the box on a stored slice (--axis 0), or leave --report out.",
        )
    refuse_to_replace_the_image(args.image, path)
    refuse_to_replace(path, args.force)
    ensure_writable(path.parent)


def check_scan(args: argparse.Namespace, image: Image) -> None:
    """Raise an error unless the scan can be reported on; as ``dicom_report.check_scan``."""
    if args.report is not None:
        from medsamseg_server.measurements import dicom_report

        dicom_report.check_scan(args.report, image)


def write(
    args: argparse.Namespace,
    image: Image,
    segments: Sequence[Segment],
    measured: Mapping[str, Measurements | None],
) -> None:
    """Write the report where one is asked for; it refers to the segmentation where that is a DICOM one.

    Raises:
        MedSAMSegError: of kind ``CANNOT_WRITE``, or as ``dicom_report.write_report``.
    """
    if args.report is None:
        return
    from medsamseg_server.image_io.dicom_masks import is_dicom_seg
    from medsamseg_server.measurements.dicom_report import Reported, check_scan, write_report
    from medsamseg_server.system.safe_files import replacing

    found = [(segment, measured[segment.name]) for segment in segments]
    objects = [Reported(segment, values) for segment, values in found if values is not None]
    source = check_scan(args.report, image)
    with replacing(args.report) as temporary:
        write_report(temporary, objects, source, args.output if is_dicom_seg(args.output) else None)


def _refusal(code: str, message: str, hint: str) -> MedSAMSegError:
    return MedSAMSegError(ErrorKind.INVALID_INPUT, code, message, hint)
