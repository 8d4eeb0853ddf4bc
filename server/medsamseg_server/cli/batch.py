"""``medsamseg batch``: many cases of a table in one run, which can be stopped and goes on where it was."""

from __future__ import annotations

import argparse
import shutil
from collections.abc import Generator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from medsamseg_server import __version__
from medsamseg_server.cli import batch_report, engine_options, many
from medsamseg_server.cli.batch_case import Case, make_cases, told_with_place
from medsamseg_server.cli.batch_record import CaseFiles, Outcome, find_before, settings_of
from medsamseg_server.cli.batch_table import COLUMNS, read_rows
from medsamseg_server.cli.cache_option import add_cache_option, check_cache
from medsamseg_server.cli.output import add_output_options, print_json, say, warn
from medsamseg_server.errors import ErrorKind, MedSAMSegError
from medsamseg_server.system.safe_files import file_digest
from medsamseg_server.weights.catalog import get_specification
from medsamseg_server.weights.store import ModelStore

if TYPE_CHECKING:
    from medsamseg_server.cli.batch_work import CaseWork

#: The exit status where all cases were tried, and some failed.
SOME_FAILED = 10
_SUFFIXES = (".seg.nrrd", ".nii.gz", ".nrrd", ".mha", ".dcm")

_EPILOG = f"""\
table of cases:
  A CSV file (with commas, semicolons or tabs) with a row a case below the names
  of its columns, or JSON with the same names: {{"cases": [{{"image": …}}, …]}}.
    {", ".join(COLUMNS[:7])},
    {", ".join(COLUMNS[7:])}
  Needed are image, and one of box, line, labels and prompts; slice with box and
  line. Relative paths start from the table's folder.

    image       as for medsamseg segment; no films
    box         X0,Y0,X1,Y1 (in quotes, or with spaces: 54 160 101 204)
    line        the longest diameter; two lines with a semicolon between
    labels      a file with objects: of each the tight box on its largest slice
    prompts     a file as for medsamseg segment --prompts
    name        of the segment; with labels, the one object that is meant
    case        name of the case and its files (default: that of the image)
    series, slice, axis, range, window, model: as the options of medsamseg segment

    image,box,slice,window
    ct1.nrrd,"54,160,101,204",24,lung
    ct2/,60 150 99 190,31,lung

what is written into OUT:
  NAME.seg.nrrd a case, pictures/NAME.png, records/NAME.json, cases.csv, and
  index.html, a page with a picture of each case, the least sure first.
  The same command goes on where it was stopped: a case whose output, files,
  settings, weights and program are as before is not segmented again.

exit code:
  0 when all cases went well, {SOME_FAILED} when some failed (the others are done),
  130 when it was stopped; others as for every command, before the first case.

examples:
  medsamseg batch cases.csv -o results/
  medsamseg batch cases.json -o results/ --jobs 4 --window lung
  medsamseg batch cases.csv -o results/ --ray 10.0.0.5:6379
"""


@dataclass(frozen=True)
class _Todo:
    """A case that is to be segmented.

    Attributes:
        case: that is not wrong.
        settings: as ``batch_record.settings_of``.
        index: in the table.
    """

    case: Case
    settings: dict[str, Any]
    index: int


