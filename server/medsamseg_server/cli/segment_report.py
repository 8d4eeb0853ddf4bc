"""What ``medsamseg segment`` says of the objects in a scan: lines for people, or one of JSON."""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from medsamseg_server.cli.output import print_json, say
from medsamseg_server.cli.segment_measures import as_json, in_digits, in_words, ranges_of, rounded, with_range
from medsamseg_server.cli.slice_table import slice_rows
from medsamseg_server.image_io.terminology import TISSUE

if TYPE_CHECKING:
    from medsamseg_server.cli.terms import Terms
    from medsamseg_server.engine.engine import Engine
    from medsamseg_server.image_io.image import Image
    from medsamseg_server.measurements.measuring import Measurements
    from medsamseg_server.propagation.whole_volume import WholeMask


def summarize(
    args: argparse.Namespace,
    terms: Terms,
    image: Image,
    engine: Engine,
    results: Mapping[str, WholeMask],
    measured: Mapping[str, Measurements | None],
) -> dict[str, Any]:
    """Return what ``--json`` prints of the objects; of one alone its values, of several a list with their names."""
    found = [
        {
            "name": name,
            **_found(image, result),
            **terms.as_json(name),
            "measurements": as_json(measured[name]),
            "per_slice": slice_rows(result.results),
        }
        for name, result in results.items()
    ]
    first = next(iter(results.values()))
    return {
        "output": str(args.output),
        **({"report": str(args.report)} if args.report is not None else {}),
        **terms.as_json(),
        **({"segments": found} if len(found) > 1 else {key: found[0][key] for key in found[0] if key != "name"}),
        "seconds_encoding": round(first.seconds_encoding, 3),
        "seconds_decoding": round(first.seconds_decoding, 3),
        **({"also": [str(path) for path in args.also], "fused": args.fuse or "mean"} if args.also else {}),
        "model": args.model,
        "weights_sha256": engine.predictor(args.model).weights_sha256,
        "device": engine.device,
    }


def _found(image: Image, result: WholeMask) -> dict[str, Any]:
    voxels = int(result.mask.sum(dtype=int))
    return {
        "mask_voxels": voxels,
        "volume_ml": None if image.voxel_ml is None else rounded(voxels * image.voxel_ml),
        "slices": len(result.slices),
        "first_slice": result.slices[0] if result.slices else None,
        "last_slice": result.slices[-1] if result.slices else None,
        "window": {"name": result.window.name, "lower": result.window.lower, "upper": result.window.upper},
        "stopped": [
            {"direction": end.direction, "slice": end.index, "reason": end.reason, "message": end.message}
            for end in result.ended
        ],
    }


def report(
    args: argparse.Namespace,
    terms: Terms,
    summary: Mapping[str, Any],
    results: Mapping[str, WholeMask],
    measured: Mapping[str, Measurements | None],
) -> None:
    """Print the summary, with how long it took and what was written."""
    if args.json:
        print_json(summary)
        return
    is_flat = summary["slices_total"] == 1
    for found, (name, result) in zip(summary.get("segments", [summary]), results.items(), strict=True):
        _say_size(args, name, found, result, measured[name], is_flat)
        window = result.window
        # The colors of a picture are taken as they are.
        if window.name != "color":
            say(args, f"  Window {window.name} ({window.lower:g} to {window.upper:g})")
        if terms.of(name) != TISSUE:
            say(args, f"  {terms.of(name)}")
    if args.also:
        names = ", ".join(path.name for path in (args.image, *args.also))
        say(args, f"  Fused by the {'maximum' if summary['fused'] == 'max' else 'mean'}: {names}")
    times = ", ".join(f"{summary[f'seconds_{step}']:.1f} s {step}" for step in ("loading", "encoding", "decoding"))
    say(args, f"  {summary['model']} on {summary['device']}: {times}")
    also = ["the tables of slices and segments"] * args.csv
    also += [str(path) for path in (args.report, args.probability, args.overlay) if path is not None]
    say(args, ", and ".join([f"Written: {args.output}", *also]))


def _say_size(
    args: argparse.Namespace,
    name: str,
    found: Mapping[str, Any],
    result: WholeMask,
    measured: Measurements | None,
    is_flat: bool,
) -> None:
    """Print how large an object is, and where and why following it ended."""
    if is_flat:
        say(args, f"{name}: {found['mask_voxels']} pixels{in_words(measured)}")
        return
    size = f"{found['mask_voxels']} voxels{_volume(found['volume_ml'], measured)}"
    say(args, f"{name}: {size}{_where(result.slices)}{in_words(measured)}")
    for end in result.ended:
        say(args, f"  {end.direction}: {end.message}")


def _volume(volume: float | None, measured: Measurements | None) -> str:
    if volume is None:
        return ""
    return f", {with_range(f'{in_digits(volume, 2)} ml', ranges_of(measured).get('volume_ml'), 2)}"


def _where(slices: tuple[int, ...]) -> str:
    if len(slices) < 2:
        return f" on slice {slices[0]}" if slices else ""
    return f" on {len(slices)} slices ({slices[0]} to {slices[-1]})"
