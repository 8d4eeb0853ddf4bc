"""What the training commands have in common: the run's folder, data, devices, progress, and the finished model."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tqdm import tqdm

from medsamseg_server.cli.output import print_json, say, shows_progress, warn
from medsamseg_server.cli.train_options import data_options, settings
from medsamseg_server.models.specification import ModelSpecification
from medsamseg_server.weights.catalog import get_checkpoint
from medsamseg_server.weights.store import ModelStore

if TYPE_CHECKING:
    from lightning_fabric import Fabric

    from medsamseg_server.training.data import TrainingData
    from medsamseg_server.training.finetune import Outcome, Progress
    from medsamseg_server.training.loop import Step

_MOST_DROPPED_SHOWN = 10


@contextmanager
def training(args: argparse.Namespace) -> Iterator[tuple[Path, Fabric, TrainingData]]:
    """Open the run's folder, and prepare devices and data."""
    from medsamseg_server.runtime.torch_runtime import select_device
    from medsamseg_server.system.allocator import keep_freed_memory
    from medsamseg_server.training.extras import require_training_packages
    from medsamseg_server.training.loop import make_fabric
    from medsamseg_server.training.run_folder import default_run_folder, open_run_folder

    args.json = args.json or args.events
    require_training_packages()
    keep_freed_memory()
    folder = args.run_folder or default_run_folder(args.name)
    fabric = make_fabric(select_device(args.device), args.devices, args.precision)
    fabric.seed_everything(args.seed, verbose=False)
    with fabric.rank_zero_first():
        # A run may be given more time.
        fixed = {key: value for key, value in settings(args).items() if key not in ("epochs", "patience")}
        open_run_folder(folder, fixed, args.restart and fabric.is_global_zero)
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
def show_progress(args: argparse.Namespace, fabric: Fabric) -> Iterator[Progress]:
    """Show bars for encoding and for each epoch, and print a line after each epoch; or print events for programs."""
    from medsamseg_server.training.finetune import Progress

    if args.events:
        yield _events(args, fabric)
        return
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


def _events(args: argparse.Namespace, fabric: Fabric) -> Progress:
    """Return what prints one line of JSON for each thing that happens."""
    from medsamseg_server.training.finetune import Progress

    done = 0

    def send(event: str, **values: Any) -> None:
        if fabric.is_global_zero:
            print_json({"event": event, **values})

    def encoded(total: int) -> None:
        nonlocal done
        done += 1
        send("encoded", done=done, total=total)

    def stepped(step: Step) -> None:
        place = {"epoch": step.epoch + 1, "epochs": args.epochs, "step": step.step, "steps": step.steps}
        if step.row is None:
            send("step", **place, loss=round(step.loss, 5))
        else:
            send("epoch", **place, loss=round(step.loss, 5), measures=step.row)

    return Progress(encoded, stepped)


def _epoch_line(step: Step) -> str:
    assert step.row is not None
    measures = ", ".join(
        f"{name} {value:.4f}" for name, value in step.row.items() if name not in ("epoch", "loss", "score")
    )
    return f"Epoch {step.epoch + 1}: loss {step.loss:.4f}, {measures}"


def finish(
    args: argparse.Namespace,
    kind: str,
    specification: ModelSpecification,
    origin: str | None,
    data: TrainingData,
    outcome: Outcome,
    folder: Path,
) -> None:
    """Register the trained network under the name that was asked for, and say how good it is.

    Args:
        args: of the command.
        kind: of the training.
        specification: of the network.
        origin: the model whose weights it began with, or that taught it; None for none.
        data: what it learned from.
        outcome: what came of it.
        folder: of the run.
    """
    from medsamseg_server.training.registering import register

    title = args.title or f"{args.name} ({get_checkpoint(origin).title if origin else 'U-Net'})"
    # It learned one mask for a box, whatever it began with.
    named = replace(specification, name=args.name, title=title, unused_weights=(), proposes=False)
    protocol = {"kind": kind, "protocol": settings(args)}
    trained = register(named, outcome, data, protocol, origin, args.force)
    metrics = trained.provenance["metrics"]
    if args.json:
        path = ModelStore().path(trained.name)
        values = {"model": trained.name, "path": str(path), "sha256": trained.sha256, "run": str(folder)}
        print_json({**({"event": "done"} if args.events else {}), **values, "metrics": metrics})
        return
    before = metrics.get("test_by_target_before", {})
    for target, dice in metrics["test_by_target"].items():
        say(args, _test_line(target, dice, before.get(target)))
    say(args, _test_line("All", metrics["test_dice_per_slice"], metrics.get("test_dice_per_slice_before")))
    say(args, f"The model '{trained.name}' is ready. Curves, split and test manifest: {folder}")


def _test_line(target: str, dice: float, before: float | None) -> str:
    change = "" if before is None else f", before {before:.4f}, change {dice - before:+.4f}"
    return f"Test, {target}: Dice per slice {dice:.4f}{change}"
