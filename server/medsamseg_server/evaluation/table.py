"""The report as a table: a row for each object under each protocol of each setup."""

from __future__ import annotations

import csv
import io
from typing import Any

_SETUP = ("model", "method", "jitter_percent")
_VALUES = ("dice", "nsd", "slices", "found", "missed", "over_low", "over_high", "boxes")
_TRACK = ("visible", "visible_dice", "lost", "regained", "absent", "over_propagation", "frames_per_second")
_CALLS = ("encoder_calls", "decoder_calls", "seconds_encoding", "seconds_decoding")


def make_table(report: dict[str, Any]) -> str:
    """Return a report of ``make_report`` as CSV; cells of what was not measured are empty."""
    text = io.StringIO()
    columns = (*_SETUP, "protocol", "case", "target", *_VALUES, *_TRACK, *_CALLS)
    writer = csv.DictWriter(text, columns, extrasaction="ignore", lineterminator="\n")
    writer.writeheader()
    for run in report["runs"]:
        for protocol, found in run["protocols"].items():
            for target in found["targets"]:
                writer.writerow({**run, "protocol": protocol, **target, **target.get("track", {})})
    return text.getvalue()
