"""``--report``: what was measured, as a DICOM structured report."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
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
    path = args.report
    if path is None:
        return
    for what, given in (("a film", is_film), ("--boxes", args.boxes is not None), ("--all-times", args.all_times)):
        if given:
            raise _refusal("usage", f"--report cannot go with {what}.", "Leave --report out.")
    check_path(path, args.image, args.force)
    if path.resolve() == args.output.resolve():
        raise _refusal("usage", "--report and --output have the same name.", "Give the report a name of its own.")
    if axis != 0:
        raise _refusal(
            "report_axis",
            f"The ends of diameters on slices across axis {axis} do not lie on one stored image, which a DICOM report "
            "refers to.",
            "Draw the box on a stored slice (--axis 0), or leave --report out.",
        )


def check_path(path: Path | None, image: Path, overwrite: bool) -> None:
    """Raise an error unless a report can be written to ``path``, if that is one.

    Raises:
        MedSAMSegError: ``report_suffix``, ``output_exists``, ``output_is_input``, or of kind ``CANNOT_WRITE``.
    """
    from medsamseg_server.cli.output import refuse_to_replace_the_image
    from medsamseg_server.system.safe_files import ensure_writable, refuse_to_replace

    if path is None:
        return
    if not path.name.lower().endswith(".dcm"):
        raise _refusal("report_suffix", f"{path.name} is no name for a DICOM report.", "End its name with .sr.dcm.")
    refuse_to_replace_the_image(image, path)
    refuse_to_replace(path, overwrite)
    ensure_writable(path.parent)


def check_scan(path: Path | None, image: Image) -> None:
    """Raise an error unless the scan can be reported on, if that is asked for; as ``dicom_report.check_scan``."""
    if path is not None:
        from medsamseg_server.measurements import dicom_report

        dicom_report.check_scan(path, image)


def write(
    path: Path | None,
    image: Image,
    found: Sequence[tuple[Segment, Measurements | None]],
    segmentation: Path | None,
) -> None:
    """Write the report where one is asked for.

    Args:
        path: the report; None where none is asked for.
        image: the scan.
        found: the segments, and what was measured of each.
        segmentation: the DICOM segmentation with the same segments, for the report to refer to; None without one.

    Raises:
        MedSAMSegError: of kind ``CANNOT_WRITE``, or as ``dicom_report.write_report``.
    """
    if path is None:
        return
    from medsamseg_server.measurements.dicom_report import Reported, check_scan, write_report
    from medsamseg_server.system.safe_files import replacing

    objects = [Reported(segment, values) for segment, values in found if values is not None]
    source = check_scan(path, image)
    with replacing(path) as temporary:
        write_report(temporary, objects, source, segmentation)


def _refusal(code: str, message: str, hint: str) -> MedSAMSegError:
    return MedSAMSegError(ErrorKind.INVALID_INPUT, code, message, hint)
