"""``medsamseg study``: what annotation costs, by hand and with help."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

from tqdm import tqdm

from medsamseg_server.cli.engine_options import add_computer_options, add_model_option, make_engine
from medsamseg_server.cli.numbers_in_text import number, whole_number
from medsamseg_server.cli.output import add_output_options, print_json, say, shows_progress
from medsamseg_server.system.safe_files import ensure_writable, replacing
from medsamseg_server.weights.store import ModelStore

if TYPE_CHECKING:
    from medsamseg_server.annotation_study.study import WaySummary

_dice = number("a number between 0 and 1", lambda dice: 0 < dice < 1)
_to_1000 = number("a number from 0 to 1000", lambda value: 0 <= value <= 1000)
_interval = whole_number("a whole number above 0", 1)

_EPILOG = """\
ways:
  contours      an outline on every slice, by hand
  boxes         a box on every slice, then the worst masks corrected
  interpolated  boxes on every Nth slice, those between interpolated (the MedSAM
                study), then the worst masks corrected
  propagated    one box, propagated; then each slice is looked at, the least sure
                first; a bad one gets a box or is outlined, and is propagated from
  lines         the two diameters of RECIST 1.1, propagated as far as the longest;
                then a look in each of three views; bad slices that these show are
                mended and propagated from until the views show nothing wrong
  batch         a box round each object of a scan, all followed together without
                being told where they end; then one after the other as with 'lines'
  perfect       what is left of 'batch' if the program were never wrong and took no
                time: the bound

The time is a model, not a measurement: seconds for each box, each point of an outline,
each look, each key and each click. Waiting is what this computer took. See
docs/training.md.
"""


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the command ``study``."""
    parser = subparsers.add_parser(
        "study",
        help="model what annotation costs, by hand and with help",
        description="Let a simulated reader segment labeled objects in several ways until they are good enough, and "
        "model the time.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("manifest", metavar="MANIFEST", type=Path, help="as for 'medsamseg evaluate'")
    add_model_option(parser, "the network that helps")
    parser.add_argument("--dice", type=_dice, default=0.9, help="to reach, in 3D (default: %(default)s)")
    parser.add_argument(
        "--every",
        type=_interval,
        default=5,
        metavar="N",
        help="of 'interpolated': a box on every Nth slice (default: %(default)s)",
    )
    parser.add_argument(
        "--jitter", type=_to_1000, default=5.0, metavar="PERCENT", help="how loose boxes are (default: %(default)s)"
    )
    parser.add_argument("--seed", type=int, default=0, help="of the jitter (default: %(default)s)")
    costs = parser.add_argument_group("cost model, in seconds")
    costs.add_argument("--seconds-per-box", type=_to_1000, default=7.0, metavar="S", help="(default: %(default)s)")
    costs.add_argument("--seconds-per-point", type=_to_1000, default=1.75, metavar="S", help="(default: %(default)s)")
    costs.add_argument("--seconds-per-check", type=_to_1000, default=2.0, metavar="S", help="(default: %(default)s)")
    costs.add_argument("--seconds-per-key", type=_to_1000, default=0.28, metavar="S", help="(default: %(default)s)")
    costs.add_argument("--seconds-per-click", type=_to_1000, default=1.38, metavar="S", help="(default: %(default)s)")
    parser.add_argument("--out", metavar="FILE.csv", type=Path, help="write every object in every way")
    parser.add_argument("--picture", metavar="FILE.png", type=Path, help="draw the times")
    add_computer_options(parser)
    add_output_options(parser)
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Run the readers, and show what each way costs."""
    for path in filter(None, (args.out, args.picture)):
        ensure_writable(path.parent)
    store = ModelStore()
    store.path(args.model)
    from medsamseg_server.annotation_study.costs import CostModel
    from medsamseg_server.annotation_study.study import (
        WAYS,
        draw_study,
        run_study,
        summarize_study,
        write_study,
    )
    from medsamseg_server.evaluation.manifest import read_manifest, require_single_scans
    from medsamseg_server.evaluation.protocols import Jitter

    entries = require_single_scans(read_manifest(args.manifest), "A study takes")
    costs = CostModel(
        box=args.seconds_per_box,
        point=args.seconds_per_point,
        check=args.seconds_per_check,
        key=args.seconds_per_key,
        click=args.seconds_per_click,
    )
    jitter = Jitter(args.jitter, args.seed)
    engine = make_engine(args, store)
    found = run_study(engine, entries, args.model, args.dice, args.every, jitter, costs)
    total = sum(len(entry.targets) for entry in entries) * len(WAYS)
    rows = list(tqdm(found, total=total, disable=not shows_progress(args), leave=False))
    summaries = summarize_study(rows)
    if args.out is not None:
        write_study(rows, args.out)
    if args.picture is not None:
        with replacing(args.picture) as temporary:
            draw_study(summaries, costs, temporary)
    if args.json:
        print_json({"costs": asdict(costs), "dice": args.dice, "ways": [asdict(each) for each in summaries]})
    say(args, f"{len(rows) // len(WAYS)} objects, to a Dice of {args.dice:g}; numbers per object")
    _report(args, summaries)
    return 0


def _report(args: argparse.Namespace, summaries: Sequence[WaySummary]) -> None:
    from medsamseg_server.annotation_study.study import study_lines

    for line in study_lines(summaries):
        say(args, line)
    for each in summaries:
        if each.overlooked:
            say(args, f"{each.way}: {each.overlooked} looked good before they were, and were gone through all the same")
