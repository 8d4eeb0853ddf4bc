"""``medsamseg cluster``: the server, with its work done on a Ray cluster."""

from __future__ import annotations

import argparse
import re
from dataclasses import replace

from medsamseg_server.cli.cache_option import add_cache_option, check_cache, refuse_quota
from medsamseg_server.cli.numbers_in_text import number, number_or_nan
from medsamseg_server.cli.serving_options import add_serving_options, serve_options
from medsamseg_server.errors import ErrorKind, MedSAMSegError

_IDLE_MINUTES = 10.0
_REPLICAS = re.compile(r"(?P<fewest>\d{1,4})(?:-(?P<most>\d{1,4}))?")
_minutes = number("a number of minutes", lambda minutes: 0 <= minutes < 2**20)
_EPILOG = """\
What a server keeps, volumes and embeddings in memory, is on the replica that a
volume was sent to, and its clicks go there. Sizes are those of each replica.

examples:
  medsamseg cluster serve --replicas 2          Ray starts on this computer alone
  medsamseg cluster serve --address 10.0.0.5:6379 --replicas 2-8 \\
      --gpus-per-replica 0.5 --users users.json --port 8000
"""


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the command ``cluster`` with its own commands."""
    parser = subparsers.add_parser(
        "cluster",
        help="work on several machines, by Ray",
        description="Work on several machines, by Ray. Other commands do so with --ray: batch, evaluate, cache.",
    )
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)
    _add_serve(commands)


def _add_serve(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    parser = commands.add_parser(
        "serve",
        help="run the server that 3D Slicer talks to, with its work done on a cluster",
        description="Run the server, with its work done on a Ray cluster. To those who use it, it is as 'medsamseg "
        "serve', and the options in common are the same. It listens on the computer where the command runs.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "--address",
        default="local",
        metavar="RAY",
        help="of the cluster, such as 10.0.0.5:6379; auto is the one that runs on this computer (default: Ray starts "
        "on this computer alone)",
    )
    parser.add_argument(
        "--replicas",
        type=_replicas,
        metavar="N",
        help="how many; 2-8 for as many as the load needs, from 2 to 8 (default: one on each machine)",
    )
    parser.add_argument(
        "--cpus-per-replica",
        type=_amount,
        metavar="N",
        help="cores of each, with as many threads (default: an equal part of its machine)",
    )
    parser.add_argument(
        "--gpus-per-replica",
        type=_amount,
        default=0.0,
        metavar="N",
        help="graphics cards of each, such as 0.5 for two on one card (default: none)",
    )
    parser.add_argument(
        "--idle-minutes",
        type=_minutes,
        default=_IDLE_MINUTES,
        metavar="N",
        help="with a range of --replicas: after so long without work for all of them, one goes, with its volumes "
        "(default: %(default)s)",
    )
    add_cache_option(parser, "in MEDSAMSEG_HOME")
    add_serving_options(parser)
    parser.set_defaults(run=run_serve)


def _replicas(text: str) -> tuple[int, int]:
    found = _REPLICAS.fullmatch(text)
    fewest = int(found["fewest"]) if found else 0
    most = int(found["most"] or fewest) if found else 0
    if not 1 <= fewest <= most:
        raise argparse.ArgumentTypeError(f"'{text[:20]}' is neither a number of replicas nor a range such as 2-8")
    return fewest, most


def _amount(text: str) -> float:
    value = number_or_nan(text)
    # Several whole ones, or a share of one: Ray knows nothing in between.
    if not 0 < value <= 1024 or (value > 1 and value != int(value)):
        raise argparse.ArgumentTypeError(f"'{text[:20]}' is no whole number from 1 on, and no share of one such as 0.5")
    return value


def run_serve(args: argparse.Namespace) -> int:
    """Run the server until it is asked to end."""
    if args.device == "cuda" and not args.gpus_per_replica:
        message = "--device cuda was given, and replicas get no graphics card."
        hint = "Say how much of one each gets, such as --gpus-per-replica 1 or 0.5."
        raise MedSAMSegError(ErrorKind.INVALID_INPUT, "replica_without_card", message, hint)
    refuse_quota(args.cache, args.embedding_disk)
    check_cache(args.cache)
    from medsamseg_server.cluster.replica_plan import ClusterOptions
    from medsamseg_server.cluster.serving import serve_on_cluster

    cluster = ClusterOptions(
        args.address, args.replicas, args.cpus_per_replica, args.gpus_per_replica, 60 * args.idle_minutes
    )
    options = serve_options(args)
    if args.cache:
        options = replace(options, embeddings_folder=args.cache)
    if args.users:
        options = replace(options, users=args.users.resolve())
    return serve_on_cluster(options, cluster)
