"""``medsamseg evaluate``: how well objects are found, against reference labels."""

from __future__ import annotations

import argparse
import json
from collections.abc import Generator, Sequence
from contextlib import closing
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tqdm import tqdm

from medsamseg_server.cli import many
from medsamseg_server.cli.engine_options import add_computer_options, make_engine
from medsamseg_server.cli.numbers_in_text import number_or_nan
from medsamseg_server.cli.output import add_output_options, print_json, say, shows_progress, warn
from medsamseg_server.errors import ErrorKind, MedSAMSegError
from medsamseg_server.system.safe_files import ensure_writable, replacing
from medsamseg_server.weights.registry import CHECKPOINTS, DEFAULT_MODEL
from medsamseg_server.weights.store import ModelStore

if TYPE_CHECKING:
    from medsamseg_server.cli.evaluate_cases import CaseScoring, Found
    from medsamseg_server.evaluation.comparison import ComparisonRow
    from medsamseg_server.evaluation.manifest import CaseEntry
    from medsamseg_server.evaluation.runner import Settings

_EPILOG = """\
manifest:
  {"cases": [{"image": "ct.nii.gz", "labels": "ct_labels.nii.gz", "window": "soft",
    "targets": {"spleen": 1, "liver": 5}}]}
  File names are relative to the manifest. Optional: "axis" (0), "name", and "group", such as "PET": how well low
  confidence finds bad slices is reported for each group (each case is one otherwise).
  Pictures have a PNG or TIFF of their size as labels, with a gray level an object;
  films a folder of these, one a frame, or a .npz, as `medsamseg segment` writes
  them. Of a scan over time, "time": N takes one volume and "all_times": true all;
  their labels are one such file, or a list of files, one a time. Further volumes
  of the object, such as phases: "also": ["arterial.nii.gz"], "fuse": "max" ("mean").

protocols:
  gtbox             the tight box of the labels on every slice
  propagate         one tight box, on the slice where the object is largest
  propagate_zrange  the same, and the object's first and last slice
  keyframes:N       N tight boxes spread over the object, and its first and last slice
  keyframes_open:N  the same without first and last slice
  points:N          N random points in the object on every slice, no box;
                    points:1,5,10,20 are four protocols
  track             the tight box on the first frame or time with the object,
                    which is followed through all: films, cine, scans over time

The method 'reference', LiteMedSAM's published recipe, is always run beside the others.
"""


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the command ``evaluate``."""
    parser = subparsers.add_parser(
        "evaluate",
        help="measure segmentation against reference labels",
        description="Segment labeled objects from boxes made of their labels, and measure how well that works.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("manifest", metavar="MANIFEST", type=Path, help="JSON file that names scans, labels, targets")
    parser.add_argument(
        "--protocol",
        metavar="LIST",
        help="protocols, with commas (default: of scans gtbox, propagate, propagate_zrange, and keyframes with 2, 3"
        " and 5 boxes; of pictures gtbox; of films and scans at all times track)",
    )
    parser.add_argument(
        "--method", metavar="LIST", help="methods of propagation, with commas (default: tracking; for track alone film)"
    )
    parser.add_argument(
        "--model",
        "--models",
        metavar="LIST",
        default=DEFAULT_MODEL,
        help=f"of {', '.join(CHECKPOINTS)} and those trained here, with commas; several are put side by side "
        f"(default: {DEFAULT_MODEL})",
    )
    parser.add_argument(
        "--jitter",
        metavar="LIST",
        default="0,5",
        help="largest outward shift of a box's sides, in percent of its size, with commas (default: 0,5)",
    )
    parser.add_argument(
        "--planes",
        type=int,
        choices=(1, 3),
        default=1,
        help="planes that objects in scans are seen in, as for segment (default: 1)",
    )
    parser.add_argument("--seed", metavar="N", type=int, default=0, help="of the jitter and of points (default: 0)")
    parser.add_argument("--out", metavar="FILE.json", type=Path, help="write everything that was measured")
    parser.add_argument(
        "--csv", metavar="FILE.csv", type=Path, help="write a table, a row for each object and protocol"
    )
    parser.add_argument("--picture", metavar="FILE.png", type=Path, help="draw the models side by side")
    parser.add_argument("--html", metavar="FILE.html", type=Path, help="write a report with tables and pictures")
    add_computer_options(parser)
    many.add_jobs_option(parser, "cases")
    many.add_ray_option(parser)
    add_output_options(parser)
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Evaluate, write the reports, and print the means."""
    from medsamseg_server.evaluation.comparison import compare
    from medsamseg_server.evaluation.manifest import read_manifest
    from medsamseg_server.evaluation.report import make_report
    from medsamseg_server.evaluation.runner import check_protocols

    many.check_ray(args)
    entries = read_manifest(args.manifest)
    settings = _make_settings(args, entries)
    check_protocols(entries, settings.protocols)
    for path in _outputs(args):
        ensure_writable(path.parent)
    store = ModelStore()
    for model in settings.models:
        store.path(model)
    about = {"manifest": str(args.manifest), "planes": args.planes}
    found = _evaluate(args, entries, settings)
    rows = compare(found.scores)
    report = {**make_report(found.scores, about), "comparison": [asdict(row) for row in rows]}
    _write_files(args, found, about, report, rows)
    if args.json:
        print_json(_brief(report))
    else:
        _report(args, report, rows)
    return 0


