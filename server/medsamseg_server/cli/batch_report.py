"""What ``medsamseg batch`` says of all cases: a table as text and as CSV, one line of JSON, a page with pictures."""

from __future__ import annotations

import csv
import io
from collections import Counter
from collections.abc import Mapping, Sequence
from html import escape
from io import BytesIO
from pathlib import Path
from typing import Any
from urllib.parse import quote

from medsamseg_server.cli.batch_case import Case
from medsamseg_server.cli.batch_record import CaseFiles, Outcome, State
from medsamseg_server.cli.segment_measures import RANGE_COLUMNS, between, in_digits
from medsamseg_server.system.safe_files import replacing

#: What became of each case, in the table's order.
Outcomes = Sequence[tuple[Case, CaseFiles, Outcome]]

_OF_SEGMENTS = (
    "segment", "volume_ml", "slices", "longest_mm", "perpendicular_mm", "confidence", "least_sure_slice",
    *RANGE_COLUMNS,
)  # fmt: skip
_COLUMNS = ("case", "state", *_OF_SEGMENTS, "seconds", "output", "error", "words")
_COUNTED: dict[State, str] = {"done": "done", "kept": "as before", "failed": "failed", "waiting": "not begun"}
# Of a picture on the page, in pixels.
_THUMBNAIL = (520, 520)


def write_csv(path: Path, outcomes: Outcomes) -> None:
    """Write a row for each object of each case; one for a case without any.

    Raises:
        MedSAMSegError: of kind ``CANNOT_WRITE``.
    """
    text = io.StringIO()
    writer = csv.DictWriter(text, _COLUMNS, lineterminator="\n")
    writer.writeheader()
    for case, files, outcome in outcomes:
        whole = {
            "case": case.name,
            "state": outcome.state,
            "seconds": outcome.seconds,
            "output": files.output.name if outcome.segments else None,
            "error": outcome.error.get("code"),
            "words": outcome.words,
        }
        for segment in outcome.segments or [{}]:
            writer.writerow(whole | segment)
    with replacing(path) as temporary:
        temporary.write_text(text.getvalue(), encoding="utf-8")


def as_json(outcomes: Outcomes) -> dict[str, Any]:
    """Return what ``--json`` prints."""
    cases = [
        {
            "case": case.name,
            "state": outcome.state,
            "output": str(files.output) if outcome.segments else None,
            "seconds": outcome.seconds,
            "segments": outcome.segments,
            "warnings": outcome.notes,
            "error": outcome.error or None,
        }
        for case, files, outcome in outcomes
    ]
    return {"cases": cases, "counts": dict(Counter(each.state for _, _, each in outcomes))}


def counts_in_words(outcomes: Outcomes) -> str:
    """Return how many cases came to what, such as ``40 cases: 38 done, 1 as before, 1 failed``."""
    counts = Counter(outcome.state for _, _, outcome in outcomes)
    parts = [f"{counts[state]} {words}" for state, words in _COUNTED.items() if counts[state]]
    return f"{len(outcomes)} case{'s' * (len(outcomes) != 1)}: {', '.join(parts)}"


def table_lines(outcomes: Outcomes) -> list[str]:
    """Return the table for people, its columns as wide as they need to be."""
    head = ("ml", "from–to", "longest mm", "from–to", "across mm", "confidence", "seconds")
    rows: list[tuple[str, ...]] = [("case", "segment", "state", *head)]
    for case, _, outcome in outcomes:
        for found in outcome.segments or [{}]:
            numbers = (
                _size(found.get("volume_ml"), 2),
                _between(found, "volume_ml", 2),
                _size(found.get("longest_mm"), 1),
                _between(found, "longest_mm", 1),
                _size(found.get("perpendicular_mm"), 1),
                _number(found.get("confidence"), 2),
                _number(outcome.seconds, 1),
            )
            rows.append((case.name, found.get("segment", ""), outcome.state, *numbers))
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    return ["  ".join(_aligned(row, widths)).rstrip() for row in rows]


def write_page(path: Path, outcomes: Outcomes, about: Mapping[str, Any]) -> None:
    """Write the page with a picture of each case: failed ones first, then by the lowest confidence.

    Raises:
        MedSAMSegError: of kind ``CANNOT_WRITE``.
    """
    from medsamseg_server.evaluation.html_parts import page

    ordered = sorted(outcomes, key=lambda each: _urgency(each[2]))
    counted = f"<p>{escape(counts_in_words(outcomes))}. The least sure come first: confidence is that of the slice"
    counted += " where it is lowest, 0 to 1. A picture leads to the large one; <a href='cases.csv'>cases.csv</a> has"
    parts = [f"{counted} the figures.</p>", *(_card(*each) for each in ordered)]
    with replacing(path) as temporary:
        temporary.write_text(page("MedSAMSeg batch", about, parts), encoding="utf-8")


def _urgency(outcome: Outcome) -> tuple[bool, float]:
    # What was found without any confidence comes last.
    return outcome.state != "failed", 2.0 if outcome.confidence is None else outcome.confidence


def _card(case: Case, files: CaseFiles, outcome: Outcome) -> str:
    from medsamseg_server.evaluation.html_parts import figure

    state = "" if outcome.segments else f": <span class=low>{_COUNTED[outcome.state]}</span>"
    lines = [f"<b>{escape(case.name)}</b>{state}", *map(_found, outcome.segments)]
    lines += [f"<span class=small>{escape(outcome.words)}</span>"] * bool(outcome.words)
    caption = "<br>".join(lines)
    picture = _thumbnail(files.picture) if outcome.segments else None
    if picture is None:
        return f"<p>{caption}</p>"
    return figure(picture, case.name, caption, "jpeg", f"pictures/{quote(files.picture.name)}", is_wide=True)


def _found(segment: Mapping[str, Any]) -> str:
    facts = []
    if segment["volume_ml"] is not None:
        ends = _between(segment, "volume_ml", 2)
        facts.append(f"{_size(segment['volume_ml'], 2)} ml" + (f" ({ends})" if ends else ""))
    if segment["longest_mm"] is not None:
        facts.append(f"{_size(segment['longest_mm'], 1)} × {_size(segment['perpendicular_mm'], 1)} mm")
    if segment["confidence"] is not None:
        facts.append(f"confidence {_number(segment['confidence'], 2)} (slice {segment['least_sure_slice']})")
    return escape(f"{segment['segment']}: {', '.join(facts)}")


def _thumbnail(path: Path) -> bytes | None:
    """Return a small picture as JPEG; None where there is none, as after somebody has removed it."""
    from PIL import Image

    try:
        with Image.open(path) as picture:
            small = picture.convert("RGB")
    except OSError:
        return None
    small.thumbnail(_THUMBNAIL)
    stream = BytesIO()
    small.save(stream, "JPEG", quality=82)
    return stream.getvalue()


def _number(value: float | None, digits: int) -> str:
    return "" if value is None else f"{value:.{digits}f}"


def _size(value: float | None, digits: int) -> str:
    return "" if value is None else in_digits(value, digits)


def _between(found: Mapping[str, Any], name: str, digits: int) -> str:
    ends = found.get(f"{name}_low"), found.get(f"{name}_high")
    return "" if ends[0] is None or ends[1] is None else between((ends[0], ends[1]), digits)


def _aligned(row: Sequence[str], widths: Sequence[int]) -> list[str]:
    # Words to the left, numbers to the right.
    sides = [str.ljust] * 3 + [str.rjust] * (len(row) - 3)
    return [aligned(text, width) for aligned, text, width in zip(sides, row, widths, strict=True)]
