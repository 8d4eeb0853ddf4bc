"""Options that the training commands share, and what they mean."""

from __future__ import annotations

import argparse
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from medsamseg_server.cli.engine_options import add_device_option, add_window_option
from medsamseg_server.cli.numbers_in_text import number, whole_number
from medsamseg_server.cli.output import add_output_options
from medsamseg_server.errors import ErrorKind, MedSAMSegError
from medsamseg_server.weights.registry import DEFAULT_MODEL

if TYPE_CHECKING:
    from medsamseg_server.models.specification import ModelSpecification
    from medsamseg_server.training.data import DataOptions
    from medsamseg_server.training.loop import Schedule

#: Types of options.
rate = number("a number from 0 to 1", lambda value: 0 <= value < 1)
positive = whole_number("a whole number above 0", 1)
_count = whole_number("a whole number")
_share = number("a part above 0 and up to 1", lambda value: 0 < value <= 1)

# Arguments on which the result does not depend.
_IRRELEVANT = {
    "run", "json", "quiet", "restart", "force", "device", "devices", "name", "title", "run_folder", "embeddings",
    "save_steps", "events",
}  # fmt: skip


def add_data_options(parser: argparse.ArgumentParser) -> None:
    """Add the options that say which data is used."""
    parser.add_argument("data", metavar="DATA", type=Path, help="folder with scans and label maps, or a manifest")
    data = parser.add_argument_group("data")
    add_window_option(data, "window of scans in a folder")
    data.add_argument("--axis", type=int, choices=(0, 1, 2), default=0, help="axis across the slices (default: 0)")
    data.add_argument("--split", metavar="FILE", type=Path, help="split by case to use, instead of 80/10/10 at random")
    data.add_argument(
        "--train-share",
        type=_share,
        default=1.0,
        metavar="PART",
        help="use this part of the training cases (default: 1)",
    )
    data.add_argument(
        "--slices-per-case",
        type=_count,
        default=8,
        metavar="N",
        help="at most so many slices of each case, 0 for all (default: %(default)s)",
    )
    data.add_argument(
        "--smallest-slice",
        type=_count,
        default=10,
        metavar="PIXELS",
        help="leave out objects with fewer pixels on a slice (default: %(default)s)",
    )
    data.add_argument(
        "--smallest-volume",
        type=_count,
        default=100,
        metavar="VOXELS",
        help="leave out objects with fewer voxels in a scan (default: %(default)s)",
    )
    data.add_argument(
        "--hold-back-slices",
        dest="holds_back_slices",
        action="store_true",
        help="measure on some slices of every case, instead of on whole cases: for corrections of one or two scans",
    )
    data.add_argument(
        "--mix", metavar="DATA", type=Path, help="further data, to go on practicing what must not be forgotten"
    )


def add_box_option(parser: argparse.ArgumentParser) -> None:
    """Add the option that says how far boxes are from tight."""
    parser.add_argument(
        "--largest-shift",
        type=int,
        choices=range(1025),
        default=20,
        metavar="PIXELS",
        help="how far each side of a box is pushed outward at most, in pixels of 1024 (default: %(default)s)",
    )


def add_close_ups_option(parser: argparse.ArgumentParser, default: str) -> None:
    """Add the option that says whether objects are learned in close-ups; ``default`` says what happens without it."""
    parser.add_argument(
        "--close-ups",
        action=argparse.BooleanOptionalAction,
        default=None,
        help="learn small objects in close-ups, larger and smaller ones at random, and see them so later; or only in "
        f"whole slices (default: {default})",
    )


def with_close_ups(
    specification: ModelSpecification, wanted: bool | None, known_size: int | None
) -> ModelSpecification:
    """Return a model that sees objects as the arguments want it.

    Args:
        specification: the model.
        wanted: close-ups, or only whole slices; None for what ``known_size`` says.
        known_size: side of the encoder's input for close-ups of the model that it begins with, or that teaches it.

    Raises:
        MedSAMSegError: ``close_ups_impossible``.
    """
    if wanted is None:
        return replace(specification, close_up_size=known_size)
    if wanted and specification.close_up_size is None:
        raise MedSAMSegError(
            ErrorKind.INVALID_INPUT,
            "close_ups_impossible",
            f"{specification.title} sees whole slices only.",
            f"Begin with a model that has close-ups, such as {DEFAULT_MODEL}, or leave --close-ups out.",
        )
    return specification if wanted else replace(specification, close_up_size=None)