def _outputs(args: argparse.Namespace) -> list[Path]:
    """Return the files that are to be written."""
    return [path for path in (args.out, args.csv, args.html, args.picture) if path is not None]


def _make_settings(args: argparse.Namespace, entries: Sequence[CaseEntry]) -> Settings:
    from medsamseg_server.evaluation.protocols import TRACK, Jitter, parse_protocols
    from medsamseg_server.evaluation.runner import BASELINE, Settings
    from medsamseg_server.evaluation.segmenting import THROUGH_TIME
    from medsamseg_server.propagation import DEFAULT_METHOD, make_strategy

    protocols = parse_protocols(args.protocol or _usual_protocols(entries))
    propagated = {protocol.name for protocol in protocols if protocol.propagates}
    usual = THROUGH_TIME if propagated == {TRACK} else DEFAULT_METHOD
    methods = _names(args.method or usual)
    methods += [BASELINE] if BASELINE not in methods else []
    for method in methods:
        make_strategy(method)
    jitters = [Jitter(_percent(text), args.seed) for text in _names(args.jitter)]
    return Settings(protocols, methods, _names(args.model), jitters, args.planes)


def _usual_protocols(entries: Sequence[CaseEntry]) -> str:
    from medsamseg_server.evaluation.protocols import DEFAULT_PROTOCOLS, PICTURE_PROTOCOL, TRACK
    from medsamseg_server.image_io.pictures import is_picture

    if all(entry.is_over_time for entry in entries):
        return TRACK
    return PICTURE_PROTOCOL if all(is_picture(entry.image) for entry in entries) else DEFAULT_PROTOCOLS


def _names(text: str) -> list[str]:
    return list(dict.fromkeys(name.strip() for name in text.split(",")))


def _percent(text: str) -> float:
    value = number_or_nan(text)
    if not 0 <= value <= 100:
        raise MedSAMSegError(
            ErrorKind.INVALID_INPUT, "jitter_invalid", f"'{text}' is no jitter.", "Give percents from 0 to 100."
        )
    return value


def _evaluate(args: argparse.Namespace, entries: Sequence[CaseEntry], settings: Settings) -> Found:
    """Score all cases, here or elsewhere.

    Raises:
        MedSAMSegError: as ``run_evaluation``, and ``case_process_ended``.
    """
    from medsamseg_server.cli.evaluate_cases import CaseScoring, Found
    from medsamseg_server.evaluation.runner import count_outcomes

    work = CaseScoring(settings, args.html is not None, many.computer_of(args), make_engine)
    parts: dict[int, Found] = {}
    bar = tqdm(total=count_outcomes(entries, settings), unit="target", disable=not shows_progress(args), leave=False)
    with bar, closing(_scored(args, work, entries, bar)) as scored:
        for index, part in scored:
            for note in part.notes:
                warn(note)
            if part.error is not None:
                raise part.error
            parts[index] = part
    return Found.together(settings, (parts[index] for index in range(len(entries))))


