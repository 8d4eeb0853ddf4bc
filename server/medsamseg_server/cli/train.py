"""``medsamseg train``: new models from labeled scans."""

from __future__ import annotations

import argparse
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tqdm import tqdm

from medsamseg_server.cli.output import print_json, say, shows_progress, warn
from medsamseg_server.cli.train_options import (
    add_data_options,
    add_run_options,
    add_schedule_options,
    data_options,
    schedule,
    settings,
)
from medsamseg_server.models.registry import DEFAULT_MODEL, get_checkpoint
from medsamseg_server.models.specification import get_specification
from medsamseg_server.models.store import ModelStore
from medsamseg_server.models.trained import require_free_name

if TYPE_CHECKING:
    from lightning_fabric import Fabric

    from medsamseg_server.models.trained import TrainedModel
    from medsamseg_server.training.data import TrainingData
    from medsamseg_server.training.finetune import Outcome, Progress
    from medsamseg_server.training.loop import Step

_EPILOG = """\
examples:
  medsamseg train finetune cases/ --name hippocampus
  medsamseg train finetune manifest.json --name liver --parts all --device cuda --precision bf16-mixed
  medsamseg train distill scans/ --name small --teacher medsam
  medsamseg train specialist cases/ --name hippocampus-unet

The same command again goes on where a run was stopped. See docs/training.md.
"""
_MOST_DROPPED_SHOWN = 10


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
    parser.add_argument(
        "--largest-shift",
        type=int,
        choices=range(1025),
        default=20,
        metavar="PIXELS",
        help="how far each side of a box is pushed outward at most, of 1024 (default: %(default)s)",
    )
    parser.add_argument(
        "--embeddings",
        metavar="FOLDER",
        type=Path,
        help="keep embeddings here, for further runs on the same data (default: in the run's folder until it ends)",
    )
    add_schedule_options(parser, epochs=8)
    add_run_options(parser)
    parser.set_defaults(run=run_finetune)


def run_finetune(args: argparse.Namespace) -> int:
    """Tune a model."""
    require_free_name(args.name, args.force)
    ModelStore().path(args.base)
    from medsamseg_server.training.adapting import Parts
    from medsamseg_server.training.box_lesson import Lessons
    from medsamseg_server.training.finetune import finetune
    from medsamseg_server.training.registering import register_tuned

    with _training(args) as (folder, fabric, data):
        parts = Parts(args.parts)
        teaches_iou = get_specification(args.base).tiny_vit is not None
        # LiteMedSAM's recipe turns images over; an embedding cannot be turned.
        lessons = Lessons(args.largest_shift, teaches_iou, flips=parts is not Parts.DECODER, seed=args.seed)
        with _progress(args, fabric) as progress:
            embeddings = args.embeddings or folder / "embeddings"
            outcome = finetune(args.base, data, parts, lessons, schedule(args), folder, fabric, embeddings, progress)
        if not fabric.is_global_zero:
            return 0
        if args.embeddings is None:
            shutil.rmtree(folder / "embeddings", ignore_errors=True)
        provenance = _provenance("finetune", args, data, outcome)
        title = args.title or f"{args.name} ({get_checkpoint(args.base).title})"
        trained = register_tuned(args.base, args.name, title, outcome.network, provenance, args.force)
    _report(args, trained, folder)
    return 0


@contextmanager
def _training(args: argparse.Namespace) -> Iterator[tuple[Path, Fabric, TrainingData]]:
    """Open the run's folder, and prepare devices and data."""
    from medsamseg_server.allocator import keep_freed_memory
    from medsamseg_server.runtime.torch_runtime import select_device
    from medsamseg_server.training.extras import require_training_packages
    from medsamseg_server.training.loop import make_fabric
    from medsamseg_server.training.run_folder import default_run_folder, open_run_folder

    require_training_packages()
    keep_freed_memory()
    folder = args.run_folder or default_run_folder(args.name)
    fabric = make_fabric(select_device(args.device), args.devices, args.precision)
    fabric.seed_everything(args.seed, verbose=False)
    with fabric.rank_zero_first():
        open_run_folder(folder, settings(args), args.restart and fabric.is_global_zero)
        data = _prepare(args, folder, fabric)
    yield folder, fabric, data


