"""Many pieces of work in one command: one after the other, in several processes, or on a Ray cluster."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Generator, Sequence
from typing import TypeVar

from medsamseg_server.cli.numbers_in_text import whole_number
from medsamseg_server.errors import ErrorKind, MedSAMSegError

Item = TypeVar("Item")
Result = TypeVar("Result")

_jobs = whole_number("a number of jobs, 1 to 4096", 1, 4096)


def add_jobs_option(options: argparse._ActionsContainer, what: str) -> None:
    """Add ``--jobs``; ``what`` is done several at a time."""
    options.add_argument(
        "--jobs",
        metavar="N",
        type=_jobs,
        default=None,
        help=f"{what} at a time; each takes the memory of a network and of a scan (default: 1; with --ray, one on each "
        "core of the cluster, or on each graphics card with --device cuda)",
    )


def add_ray_option(options: argparse._ActionsContainer) -> None:
    """Add ``--ray``."""
    options.add_argument(
        "--ray",
        metavar="ADDRESS",
        nargs="?",
        const="local",
        help="work on a Ray cluster, such as 10.0.0.5:6379, whose machines see the same folders; without an address, "
        "Ray starts on this computer alone",
    )


def is_several(args: argparse.Namespace) -> bool:
    """Return whether more than one piece of work may be done at a time."""
    return args.ray is not None or args.jobs not in (None, 1)


def check_ray(args: argparse.Namespace) -> None:
    """Raise an error where ``--ray`` was given and Ray is not there: before anything is read or told.

    Raises:
        MedSAMSegError: ``cluster_not_installed``.
    """
    if args.ray is not None:
        from medsamseg_server.cluster.connection import check_ray_installed

        check_ray_installed()


def computer_of(args: argparse.Namespace) -> argparse.Namespace:
    """Return the options of ``engine_options.add_computer_options`` alone, which go to other processes."""
    return argparse.Namespace(device=args.device, runtime=args.runtime)


def process_ended(what: str) -> MedSAMSegError:
    """Return the error for a piece of work without a result; ``what`` ended, such as "The process that …"."""
    hint = "Often memory ran out: give fewer --jobs, and run the command again."
    return MedSAMSegError(ErrorKind.INTERNAL, "case_process_ended", f"{what} ended by itself.", hint)


def carried_out(
    args: argparse.Namespace, work: Callable[[Item], Result], items: Sequence[Item]
) -> Generator[tuple[Item, Result | None]]:
    """Yield each item with its result, as they are done; None where what worked on it died.

    Args:
        args: with ``jobs``, ``ray`` and ``device``.
        work: carries out an item, here or elsewhere; it must not raise.
        items: what there is to do.

    Raises:
        MedSAMSegError: as ``workers.on_cluster``.
    """
    if not items:
        return
    if args.ray is not None:
        from medsamseg_server.cluster.workers import Workers, on_cluster

        yield from on_cluster(work, items, Workers(args.ray, args.jobs, args.device == "cuda"))
    elif args.jobs in (None, 1):
        yield from ((each, work(each)) for each in items)
    else:
        from medsamseg_server.cli.batch_jobs import in_processes

        yield from in_processes(work, items, min(args.jobs, len(items)))
