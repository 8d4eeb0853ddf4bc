"""A case of ``medsamseg batch``: a row of the table, checked as far as that goes without reading its image."""

from __future__ import annotations

import argparse
import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from medsamseg_server.cli import segment_options, terms
from medsamseg_server.cli.batch_names import can_name_files, case_names
from medsamseg_server.cli.batch_table import Row
from medsamseg_server.cli.prompt_arguments import is_name, parse_box, parse_line, parse_range, slice_index
from medsamseg_server.errors import ErrorKind, MedSAMSegError
from medsamseg_server.volumes.windows import check_window
from medsamseg_server.weights.catalog import get_specification

#: What says where the objects are; a row has one of them.
PROMPT_COLUMNS = ("box", "line", "labels", "prompts")
# How errors begin that a column is to blame for, where it is not the column's own name.
# Terms in cells are checked before any others are.
_COLUMNS_BY_CODE = {
    "dicom": "image",
    "picture": "image",
    "lines": "line",
    "model": "model",
    "slice": "slice",
    "term": "prompts",
}

# What messages call them by: behind the place of the cell, the option of the same name would mislead.
_TERMS_GIVEN_AS = ("The term", "The region")


@dataclass(frozen=True)
class Case:
    """What to segment.

    Attributes:
        name: of the case, and of its files.
        row: where it stands in the table.
        args: as ``medsamseg segment`` has them, without the output; None where the row is wrong.
        labels: file with the objects whose boxes are taken; None where the arguments have the boxes.
        error: what is wrong with the row.
    """

    name: str
    row: Row
    args: argparse.Namespace | None = None
    labels: Path | None = None
    error: MedSAMSegError | None = None


def make_cases(rows: Sequence[Row], window: str, model: str) -> list[Case]:
    """Return the cases of a table, with names that differ.

    Args:
        rows: of the table.
        window: of rows without one.
        model: of rows without one.
    """
    cases = []
    taken: dict[str, Row] = {}
    for row, name in zip(rows, case_names(rows), strict=True):
        try:
            _check_name(row, name, taken)
            cases.append(_case(row, name, window, model))
        except MedSAMSegError as error:
            cases.append(Case(name, row, error=error))
    return cases


@contextmanager
def told_with_place(row: Row) -> Iterator[None]:
    """Add its place in the table to an error: the row, and the column to blame where there is one."""
    try:
        yield
    except MedSAMSegError as error:
        start = error.code.partition("_")[0]
        column = _COLUMNS_BY_CODE.get(start, start)
        place = row.place(column if column in row.cells else "")
        raise MedSAMSegError(error.kind, error.code, f"{place}: {error.message}", error.hint) from error


def _case(row: Row, name: str, window: str, model: str) -> Case:
    if row.fault:
        hint = 'Put quotes round a cell with commas, such as "54,160,101,204", or write spaces: 54 160 101 204.'
        raise _wrong(row, "", f"The row {row.fault}.", hint)
    cells = row.cells
    given = [column for column in PROMPT_COLUMNS if column in cells]
    if len(given) != 1:
        message = f"{' and '.join(given)} cannot go together." if given else "Nothing says where the object is."
        raise _wrong(row, given[1] if given else "", message, f"Give one of {', '.join(PROMPT_COLUMNS)}.")
    args = _usual_arguments(_file(row, "image", "image_missing"))
    labels = _file(row, "labels", "labels_missing") if "labels" in cells else None
    args.prompts = _file(row, "prompts", "prompts_missing") if "prompts" in cells else None
    args.box = _checked(row, "box", parse_box, _with_commas(cells["box"])) if "box" in cells else None
    args.line = [_checked(row, "line", parse_line, _with_commas(line)) for line in _lines(cells.get("line", ""))]
    if len(args.line) > 2:
        raise _wrong(row, "line", f"{len(args.line)} lines are given.", "An object has one or two.")
    args.range = _checked(row, "range", parse_range, cells["range"]) if "range" in cells else None
    args.window = _checked(row, "window", check_window, cells.get("window", window))
    args.model = _checked(row, "model", get_specification, cells.get("model", model))
    args.series, args.name = cells.get("series"), cells.get("name")
    args.term = _checked(row, "term", _check_term, cells["term"]) if "term" in cells else None
    args.region = _checked(row, "region", _check_region, cells["region"]) if "region" in cells else None
    args.slice, args.axis = _number(row, "slice"), _number(row, "axis", most=2)
    if args.name is not None and not is_name(args.name):
        raise _wrong(row, "name", f"{args.name!r} is no name for a segment.", "Give it some letters.")
    _check_slice(row, given[0], args)
    if labels is not None:
        # The boxes of labels are counted as voxels lie in space.
        args.slice_order = "space"
    return Case(name, row, args, labels)


