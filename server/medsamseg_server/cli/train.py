"""``medsamseg train``: new models from labeled scans."""

from __future__ import annotations

import argparse
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from medsamseg_server.cli import train_click
from medsamseg_server.cli.train_options import (
    add_box_option,
    add_close_ups_option,
    add_data_options,
    add_run_options,
    add_schedule_options,
    positive,
    rate,
    schedule,
    with_close_ups,
)
from medsamseg_server.cli.train_run import finish, show_progress, training
from medsamseg_server.models.specification import ModelSpecification, TinyViTParameters
from medsamseg_server.weights.catalog import get_specification
from medsamseg_server.weights.registry import DEFAULT_MODEL
from medsamseg_server.weights.store import ModelStore
from medsamseg_server.weights.trained import require_free_name

_EPILOG = """\
examples:
  medsamseg train finetune cases/ --name hippocampus
  medsamseg train finetune manifest.json --name liver --parts all --device cuda --precision bf16-mixed
  medsamseg train distill scans/ --name small --teacher medsam
  medsamseg train specialist cases/ --name hippocampus-unet
  medsamseg train click cases/

The same command again goes on where a run was stopped. See docs/training.md.
"""


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the command ``train`` with its own commands."""
    parser = subparsers.add_parser(
        "train",
        help="make new models from labeled scans",
        description="Make new models from labeled scans, for the same server and panel that run the published ones.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)
    _add_finetune(commands)
    _add_distill(commands)
    _add_specialist(commands)
    train_click.add_parser(commands)


def _add_finetune(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    parser = commands.add_parser(
        "finetune",
        help="tune a model to the objects of labeled scans",
        description="Tune a model to the objects of labeled scans by MedSAM's published protocol: prompt encoder "
        "frozen, boxes pushed outward at random, Dice plus cross-entropy, AdamW.",
    )
    add_data_options(parser)
    parser.add_argument("--base", metavar="MODEL", default=DEFAULT_MODEL, help="begin with it (default: %(default)s)")
    parser.add_argument(
        "--parts",
        choices=("decoder", "all", "lora"),
        default="decoder",
        help="what is trained: the mask decoder on embeddings that are computed once, which also a computer without "
        "graphics card does; encoder and decoder; or low-rank adapters in both (default: %(default)s)",
    )
    add_box_option(parser)
    add_close_ups_option(parser, "as the model is used that it begins with")
    parser.add_argument(
        "--embeddings",
        metavar="FOLDER",
        type=Path,
        help="keep embeddings here, for further runs on the same data (default: in the run's folder until it ends)",
    )
    add_schedule_options(parser, epochs=8)
    add_run_options(parser)
    parser.set_defaults(run=run_finetune)


def _add_distill(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    parser = commands.add_parser(
        "distill",
        help="teach a small encoder what a large one sees, then tune it",
        description="Teach a small encoder the embeddings of a large one, then tune the whole to the objects of "
        "labeled scans: how LiteMedSAM was made of MedSAM.",
    )
    add_data_options(parser)
    student = parser.add_argument_group("networks")
    student.add_argument("--teacher", metavar="MODEL", default=DEFAULT_MODEL, help="(default: %(default)s)")
    student.add_argument(
        "--start-from", metavar="MODEL", help="begin with this model's encoder as far as it fits (default: at random)"
    )
    for name, default in (("widths", (64, 128, 160, 320)), ("depths", (2, 2, 6, 2)), ("heads", (4, 5, 10))):
        shown = ",".join(map(str, default))
        student.add_argument(
            f"--{name}",
            type=_as_many_as(default),
            default=default,
            help=f"of the student, a TinyViT (default: {shown})",
        )
    stage = parser.add_argument_group("first stage")
    stage.add_argument("--embedding-epochs", type=positive, default=20, metavar="N", help="(default: %(default)s)")
    stage.add_argument("--embedding-rate", type=rate, default=5e-4, metavar="RATE", help="(default: %(default)s)")
    add_box_option(parser)
    add_close_ups_option(parser, "as the teacher is used")
    # The recipe's for the second stage.
    add_schedule_options(parser, epochs=8, learning_rate=5e-5)
    add_run_options(parser)
    parser.set_defaults(run=run_distill)


def _add_specialist(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    parser = commands.add_parser(
        "specialist",
        help="train a U-Net with the box as second channel, to compare with",
        description="Train a 2D U-Net (MONAI) that gets the box as second channel, as the MedSAM paper compares with. "
        "It knows nothing but these scans.",
    )
    add_data_options(parser)
    parser.add_argument("--widths", type=_two_or_more, default=(32, 64, 128, 256, 512), help="channels of the levels")
    add_box_option(parser)
    add_schedule_options(parser, epochs=30, learning_rate=1e-3)
    add_run_options(parser)
    parser.set_defaults(run=run_specialist)


def run_finetune(args: argparse.Namespace) -> int:
    """Tune a model."""
    require_free_name(args.name, args.force)
    weights = ModelStore().path(args.base)
    from medsamseg_server.runtime.choice import load_predictor
    from medsamseg_server.training.adapting import Parts
    from medsamseg_server.training.box_task import BoxTaskOptions
    from medsamseg_server.training.embeddings_on_disk import EmbeddingsOnDisk
    from medsamseg_server.training.finetune import finetune
    from medsamseg_server.weights.loading import load_network

    base = get_specification(args.base)
    specification = with_close_ups(base, args.close_ups, base.close_up_size)
    parts = Parts(args.parts)
    # LiteMedSAM's recipe trains the IoU and turns images over, MedSAM's does not; an embedding cannot be turned over.
    is_lite = isinstance(specification.encoder, TinyViTParameters)
    options = BoxTaskOptions(args.largest_shift, is_lite, flips=is_lite and parts is not Parts.DECODER, seed=args.seed)
    with training(args) as (folder, fabric, data), show_progress(args, fabric) as progress:
        network, _ = load_network(specification, weights)
        embeddings = None
        if parts is Parts.DECODER:
            predictor = load_predictor(specification, weights, fabric.device.type)
            embeddings = EmbeddingsOnDisk(predictor, args.embeddings or folder / "embeddings")
        outcome = finetune(
            network, specification, data, parts, options, schedule(args), folder, fabric, embeddings, progress
        )
        if fabric.is_global_zero:
            if args.embeddings is None:
                shutil.rmtree(folder / "embeddings", ignore_errors=True)
            finish(args, "finetune", specification, args.base, data, outcome, folder)
    return 0


def run_distill(args: argparse.Namespace) -> int:
    """Teach a small encoder, then tune the whole."""
    require_free_name(args.name, args.force)
    store = ModelStore()
    teacher_weights = store.path(args.teacher)
    from medsamseg_server.runtime.choice import load_predictor
    from medsamseg_server.training.adapting import Parts
    from medsamseg_server.training.box_task import BoxTaskOptions
    from medsamseg_server.training.distill import distill, make_student, stretched
    from medsamseg_server.training.embeddings_on_disk import EmbeddingsOnDisk
    from medsamseg_server.training.finetune import finetune
    from medsamseg_server.training.run_folder import subfolder
    from medsamseg_server.weights.loading import load_network

    teacher_specification = get_specification(args.teacher)
    specification = with_close_ups(_student_of(args), args.close_ups, teacher_specification.close_up_size)
    second = schedule(args)
    # An encoder that begins at random has statistics of batch normalization, which belong to its own weights.
    first = replace(second, epochs=args.embedding_epochs, learning_rate=args.embedding_rate, average=0.0)
    with training(args) as (folder, fabric, data), show_progress(args, fabric) as progress:
        teacher_network, _ = load_network(teacher_specification, teacher_weights)
        start = None
        if args.start_from is not None:
            start, _ = load_network(get_specification(args.start_from), store.path(args.start_from))
        network = make_student(specification, teacher_network, start)
        predictor = load_predictor(stretched(teacher_specification), teacher_weights, fabric.device.type)
        teacher = EmbeddingsOnDisk(predictor, folder / "embeddings")
        stage = subfolder(folder, "embedding_stage")
        history = distill(
            network, specification, teacher, data.train, data.validation, first, stage, fabric, progress.stepped
        )
        options = BoxTaskOptions(args.largest_shift, flips=True, seed=args.seed)
        outcome = finetune(network, specification, data, Parts.ALL, options, second, folder, fabric, progress=progress)
        if fabric.is_global_zero:
            shutil.rmtree(folder / "embeddings", ignore_errors=True)
            outcome.metrics["embedding_error"] = [row["embedding_error"] for row in history.rows]
            finish(args, "distill", specification, args.teacher, data, outcome, folder)
    return 0


def _student_of(args: argparse.Namespace) -> ModelSpecification:
    """Return what the default model would be with the encoder that the options describe."""
    lite = get_specification(DEFAULT_MODEL)
    assert isinstance(lite.encoder, TinyViTParameters)
    parameters = replace(lite.encoder, widths=args.widths, depths=args.depths, heads=args.heads)
    return replace(lite, name=args.name, title=args.name, encoder=parameters)


def run_specialist(args: argparse.Namespace) -> int:
    """Train a U-Net."""
    require_free_name(args.name, args.force)
    from medsamseg_server.models.specification import UNetParameters
    from medsamseg_server.training.box_task import BoxTaskOptions
    from medsamseg_server.training.specialist import specialist_specification, train_specialist

    parameters = UNetParameters(args.widths, (2,) * (len(args.widths) - 1))
    specification = specialist_specification(args.name, f"{args.name} (U-Net)", parameters)
    options = BoxTaskOptions(args.largest_shift, with_iou_loss=False, flips=True, seed=args.seed)
    with training(args) as (folder, fabric, data), show_progress(args, fabric) as progress:
        outcome = train_specialist(specification, data, options, schedule(args), folder, fabric, progress)
        if fabric.is_global_zero:
            finish(args, "specialist", specification, None, data, outcome, folder)
    return 0


def _as_many_as(default: tuple[int, ...]) -> Callable[[str], tuple[int, ...]]:
    """Return what reads as many whole numbers as there are in the default."""

    def read(text: str) -> tuple[int, ...]:
        numbers = _two_or_more(text)
        if len(numbers) != len(default):
            raise argparse.ArgumentTypeError(f"'{text}' is not {len(default)} whole numbers with commas")
        return numbers

    return read


def _two_or_more(text: str) -> tuple[int, ...]:
    parts = text.split(",")
    if len(parts) < 2 or not all(part.isdecimal() and int(part) > 0 for part in parts):
        raise argparse.ArgumentTypeError(f"'{text}' is not whole numbers above 0 with commas")
    return tuple(int(part) for part in parts)
