"""The options that say which network computes where, and the engine that they mean: the same in every command."""

from __future__ import annotations

import argparse
import sys
from typing import TYPE_CHECKING

from medsamseg_server.cli.output import shows_progress
from medsamseg_server.runtime.choice import RUNTIMES
from medsamseg_server.volumes.windows import AUTO
from medsamseg_server.weights.registry import CHECKPOINTS, DEFAULT_MODEL

if TYPE_CHECKING:
    from medsamseg_server.engine.embedding_cache import EmbeddingCache
    from medsamseg_server.engine.engine import Engine
    from medsamseg_server.weights.store import ModelStore

#: What ``--device`` takes.
DEVICES = ("auto", "cuda", "mps", "cpu")


def add_model_option(
    options: argparse._ActionsContainer,
    text: str = f"one of: {', '.join(CHECKPOINTS)}, or one trained here",
    default: str = DEFAULT_MODEL,
) -> None:
    """Add ``--model``; ``text`` says what it is for."""
    options.add_argument("--model", metavar="NAME", default=default, help=f"{text} (default: %(default)s)")


def add_window_option(options: argparse._ActionsContainer, text: str = "intensities that the model sees") -> None:
    """Add ``--window``; ``text`` says what it is for."""
    options.add_argument("--window", default=AUTO, help=f"{text} (default: %(default)s)")


def add_computer_options(options: argparse._ActionsContainer) -> None:
    """Add ``--device`` and ``--runtime``."""
    add_device_option(options)
    options.add_argument(
        "--runtime",
        choices=RUNTIMES,
        default="auto",
        help="what computes: auto is OpenVINO on the processor and PyTorch on a graphics card (default: %(default)s)",
    )


def add_device_option(options: argparse._ActionsContainer) -> None:
    """Add ``--device``."""
    options.add_argument("--device", choices=DEVICES, default="auto", help="where networks run (default: %(default)s)")


def make_engine(args: argparse.Namespace, store: ModelStore, cache: EmbeddingCache | None = None) -> Engine:
    """Return the engine that ``add_computer_options`` asks for; by default it keeps embeddings in memory only."""
    # Imported here because it costs start-up time that a wrong argument need not pay.
    from medsamseg_server.engine.engine import Engine

    return Engine(store, cache, device=args.device, runtime=args.runtime)


def make_loaded_engine(args: argparse.Namespace, store: ModelStore) -> Engine:
    """Return an engine with the network of ``--model`` loaded, so that the times of slices are theirs."""
    engine = make_engine(args, store)
    # The first time, the network is converted for this computer, which would look like a hang.
    waiting = "Loading the network; the first time, that takes up to a minute …"
    is_told = shows_progress(args)
    if is_told:
        print(waiting, end="\r", file=sys.stderr, flush=True)
    try:
        engine.predictor(args.model)
    finally:
        if is_told:
            print(" " * len(waiting), end="\r", file=sys.stderr, flush=True)
    return engine
