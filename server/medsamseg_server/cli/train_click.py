"""``medsamseg train click``: what box a click on an object means."""

from __future__ import annotations

import argparse
import shutil
from pathlib import Path

from medsamseg_server.cli.output import print_json, say
from medsamseg_server.cli.train_options import (
    add_data_options,
    add_run_options,
    add_schedule_options,
    schedule,
    settings,
)
from medsamseg_server.cli.train_run import show_progress, training
from medsamseg_server.weights.catalog import get_specification
from medsamseg_server.weights.click_heads import ClickHeadFile, require_no_click_head
from medsamseg_server.weights.registry import DEFAULT_MODEL
from medsamseg_server.weights.store import ModelStore


def add_parser(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the command."""
    parser = commands.add_parser(
        "click",
        help="teach a model what box a click on an object means",
        description="Teach a model what box a click on an object means: a small head on its embeddings learns from "
        "labeled scans. The model stays as it is. See medsamseg segment --click.",
    )
    add_data_options(parser)
    parser.add_argument("--base", metavar="MODEL", default=DEFAULT_MODEL, help="teach it (default: %(default)s)")
    parser.add_argument(
        "--embeddings",
        metavar="FOLDER",
        type=Path,
        help="keep embeddings here, for further runs on the same data (default: in the run's folder until it ends)",
    )
    add_schedule_options(parser, epochs=40, learning_rate=1e-3)
    add_run_options(parser, makes_model=False)
    parser.set_defaults(run=run, batch_size=16, patience=8)


def run(args: argparse.Namespace) -> int:
    """Train the head."""
    require_no_click_head(args.base, args.force)
    weights = ModelStore().path(args.base)
    from medsamseg_server.runtime.choice import load_predictor
    from medsamseg_server.training.click import register_with_measures, train_click_head
    from medsamseg_server.training.embeddings_on_disk import EmbeddingsOnDisk

    # Of the folder of its run.
    args.name = f"{args.base}-click"
    specification = get_specification(args.base)
    with training(args) as (folder, fabric, data), show_progress(args, fabric) as progress:
        kept = args.embeddings or folder / "embeddings"
        embeddings = EmbeddingsOnDisk(load_predictor(specification, weights, fabric.device.type), kept)
        head, history = train_click_head(specification, data, embeddings, schedule(args), folder, fabric, progress)
        if fabric.is_global_zero:
            found = register_with_measures(args.base, head, history, data, settings(args), kept, fabric.device.type)
            if args.embeddings is None:
                shutil.rmtree(kept, ignore_errors=True)
            _report(args, found, folder)
    return 0


def _report(args: argparse.Namespace, found: ClickHeadFile, folder: Path) -> None:
    metrics = found.provenance["metrics"]
    if args.json:
        values = {"model": found.model, "sha256": found.sha256, "run": str(folder), "metrics": metrics}
        print_json({**({"event": "done"} if args.events else {}), **values})
        return
    for target, means in metrics["test_by_target"].items():
        say(args, _line(target, means["box_iou"], means["dice_click"], means["dice_loose_box"]))
    say(args, _line("All", *(metrics[f"test_{name}"] for name in ("box_iou", "dice_click", "dice_loose_box"))))
    say(args, f"'{found.model}' now takes clicks: medsamseg segment IMAGE --click X,Y. Curves and split: {folder}")


def _line(target: str, iou: float, dice: float, loose: float) -> str:
    return f"Test, {target}: box IoU {iou:.3f}, Dice {dice:.4f} from a click, {loose:.4f} from a loose box"
