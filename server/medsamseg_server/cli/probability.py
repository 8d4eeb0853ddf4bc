"""``--probability`` and ``--threshold``: what is behind the mask."""

from __future__ import annotations

import argparse
from pathlib import Path

from medsamseg_server.errors import ErrorKind, MedSAMSegError


def add_options(parser: argparse.ArgumentParser, group: argparse._ArgumentGroup) -> None:
    """Add ``--probability`` to the command and ``--threshold`` to what says how an object is found."""
    parser.add_argument(
        "--probability",
        metavar="OUT",
        type=Path,
        help="write how likely each voxel is the object's: .nii.gz, .nrrd, .mha or .tif (0 to 1), .png (0 to 255)",
    )
    group.add_argument(
        "--threshold",
        metavar="P",
        type=float,
        default=0.5,
        help="probability above which a voxel is the object's, 0 to 1 (default: 0.5)",
    )


def check_options(args: argparse.Namespace, objects: int) -> None:
    """Raise an error for what cannot be asked, before anything is computed.

    Raises:
        MedSAMSegError: ``threshold_invalid``, ``usage``, or as ``probability_files.check_probability_output``.
    """
    from medsamseg_server.engine.probabilities import check_threshold
    from medsamseg_server.image_io.probability_files import check_probability_output

    check_threshold(args.threshold)
    if args.probability is None:
        return
    if objects > 1:
        message = f"--probability writes the map of one object, but there are {objects}."
        raise MedSAMSegError(ErrorKind.INVALID_INPUT, "usage", message, "Segment one object after the other for that.")
    check_probability_output(args.probability, args.force)