def _prepare(args: argparse.Namespace, folder: Path, fabric: Fabric) -> TrainingData:
    from medsamseg_server.training.data import prepare_data

    hidden = not (shows_progress(args) and fabric.is_global_zero)
    with tqdm(unit="case", desc="Reading", disable=hidden, leave=False) as bar:
        data = prepare_data(data_options(args), folder, lambda name: bar.update() and None)
    if fabric.is_global_zero:
        _say_what_is_used(args, data, folder)
    return data


def _say_what_is_used(args: argparse.Namespace, data: TrainingData, folder: Path) -> None:
    split, report = data.split, data.report
    say(args, f"Training: {len(split.train)} cases, {_count(data.train)} objects on slices")
    say(args, f"Validation: {len(split.validation)} cases, {_count(data.validation)}")
    say(args, f"Test: {len(split.test)} cases, {_count(data.test)}")
    if report.small_slices or report.spared_slices:
        say(args, f"Left out: {report.small_slices} too small on a slice; {report.spared_slices} slices not needed")
    for dropped in report.dropped[:_MOST_DROPPED_SHOWN]:
        warn(f"Left out {dropped.case}: {dropped.reason}")
    if len(report.dropped) > _MOST_DROPPED_SHOWN:
        warn(f"Left out {len(report.dropped) - _MOST_DROPPED_SHOWN} more; see {folder / 'data.json'}")


def _count(slices: list[Any]) -> int:
    return sum(len(each.masks) for each in slices)


@contextmanager
def _progress(args: argparse.Namespace, fabric: Fabric) -> Iterator[Progress]:
    """Show bars for encoding and for each epoch, and print a line after each epoch."""
    from medsamseg_server.training.finetune import Progress

    hidden = not (shows_progress(args) and fabric.is_global_zero)
    with (
        tqdm(unit="slice", desc="Encoding", disable=hidden, leave=False) as encoding,
        tqdm(unit="step", disable=hidden, leave=False) as steps,
    ):

        def encoded(total: int) -> None:
            encoding.total = total
            encoding.update()

        def stepped(step: Step) -> None:
            steps.total = step.steps
            steps.set_description(f"Epoch {step.epoch + 1}, loss {step.loss:.3f}")
            steps.update(step.step - steps.n)
            if step.row is not None and fabric.is_global_zero:
                tqdm.write("", end="") if hidden else steps.clear()
                say(args, _epoch_line(step))

        yield Progress(encoded, stepped)


def _epoch_line(step: Step) -> str:
    assert step.row is not None
    measures = ", ".join(
        f"{name} {value:.4f}" for name, value in step.row.items() if name not in ("epoch", "loss", "score")
    )
    return f"Epoch {step.epoch + 1}: loss {step.loss:.4f}, {measures}"


def _provenance(kind: str, args: argparse.Namespace, data: TrainingData, outcome: Outcome) -> dict[str, Any]:
    from medsamseg_server.training.registering import describe_data

    return {
        "kind": kind,
        "protocol": settings(args),
        "data": describe_data(data),
        "metrics": outcome.metrics,
        "seconds": round(outcome.seconds, 1),
    }


def _report(args: argparse.Namespace, trained: TrainedModel, folder: Path) -> None:
    metrics = trained.provenance["metrics"]
    if args.json:
        print_json(
            {
                "model": trained.name,
                "path": str(ModelStore().path(trained.name)),
                "sha256": trained.sha256,
                "run": str(folder),
                "metrics": metrics,
            }
        )
        return
    before = metrics.get("test_dice_per_slice_before")
    change = "" if before is None else f" (before: {before:.4f})"
    say(args, f"Test: Dice per slice {metrics['test_dice_per_slice']:.4f}{change}")
    say(args, f"The model '{trained.name}' is ready. Curves, split and test manifest: {folder}")