def _usual_arguments(image: Path) -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    segment_options.add_options(parser)
    args = parser.parse_args(["image", "--output", "output", "--quiet"])
    args.image = image
    return args


def _check_slice(row: Row, given: str, args: argparse.Namespace) -> None:
    by_itself = given in ("labels", "prompts")
    if by_itself and args.slice is not None:
        raise _wrong(row, "slice", f"The {given} say on which slices the boxes are.", "Leave the cell empty.")
    if given == "prompts" and args.axis is not None:
        raise _wrong(row, "axis", "The prompts file says along which axis its slices are.", "Leave the cell empty.")
    if not by_itself and slice_index(args) is None:
        raise _wrong(row, "slice", f"The slice with the {given} is missing.", "Give its index, counted from 0.")


def _checked(row: Row, column: str, check: Callable[[str], object], text: str) -> str:
    """Return the text of a cell; raise what ``check`` raises, with the cell's place."""
    try:
        check(text)
    except MedSAMSegError as error:
        raise MedSAMSegError(error.kind, error.code, f"{row.place(column)}: {error.message}", error.hint) from error
    return text


def _check_term(text: str) -> None:
    terms.find(text, None, given_as=_TERMS_GIVEN_AS)


def _check_region(text: str) -> None:
    terms.find(None, text, given_as=_TERMS_GIVEN_AS)


def _number(row: Row, column: str, most: int = 10**15) -> int | None:
    text = row.cells.get(column)
    if text is None:
        return None
    if not re.fullmatch(r"\d{1,15}", text, re.ASCII) or int(text) > most:
        expected = "0, 1 or 2" if most == 2 else "a whole number from 0"
        raise _wrong(row, column, f"'{text[:40]}' is not {expected}.", "Correct the cell.")
    return int(text)


def _file(row: Row, column: str, code: str) -> Path:
    text = row.cells.get(column)
    if text is None:
        raise _wrong(row, column, "The cell is empty.", "Give the path of a file or folder.")
    # Not resolved: a link may say more of a case than what it leads to.
    path = row.folder.absolute() / text
    if not path.exists():
        message = f"{row.place(column)}: There is no file or folder {path}."
        raise MedSAMSegError(ErrorKind.NOT_FOUND, code, message, "Relative paths start from the table's folder.")
    return path


def _with_commas(text: str) -> str:
    return re.sub(r"\s*[,;\s]\s*", ",", text.strip())


def _lines(text: str) -> list[str]:
    return [part for part in re.split(r"[;|]", text) if part.strip()]


def _check_name(row: Row, name: str, taken: dict[str, Row]) -> None:
    if not can_name_files(name):
        message = f"'{name[:40]}' cannot be the name of files."
        raise _wrong(row, "case", message, "Use letters, digits, spaces, - and _.")
    other = taken.setdefault(name.casefold(), row)
    if other is not row:
        raise _wrong(row, "case", f"'{name}' is the case of {other.place()} already.", "Give each its own name.")


def _wrong(row: Row, column: str, message: str, hint: str) -> MedSAMSegError:
    place = row.place(column)
    return MedSAMSegError(ErrorKind.INVALID_INPUT, "case_malformed", f"{place}: {message}", hint)
