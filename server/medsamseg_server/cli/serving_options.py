"""The options of a server, however its work is done: who is let in where, and what it computes with."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from medsamseg_server.cli.engine_options import add_computer_options, add_model_option
from medsamseg_server.cli.numbers_in_text import number, whole_number
from medsamseg_server.engine.embedding_cache import DEFAULT_MEMORY_BYTES
from medsamseg_server.engine.loaded_networks import DEFAULT_UNLOAD_AFTER_SECONDS

if TYPE_CHECKING:
    from medsamseg_server.serving.serve_options import ServeOptions

_GIBIBYTE = 2**30
_PLACES = 8
_NNINTERACTIVE_SESSIONS = 4

_size = number("a size in GiB", lambda size: 0 <= size < 2**20)
_minutes = number("a number of minutes", lambda minutes: 0 <= minutes < 2**20)
_users = whole_number("a number of users from 1 to 1000", 1, 1000)


def add_serving_options(parser: argparse.ArgumentParser) -> None:
    """Add the options that ``serve_options`` reads."""
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on (default: %(default)s)")
    parser.add_argument("--port", type=int, default=0, help="port; 0 for any free one (default: %(default)s)")
    add_model_option(parser, "model when a request names none")
    add_computer_options(parser)
    parser.add_argument(
        "--token-from",
        metavar="SOURCE",
        help="read the access token from env:NAME or from the first line of stdin; without it one is made up and "
        "printed in the ready line. Needed for an address that other computers can reach",
    )
    parser.add_argument("--tls-certificate", type=Path, metavar="PEM", help="certificate; the server then speaks HTTPS")
    parser.add_argument("--tls-key", type=Path, metavar="PEM", help="private key of the certificate")
    parser.add_argument(
        "--insecure-remote",
        action="store_true",
        help="let other computers in without encryption: everyone on the network in between can read images and token",
    )
    parser.add_argument("--exit-with-stdin", action="store_true", help="end when standard input closes")
    _add_size(parser, "--upload-limit", 4, "longest volume that is accepted")
    _add_size(parser, "--volume-memory", 4, "memory for uploaded volumes")
    _add_size(parser, "--embedding-memory", DEFAULT_MEMORY_BYTES / _GIBIBYTE, "memory for image embeddings")
    parser.add_argument(
        "--embedding-disk",
        type=_size,
        metavar="GIB",
        help="disk space for image embeddings; 0 for none (default: what 'medsamseg cache limit' has set, or 10)",
    )
    parser.add_argument(
        "--unload-after",
        type=_minutes,
        default=DEFAULT_UNLOAD_AFTER_SECONDS / 60,
        metavar="MINUTES",
        help="unload networks after so long without work, and load them again when there is some; 0 for never "
        "(default: %(default)s)",
    )
    parser.add_argument(
        "--users",
        type=Path,
        metavar="FILE",
        help="let in the users of a file that 'medsamseg users' made, each with a token and a place of their own, in "
        "place of the one token",
    )
    parser.add_argument(
        "--places",
        type=_users,
        default=_PLACES,
        metavar="N",
        help="how many of --users can be at work at the same time (default: %(default)s)",
    )
    parser.add_argument(
        "--nninteractive",
        type=_users,
        nargs="?",
        const=_NNINTERACTIVE_SESSIONS,
        default=0,
        metavar="USERS",
        help="speak nnInteractive's remote protocol as well, with at most USERS at the same time (default: %(const)s), "
        "so that viewers which know it can be given this server's address and, as API key, its token",
    )


def serve_options(args: argparse.Namespace) -> ServeOptions:
    """Return what the options ask for."""
    # Imported here because the web framework costs start-up time that the other commands need not pay.
    from medsamseg_server.serving.serve_options import ServeOptions

    return ServeOptions(
        host=args.host,
        port=args.port,
        model=args.model,
        device=args.device,
        runtime=args.runtime,
        unload_after=60 * args.unload_after,
        tls_certificate=args.tls_certificate,
        tls_key=args.tls_key,
        insecure_remote=args.insecure_remote,
        token_from=args.token_from,
        exit_with_stdin=args.exit_with_stdin,
        upload_bytes=int(args.upload_limit * _GIBIBYTE),
        volume_bytes=int(args.volume_memory * _GIBIBYTE),
        embedding_memory_bytes=int(args.embedding_memory * _GIBIBYTE),
        embedding_disk_bytes=None if args.embedding_disk is None else int(args.embedding_disk * _GIBIBYTE),
        users=args.users,
        places=args.places,
        nninteractive_sessions=args.nninteractive,
    )


def _add_size(parser: argparse.ArgumentParser, option: str, gibibytes: float, text: str) -> None:
    parser.add_argument(option, type=_size, default=gibibytes, metavar="GIB", help=f"{text} (default: %(default)s)")
