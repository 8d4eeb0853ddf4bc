"""``medsamseg cache``: the embeddings kept on this computer's disk."""

from __future__ import annotations

import argparse
import time
from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tqdm import tqdm

from medsamseg_server.cli import many
from medsamseg_server.cli.cache_option import add_cache_option, check_cache
from medsamseg_server.cli.engine_options import add_computer_options, add_model_option, make_engine
from medsamseg_server.cli.numbers_in_text import number
from medsamseg_server.cli.output import add_output_options, print_json, say, shows_progress, warn
from medsamseg_server.engine.embedding_folder import EmbeddingFolder
from medsamseg_server.errors import ErrorKind, MedSAMSegError
from medsamseg_server.system import paths
from medsamseg_server.system.places import StoreUrl
from medsamseg_server.system.safe_files import readable_size
from medsamseg_server.weights.store import ModelStore

if TYPE_CHECKING:
    from medsamseg_server.cli.precompute import ScanWork
    from medsamseg_server.engine.precomputing import Scan

_GIGABYTE = 1e9
_DAY_SECONDS = 86_400.0

_gigabytes = number("a number of gigabytes", lambda size: 0 <= size < 1e6)
_days = number("a number of days", lambda days: 0 <= days < 1e6)

_EPILOG = """\
Encoding a slice takes far longer than segmenting a box on it. Encoded slices are
kept on disk, so that a scan that is opened again, also by another program, is
fast from the first click. Those unused for longest go when the space is used up.

examples:
  medsamseg cache info
  medsamseg cache precompute tomorrow/           encode all scans of a folder
  medsamseg cache precompute chest.nrrd --window lung --window soft --axis 0 --axis 1
  medsamseg cache precompute tomorrow/ --cache s3://bucket/embeddings
  medsamseg cache clear --unused-days 30
  medsamseg cache limit 50                      50 GB, about 24,000 slices
"""


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the command ``cache`` with its own commands."""
    parser = subparsers.add_parser(
        "cache",
        help="show, clear and fill the store of encoded slices",
        description="Show, clear and fill the store of encoded slices on disk.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)
    _add_info(commands)
    _add_clear(commands)
    _add_warm(commands)
    _add_limit(commands)


def _add_info(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    parser = commands.add_parser("info", help="show how much is kept, and where")
    add_output_options(parser)
    parser.set_defaults(run=run_info)


def _add_clear(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    parser = commands.add_parser(
        "clear", help="delete encoded slices", description="Delete encoded slices. They are computed again when needed."
    )
    parser.add_argument("--unused-days", metavar="N", type=_days, help="only those not used for so many days")
    add_output_options(parser)
    parser.set_defaults(run=run_clear)


def _add_warm(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    parser = commands.add_parser(
        "precompute",
        help="encode scans before they are opened",
        description="Encode all slices of scans, for example the night before. What is encoded already is left out, so "
        "an interrupted run goes on where it was. Give the window, axis and model that will be used in Slicer.",
    )
    parser.add_argument(
        "scans",
        metavar="FILE",
        nargs="+",
        type=Path,
        help="scans in NRRD, NIfTI, MetaImage or DICOM, or folders of them",
    )
    parser.add_argument(
        "--window", action="append", help="intensities that the model sees; several times for several (default: auto)"
    )
    parser.add_argument(
        "--axis",
        action="append",
        type=int,
        choices=(0, 1, 2),
        help="array axis; several times for several (default: 0)",
    )
    add_model_option(parser)
    add_computer_options(parser)
    many.add_jobs_option(parser, "scans")
    many.add_ray_option(parser)
    add_cache_option(parser, "in MEDSAMSEG_HOME")
    add_output_options(parser)
    parser.set_defaults(run=run_warm)


def _add_limit(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    parser = commands.add_parser(
        "limit",
        help="set how much disk space encoded slices may take",
        description=(
            "Set what disk space encoded slices may take. A slice takes half a megabyte to 2 MB. Servers obey "
            "when they start."
        ),
    )
    parser.add_argument("gigabytes", metavar="GB", type=_gigabytes)
    add_output_options(parser)
    parser.set_defaults(run=run_limit)


def run_info(args: argparse.Namespace) -> int:
    """Show how much is kept."""
    folder = _folder()
    use = folder.use()
    if args.json:
        print_json({"folder": str(folder.folder), "quota": folder.quota, **asdict(use)})
        return 0
    say(args, f"Folder: {folder.folder}")
    say(args, f"Encoded slices: {use.entries}, {readable_size(use.size)} of at most {readable_size(folder.quota)}")
    if use.first_use is not None and use.last_use is not None:
        say(args, f"Last used: {_date(use.last_use)}; the one unused for longest: {_date(use.first_use)}")
    return 0


def run_clear(args: argparse.Namespace) -> int:
    """Delete encoded slices."""
    folder = _folder()
    since = None if args.unused_days is None else time.time() - args.unused_days * _DAY_SECONDS
    try:
        dropped = folder.clear(since)
    except OSError as error:
        message = f"The encoded slices in {folder.folder} could not all be deleted: {error.strerror or error}."
        raise MedSAMSegError(
            ErrorKind.CANNOT_WRITE, "cache_not_cleared", message, "Check the folder's rights."
        ) from error
    if args.json:
        print_json({"entries": dropped.entries, "size": dropped.size})
    say(args, f"Deleted: {dropped.entries} encoded slices, {readable_size(dropped.size)}")
    return 0


def run_limit(args: argparse.Namespace) -> int:
    """Set the disk space for encoded slices."""
    folder = _folder()
    try:
        folder.set_quota(int(args.gigabytes * _GIGABYTE))
    except OSError as error:
        message = f"The limit cannot be written to {folder.folder}: {error.strerror or error}."
        raise MedSAMSegError(ErrorKind.CANNOT_WRITE, "limit_not_kept", message, "Check the folder's rights.") from error
    if args.json:
        print_json({"quota": folder.quota})
    say(args, f"Encoded slices may take {readable_size(folder.quota)}")
    return 0


def run_warm(args: argparse.Namespace) -> int:
    """Encode scans before they are opened."""
    many.check_ray(args)
    check_cache(args.cache)
    store = ModelStore()
    store.path(args.model)
    # What reads images and runs networks is imported after the arguments are known to be right.
    from medsamseg_server.cli.precompute import ScanWork
    from medsamseg_server.engine.precomputing import PrecomputeRequest, find_scans
    from medsamseg_server.volumes.windows import check_window

    windows = tuple(args.window or ["auto"])
    for window in windows:
        check_window(window)
    scans = find_scans(args.scans)
    place = args.cache or paths.embeddings_folder()
    quota = None if isinstance(place, StoreUrl) else EmbeddingFolder(place).quota
    request = PrecomputeRequest(tuple(args.axis or [0]), windows, args.model)
    share = len(scans) if many.is_several(args) else None
    work = ScanWork(request, place, quota, share, many.computer_of(args), make_engine)
    try:
        results = _in_one_place(args, work, scans) if share is None else _in_many_places(args, work, scans)
    except KeyboardInterrupt:
        raise MedSAMSegError(
            ErrorKind.CANCELLED,
            "cancelled",
            "Stopped.",
            "What is encoded is kept; the same command goes on from there.",
        ) from None
    failed = [result["error"] for result in results if "error" in result]
    if args.json:
        print_json({"scans": results})
    return ErrorKind.UNREADABLE.exit_status if failed else 0


def _in_one_place(args: argparse.Namespace, work: ScanWork, scans: Sequence[Scan]) -> list[dict[str, Any]]:
    """Encode scans in this process, with a bar of each one's slices; return what became of them."""
    work.load()
    results = []
    hidden = not shows_progress(args)
    for scan in scans:
        with tqdm(unit="slice", desc=scan.path.name, disable=hidden, leave=False) as bar:
            results.append(work(scan, bar.reset, bar.update))
        _report(args, scan, results[-1])
    return results