@dataclass(frozen=True)
class _OnTodo:
    """Carries out what is to be done, in this process or another one."""

    work: CaseWork

    def __call__(self, todo: _Todo) -> Outcome:
        return self.work(todo.case, todo.settings)


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the command ``batch``."""
    parser = subparsers.add_parser(
        "batch",
        help="segment many cases of a table",
        description="Segment many cases in one run. It can be stopped, and goes on where it was; a case that fails "
        "does not keep the others waiting.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("cases", metavar="CASES", type=Path, help="table of the cases, .csv or .json")
    parser.add_argument("--output", "-o", metavar="OUT", type=Path, required=True, help="folder of the results")
    parser.add_argument(
        "--format", choices=_SUFFIXES, default=_SUFFIXES[0], help="of the segmentations (default: %(default)s)"
    )
    many.add_jobs_option(parser, "cases")
    many.add_ray_option(parser)
    add_cache_option(parser, "none: encoded slices are kept in memory for as long as their case is worked on")
    parser.add_argument(
        "--force", action="store_true", help="segment all cases again, and replace what is there, whoever made it"
    )
    engine_options.add_window_option(parser, "intensities that the model sees, of rows without a window")
    engine_options.add_model_option(parser, "of rows without a model")
    engine_options.add_computer_options(parser)
    add_output_options(parser)
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Segment all cases of the table, write the reports, and say what became of them."""
    from medsamseg_server.volumes.windows import check_window

    many.check_ray(args)
    check_cache(args.cache)
    check_window(args.window)
    get_specification(args.model)
    rows = read_rows(args.cases)
    store = ModelStore()
    cases = make_cases(rows, args.window, args.model)
    weights = {model: file_digest(store.path(model)) for model in _models(cases)}
    files = [CaseFiles.of(args.output, case.name, args.format) for case in cases]
    files[0].make_folders()
    outcomes = [_before(args, case, where, weights) for case, where in zip(cases, files, strict=True)]
    todo = [
        _Todo(case, _settings(case, weights), index)
        for index, (case, outcome) in enumerate(zip(cases, outcomes, strict=True))
        if outcome.state == "waiting"
    ]
    for outcome in outcomes:
        if outcome.state == "failed":
            warn(outcome.words)
    finished = len(cases) - len(todo)
    try:
        with closing(_carried_out(args, todo)) as done:
            for each, outcome in done:
                outcomes[each.index] = outcome
                finished += 1
                _tell(args, each.case, outcome, f"[{finished}/{len(cases)}]")
    except KeyboardInterrupt:
        _write(args, list(zip(cases, files, outcomes, strict=True)))
        message = f"Stopped after {finished} of {len(cases)} cases."
        hint = "What is done is kept; the same command goes on from there."
        raise MedSAMSegError(ErrorKind.CANCELLED, "cancelled", message, hint) from None
    found = list(zip(cases, files, outcomes, strict=True))
    _write(args, found)
    _report(args, found)
    return SOME_FAILED if any(outcome.state == "failed" for outcome in outcomes) else 0


def _models(cases: Sequence[Case]) -> list[str]:
    return list(dict.fromkeys(case.args.model for case in cases if case.args is not None))


def _settings(case: Case, weights: Mapping[str, str]) -> dict[str, Any]:
    assert case.args is not None
    return settings_of(case, weights[case.args.model])


def _before(args: argparse.Namespace, case: Case, files: CaseFiles, weights: Mapping[str, str]) -> Outcome:
    """Return what is known of a case before the work begins; ``waiting`` where it is to be segmented."""
    if case.error is not None:
        return Outcome.failed(case.error)
    if args.force:
        return Outcome("waiting")
    try:
        with told_with_place(case.row):
            return find_before(files, _settings(case, weights)) or Outcome("waiting")
    except MedSAMSegError as error:
        return Outcome.failed(error)


def _carried_out(args: argparse.Namespace, todo: Sequence[_Todo]) -> Generator[tuple[_Todo, Outcome]]:
    """Yield what is to be done with its outcome, as it is done."""
    from medsamseg_server.cli.batch_work import CaseWork

    # On another machine, relative paths would start elsewhere.
    computer, make_engine = many.computer_of(args), engine_options.make_engine
    work = _OnTodo(CaseWork(args.output.absolute(), args.format, computer, make_engine, args.cache))
    with closing(many.carried_out(args, work, todo)) as results:
        for each, outcome in results:
            if outcome is None:
                what = f"{each.case.row.place()}: The process that segmented the case"
                outcome = Outcome.failed(many.process_ended(what))
            yield each, outcome


def _tell(args: argparse.Namespace, case: Case, outcome: Outcome, which: str) -> None:
    if outcome.state == "failed":
        warn(outcome.words)
    say(args, f"{which} {case.name}: {outcome.state}" + (f", {outcome.seconds:.1f} s" if outcome.seconds else ""))


def _write(args: argparse.Namespace, found: batch_report.Outcomes) -> None:
    shutil.rmtree(args.output / "unfinished", ignore_errors=True)
    batch_report.write_csv(args.output / "cases.csv", found)
    models = ", ".join(_models([case for case, _, _ in found]))
    about = {"cases": args.cases.name, "model": models or args.model, "version": __version__}
    batch_report.write_page(args.output / "index.html", found, about)


def _report(args: argparse.Namespace, found: batch_report.Outcomes) -> None:
    if args.json:
        print_json(batch_report.as_json(found))
        return
    for line in batch_report.table_lines(found):
        say(args, line)
    say(args, f"{batch_report.counts_in_words(found)}")
    say(args, f"Written: {args.output / 'cases.csv'}, and {args.output / 'index.html'}")
