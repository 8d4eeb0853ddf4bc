"""``medsamseg serve``: the server that 3D Slicer talks to."""

from __future__ import annotations

import argparse
import gc
from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

from medsamseg_server.cli.serving_options import add_serving_options, number_of_users, serve_options

if TYPE_CHECKING:
    from medsamseg_server.serving.serve_options import ServeOptions

_NNINTERACTIVE_SESSIONS = 4


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
    parser.add_argument(
        "--nninteractive",
        type=number_of_users,
        nargs="?",
        const=_NNINTERACTIVE_SESSIONS,
        default=0,
        metavar="USERS",
        help="speak nnInteractive's remote protocol as well, with at most USERS at the same time (default: %(const)s), "
        "so that viewers which know it can be given this server's address and, as API key, its token",
    )
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Run the server until it is asked to end."""
    options = replace(serve_options(args), nninteractive_sessions=args.nninteractive)
    return _import_server()(options)


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