def _scored(
    args: argparse.Namespace, work: CaseScoring, entries: Sequence[CaseEntry], bar: tqdm[Any]
) -> Generator[tuple[int, Found]]:
    """Yield the place of each case and what was measured of it, as they are done."""
    if not many.is_several(args):
        yield from ((index, work(entry, bar.update)) for index, entry in enumerate(entries))
        return
    # Entries hold lists, and so are no keys.
    places = {id(entry): index for index, entry in enumerate(entries)}
    with closing(many.carried_out(args, work, entries)) as results:
        for entry, part in results:
            if part is None:
                raise many.process_ended(f"The process that worked on the case '{entry.name}'")
            bar.update(sum(len(scores) for protocols in part.scores.values() for scores in protocols.values()))
            yield places[id(entry)], part


def _write_files(
    args: argparse.Namespace, found: Found, about: dict[str, Any], report: dict[str, Any], rows: list[ComparisonRow]
) -> None:
    from medsamseg_server.evaluation.comparison import draw_comparison
    from medsamseg_server.evaluation.html import make_html
    from medsamseg_server.evaluation.table import make_table

    if args.out is not None:
        _write(args.out, json.dumps(report, indent=1))
    if args.csv is not None:
        _write(args.csv, make_table(report))
    if args.html is not None:
        _write(args.html, make_html(found.scores, found.pictures, about))
    if args.picture is not None:
        with replacing(args.picture) as temporary:
            draw_comparison(rows, temporary)


def _write(path: Path, text: str) -> None:
    with replacing(path) as temporary:
        temporary.write_text(text, encoding="utf-8")


def _brief(report: dict[str, Any]) -> dict[str, Any]:
    """Return what ``--json`` prints: the report without single targets."""
    runs = [
        {**run, "protocols": {name: _without_targets(found) for name, found in run["protocols"].items()}}
        for run in report["runs"]
    ]
    return {"manifest": report["manifest"], "runs": runs, "comparison": report["comparison"]}


def _report(args: argparse.Namespace, report: dict[str, Any], rows: list[ComparisonRow]) -> None:
    """Print the means, and which files were written."""
    for run in report["runs"]:
        boxes = f"boxes up to {run['jitter_percent']:g} % too large" if run["jitter_percent"] else "tight boxes"
        say(args, f"{run['method']}, {run['model']}, {boxes}")
        for name, found in run["protocols"].items():
            _report_protocol(args, name, found)
    if len({row.model for row in rows}) > 1:
        from medsamseg_server.evaluation.comparison import comparison_lines

        say(args, "\n".join(comparison_lines(rows)))
    for path in _outputs(args):
        say(args, f"Written: {path}")


def _report_protocol(args: argparse.Namespace, name: str, found: dict[str, Any]) -> None:
    from medsamseg_server.evaluation.report import track_line

    error = found["standard_error_dice"]
    dice = f"{found['mean_dice']:.3f}" + (f" ± {error:.3f}" if error is not None else "")
    surface = "" if found["mean_nsd"] is None else f"   surface Dice {found['mean_nsd']:.3f}"
    say(args, f"  {name:18} Dice {dice}{surface}{_sure(found['confidence'])}")
    followed = track_line(found)
    if followed:
        say(args, f"  {'':18} {followed}")


def _sure(confidence: dict[str, Any]) -> str:
    """Return how well confidence finds bad slices, pooled and in the group where it does worst."""
    if confidence["roc_area"] is None:
        return ""
    areas = {group: each["roc_area"] for group, each in confidence["by_group"].items() if each["roc_area"] is not None}
    worst = min(areas, key=lambda group: areas[group], default=None)
    least = "" if worst is None or len(areas) == 1 else f" (least: {areas[worst]:.3f}, {worst})"
    return f"   confidence finds bad slices: {confidence['roc_area']:.3f}{least}"


def _without_targets(found: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in found.items() if key != "targets"}