def _in_many_places(args: argparse.Namespace, work: ScanWork, scans: Sequence[Scan]) -> list[dict[str, Any]]:
    """Encode scans in several processes; return what became of them, in their order."""
    from medsamseg_server.cli.precompute import as_result

    results: dict[Scan, dict[str, Any]] = {}
    # On another machine, relative paths would start elsewhere.
    sent = {replace(scan, path=scan.path.absolute()): scan for scan in scans}
    with closing(many.carried_out(args, work, list(sent))) as done:
        for each, result in done:
            scan = sent[each]
            result = result or as_result(many.process_ended("The process that encoded the scan"))
            results[scan] = {**result, "path": str(scan.path), "series": scan.series}
            _report(args, scan, results[scan])
    return [results[scan] for scan in scans]


def _report(args: argparse.Namespace, scan: Scan, result: Mapping[str, Any]) -> None:
    """Say what became of a scan; one that cannot be read must not keep the others waiting."""
    name = str(scan.path) if scan.series is None else f"{scan.path} ({scan.series})"
    if "error" in result:
        warn(f"{name}: {result['error']['message']} {result['error']['hint']}".rstrip())
        return
    counts = f"{result['slices']} slices, {result['encoded']} of them encoded now"
    say(args, f"{name}: {counts}, in {result['seconds']:.0f} s")
    if not result["complete"]:
        warn(f"{name}: the rest does not fit. Set another limit with 'medsamseg cache limit', if the disk has room.")


def _folder() -> EmbeddingFolder:
    return EmbeddingFolder(paths.embeddings_folder())


def _date(seconds: float) -> str:
    return time.strftime("%Y-%m-%d %H:%M", time.localtime(seconds))