def add_schedule_options(parser: argparse.ArgumentParser, epochs: int, learning_rate: float = 1e-4) -> None:
    """Add the options that say how long and how fast is trained."""
    schedule = parser.add_argument_group("training")
    schedule.add_argument("--epochs", type=positive, default=epochs, help="at most so many (default: %(default)s)")
    schedule.add_argument("--batch-size", type=positive, default=8, help="objects per step (default: %(default)s)")
    schedule.add_argument(
        "--learning-rate", type=rate, default=learning_rate, help="of AdamW, constant (default: %(default)s)"
    )
    schedule.add_argument("--weight-decay", type=rate, default=0.01, help="of AdamW (default: %(default)s)")
    schedule.add_argument(
        "--patience",
        type=positive,
        default=3,
        help="stop after so many epochs without progress (default: %(default)s)",
    )
    schedule.add_argument(
        "--average",
        type=rate,
        default=0.99,
        metavar="MEMORY",
        help="memory of the running average of the weights, which is what is kept; 0 keeps the weights themselves, as "
        "published (default: %(default)s)",
    )
    schedule.add_argument("--seed", type=_count, default=0, help="of all that is random (default: %(default)s)")
    schedule.add_argument(
        "--save-steps", type=positive, default=50, help="keep the state after so many steps (default: %(default)s)"
    )


def add_run_options(parser: argparse.ArgumentParser, makes_model: bool = True) -> None:
    """Add the options that say where the result goes and where it is computed."""
    result = parser.add_argument_group("result")
    if makes_model:
        result.add_argument("--name", required=True, help="name of the new model, such as hippocampus")
        result.add_argument("--title", help="its name for people (default: made of the name)")
    result.add_argument(
        "--force",
        "-f",
        action="store_true",
        help="replace a trained model of this name" if makes_model else "replace what the model has learned of clicks",
    )
    result.add_argument(
        "--run",
        dest="run_folder",
        metavar="FOLDER",
        type=Path,
        help="for split, curves and the state to go on from (default: training/NAME in the user's data folder)",
    )
    result.add_argument("--restart", action="store_true", help="begin anew instead of going on from that state")
    result.add_argument(
        "--events",
        action="store_true",
        help="print progress as lines of JSON, for programs; the last is the result",
    )
    computer = parser.add_argument_group("computer")
    add_device_option(computer)
    computer.add_argument("--devices", type=positive, default=1, metavar="N", help="graphics cards (default: 1)")
    computer.add_argument(
        "--precision",
        choices=("32-true", "bf16-mixed", "16-mixed"),
        default="32-true",
        help="number format of the arithmetic (default: %(default)s)",
    )
    add_output_options(parser)


def data_options(args: argparse.Namespace) -> DataOptions:
    """Return which data the arguments name."""
    from medsamseg_server.training.cases import SizeLimits
    from medsamseg_server.training.data import DataOptions

    return DataOptions(
        args.data,
        args.window,
        args.axis,
        SizeLimits(args.smallest_slice, args.smallest_volume),
        args.slices_per_case or None,
        args.train_share,
        args.split,
        args.mix,
        args.seed,
        args.holds_back_slices,
    )


def schedule(args: argparse.Namespace) -> Schedule:
    """Return how long and how fast the arguments want to train."""
    from medsamseg_server.training.loop import Schedule

    return Schedule(
        args.epochs,
        args.batch_size,
        args.learning_rate,
        args.weight_decay,
        args.patience,
        args.average,
        args.seed,
        args.save_steps,
    )


def settings(args: argparse.Namespace) -> dict[str, Any]:
    """Return all that the result depends on, as plain JSON."""
    found = {name: value for name, value in vars(args).items() if name not in _IRRELEVANT}
    return {name: _plain(value) for name, value in found.items()}


def _plain(value: Any) -> Any:
    """Return a value as JSON gives it back."""
    if isinstance(value, Path):
        return str(value.resolve())
    return list(value) if isinstance(value, tuple) else value
