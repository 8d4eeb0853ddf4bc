"""The table of cases that ``medsamseg batch`` reads: a row a case, as CSV from a spreadsheet or as JSON."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from medsamseg_server.errors import ErrorKind, MedSAMSegError, shorten

#: What a row can say.
COLUMNS = (
    "case", "image", "series", "box", "line", "labels", "prompts", "slice", "axis", "range", "name", "term", "region",
    "window", "model"
)  # fmt: skip
_HINT = f"Known are {', '.join(COLUMNS)}."
_DELIMITERS = (",", ";", "\t")


@dataclass(frozen=True)
class Row:
    """One row, as texts.

    Attributes:
        file: name of the table's file.
        folder: what relative paths start from.
        number: of the row, as a spreadsheet counts them; of a case in JSON, from 0.
        cells: text by column, of those that are filled.
        is_json: which of both it is.
        fault: what is wrong with the row as a whole; empty where nothing is.
    """

    file: str
    folder: Path
    number: int
    cells: Mapping[str, str]
    is_json: bool = False
    fault: str = ""

    def place(self, column: str = "") -> str:
        """Return where the row, or a cell of it, stands, such as ``cases.csv, row 3, column box``."""
        if self.is_json:
            return f"{self.file}, cases[{self.number}]" + (f".{column}" if column else "")
        return f"{self.file}, row {self.number}" + (f", column {column}" if column else "")


def read_rows(path: Path) -> list[Row]:
    """Read a table of cases; rows without any text are left out.

    Raises:
        MedSAMSegError: ``cases_missing``, ``cases_unreadable``, or ``cases_malformed`` for a table that cannot be
            understood as a whole. What is wrong with single rows is told by these.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
    except FileNotFoundError as error:
        raise MedSAMSegError(
            ErrorKind.NOT_FOUND, "cases_missing", f"There is no table of cases {path}.", "Check the path."
        ) from error
    except (OSError, UnicodeDecodeError) as error:
        raise MedSAMSegError(
            ErrorKind.UNREADABLE,
            "cases_unreadable",
            f"The table of cases {path} cannot be read: {error}.",
            "Save it as CSV in UTF-8, or as JSON.",
        ) from error
    rows = list(_json_rows(path, text) if path.suffix.lower() == ".json" else _csv_rows(path, text))
    if not rows:
        raise _malformed(path.name, "has no cases", "Give a row a case below the names of the columns.")
    return rows


def _csv_rows(path: Path, text: str) -> Iterator[Row]:
    first = text.partition("\n")[0]
    # Where a comma stands between decimals, spreadsheets separate cells by semicolons.
    delimiter = max(_DELIMITERS, key=first.count)
    try:
        lines = list(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True))
    except csv.Error as error:
        raise _malformed(path.name, f"is no CSV: {error}", "Save it as CSV from the spreadsheet again.") from error
    head = [name.strip().lower() for name in lines[0]] if lines else []
    _check_columns(path.name, [name for name in head if name])
    for number, line in enumerate(lines[1:], start=2):
        cells = [cell.strip() for cell in line]
        if not any(cells):
            continue
        fault = ""
        if any(cell for at, cell in enumerate(cells) if at >= len(head) or not head[at]):
            fault = f"has {len(cells)} cells, but {len(head)} columns have names"
        named = {name: cell for name, cell in zip(head, cells, strict=False) if name and cell}
        yield Row(path.name, path.parent, number, named, fault=fault)


def _json_rows(path: Path, text: str) -> Iterator[Row]:
    try:
        content = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise _malformed(path.name, f"is no JSON: {error}", "Correct it there.") from error
    cases = content.get("cases") if isinstance(content, dict) else content
    if not isinstance(cases, list):
        raise _malformed(path.name, "has no list of cases", 'Write {"cases": [{"image": …}, …]}.')
    for number, case in enumerate(cases):
        if not isinstance(case, dict):
            raise _malformed(path.name, f"is wrong at cases[{number}]: {{…}} is expected", _HINT)
        _check_columns(f"{path.name}, cases[{number}]", list(case), needed=())
        cells = {name: text for name, value in case.items() if (text := _as_text(value))}
        yield Row(path.name, path.parent, number, cells, is_json=True)


def _check_columns(where: str, names: Sequence[str], needed: Sequence[str] = ("image",)) -> None:
    for name in names:
        if name not in COLUMNS:
            raise _malformed(where, f"has a column '{shorten(name, 40)}', which is not known", _HINT)
        if names.count(name) > 1:
            raise _malformed(where, f"has two columns '{name}'", "Leave one of them out.")
    for name in needed:
        if name not in names:
            raise _malformed(where, f"has no column '{name}'", f"The first row names the columns. {_HINT}")


def _as_text(value: Any) -> str:
    """Return a value of JSON as it would stand in a cell: numbers with commas between, lines with semicolons."""
    if value is None:
        return ""
    if isinstance(value, list):
        return (";" if any(isinstance(each, list) for each in value) else ",").join(map(_as_text, value))
    return str(value).strip()


def _malformed(where: str, what: str, hint: str) -> MedSAMSegError:
    return MedSAMSegError(ErrorKind.INVALID_INPUT, "cases_malformed", f"{where} {what}.", hint)
