"""``medsamseg serve``: the server that 3D Slicer talks to."""

from __future__ import annotations

import argparse
import gc
from collections.abc import Callable
from typing import TYPE_CHECKING

from medsamseg_server.cli.serving_options import add_serving_options, serve_options

if TYPE_CHECKING:
    from medsamseg_server.serving.serve_options import ServeOptions


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the command ``serve``."""
    parser = subparsers.add_parser(
        "serve",
        help="run the server that 3D Slicer talks to",
        description="Run the server. Prints one line of JSON on standard output when it accepts connections, with the "
        "port it listens on; the log goes to standard error. The access token is never taken from the command line, "
        "where other users of the computer could read it.",
    )
    add_serving_options(parser)
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Run the server until it is asked to end."""
    return _import_server()(serve_options(args))


def _import_server() -> Callable[[ServeOptions], int]:
    # Imported here because the web framework costs start-up time that the other commands need not pay.
    # Nothing that is imported is garbage; looking for some takes a tenth of the start.
    is_collecting = gc.isenabled()
    gc.disable()
    try:
        from medsamseg_server.serving.process import serve

        return serve
    finally:
        if is_collecting:
            gc.freeze()
            gc.enable()
