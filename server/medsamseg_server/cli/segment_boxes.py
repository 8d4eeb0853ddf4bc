"""``medsamseg segment --boxes``: many objects of many pictures, as annotation tools have drawn boxes round them."""

from __future__ import annotations

import argparse
import csv
import io
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tqdm import tqdm

from medsamseg_server.cli.box_files import BoxedPicture, read_boxes
from medsamseg_server.cli.box_formats import in_pixels
from medsamseg_server.cli.output import print_json, say, shows_progress, warn
from medsamseg_server.cli.overlay_picture import Outcome, check_overlay, write_overlay
from medsamseg_server.cli.usage import wrong_usage
from medsamseg_server.engine.probabilities import DEFAULT_THRESHOLD
from medsamseg_server.engine.prompts import Box, Prompt, check_box
from medsamseg_server.engine.slice_request import SliceRequest
from medsamseg_server.errors import ErrorKind, MedSAMSegError
from medsamseg_server.image_io.image import Image
from medsamseg_server.image_io.mask_writer import Segment
from medsamseg_server.image_io.reading import read_image
from medsamseg_server.image_io.segmentations import check_can_hold, check_output, color_of, write_segmentation
from medsamseg_server.propagation import Propagation, SliceResult
from medsamseg_server.propagation.overlap import OverlapResolution
from medsamseg_server.system.safe_files import ensure_folder, replacing
from medsamseg_server.volumes.volume import Volume
from medsamseg_server.volumes.windows import IntensityRange

if TYPE_CHECKING:
    from medsamseg_server.engine.engine import Engine

#: Prompts of one call: a picture of cells has hundreds.
_AT_ONCE = 64
_COLUMNS = ("image", "gray_level", "name", "x0", "y0", "x1", "y1", "area_pixels", "score")


@dataclass(frozen=True)
class _Answer:
    """What was found in a picture, by the objects' names."""

    image: Image
    volume: Volume
    boxes: Mapping[str, Box]
    results: Mapping[str, SliceResult]
    window: IntensityRange

    def segments(self) -> list[Segment]:
        """Return the objects as whole masks."""
        segments = []
        for number, (name, result) in enumerate(self.results.items()):
            mask = result.mask.to_array(self.volume.slice_size(0, 0)).astype("uint8")[None]
            segments.append(Segment(name, mask, color_of(number)))
        return segments


def check_arguments(args: argparse.Namespace) -> list[BoxedPicture]:
    """Return the boxes; raise an error for what cannot go with them, before anything is computed.

    Raises:
        MedSAMSegError: ``usage``, ``image_missing``, as ``box_files.read_boxes``, or what is wrong with the output.
    """
    for option in ("box", "slice", "axis", "prompts", "probability", "name", "series", "time"):
        if getattr(args, option) is not None:
            raise wrong_usage(f"--{option} cannot go with --boxes.", f"Leave --{option} out.")
    if not args.image.exists():
        message = f"There is no file or folder {args.image}."
        raise MedSAMSegError(ErrorKind.NOT_FOUND, "image_missing", message, "Check the path.")
    pictures = read_boxes(args.boxes, args.image)
    if args.image.is_dir():
        _check_folder(args)
        return pictures
    check_output(args.output, args.force)
    if args.overlay is not None:
        check_overlay(args.overlay, args.force)
    check_can_hold(args.output, overlap=args.allow_overlap and len(pictures[0].boxes) > 1)
    return pictures


def _check_folder(args: argparse.Namespace) -> None:
    for option, given in (("--overlay", args.overlay is not None), ("--allow-overlap", args.allow_overlap)):
        if given:
            raise wrong_usage(f"{option} cannot go with a folder of pictures.", "Segment that picture on its own.")
    if args.output.suffix:
        message = f"{args.output.name} is one file, but {args.image} is a folder of pictures."
        raise MedSAMSegError(
            ErrorKind.INVALID_INPUT, "output_suffix", message, "Give the name of a folder as --output."
        )
    if args.output.exists() and not args.force and (not args.output.is_dir() or any(args.output.iterdir())):
        message = f"{args.output} exists already."
        raise MedSAMSegError(ErrorKind.CANNOT_WRITE, "output_exists", message, "Add --force, or choose another name.")


def run(args: argparse.Namespace, pictures: list[BoxedPicture], engine: Engine) -> int:
    """Segment the objects in all pictures; write a mask each, with a gray level an object, and a table.

    Args:
        args: of ``medsamseg segment``.
        pictures: of ``check_arguments``.
        engine: with the network loaded.
    """
    is_folder = args.image.is_dir()
    rows: list[dict[str, Any]] = []
    if is_folder:
        ensure_folder(args.output)
    for picture in tqdm(pictures, unit="picture", disable=not shows_progress(args), leave=False):
        answer = _segment(args, picture, engine)
        _write_masks(args, picture.path, answer)
        for note in (*answer.image.notes, *answer.volume.notes):
            warn(f"{picture.path.name}: {note}" if is_folder else note)
        rows += _rows(picture.path, answer)
    if is_folder or args.csv:
        _write_table(args.output / "objects.csv" if is_folder else args.output.with_suffix(".objects.csv"), rows)
    _report(args, rows, len(pictures), engine)
    return 0


def _write_masks(args: argparse.Namespace, picture: Path, answer: _Answer) -> None:
    """Write what was found in a picture, and the overlay that is asked for of a single one."""
    path = args.output
    if args.image.is_dir():
        path = args.output / picture.relative_to(args.image).with_suffix(".png")
        ensure_folder(path.parent)
    segments = answer.segments()
    write_segmentation(path, segments, answer.image.place)
    if args.overlay is not None:
        outcomes = {each.name: Outcome(each.color, each.mask, {0: answer.boxes[each.name]}) for each in segments}
        write_overlay(args.overlay, answer.volume, answer.window, 0, outcomes, answer.image.geometry, False)


def _segment(args: argparse.Namespace, picture: BoxedPicture, engine: Engine) -> _Answer:
    image = read_image(picture.path)
    volume = Volume.from_array(image.array)
    boxes = _boxes_on(volume, picture)
    results, window = _found(args, volume, boxes, engine)
    if not args.allow_overlap:
        plans = {name: Propagation(volume.shape, 0, {0: box}).plan for name, box in boxes.items()}
        results = dict(OverlapResolution(plans).resolve(0, results))
    return _Answer(image, volume, boxes, results, window)


def _boxes_on(volume: Volume, picture: BoxedPicture) -> dict[str, Box]:
    """Return the boxes in pixels; raise an error for those that are not on this picture."""
    size = volume.slice_size(0, 0)
    if volume.shape[0] != 1:
        message = f"{picture.path} has {volume.shape[0]} slices; --boxes is for pictures."
        raise MedSAMSegError(ErrorKind.INVALID_INPUT, "boxes_not_flat", message, "Write the boxes as --prompts.")
    if picture.size is not None and picture.size != size:
        message = (
            f"{picture.path} has {size[1]} × {size[0]} pixels, but its boxes were drawn on {picture.size[1]} × "
            f"{picture.size[0]}."
        )
        hint = "Give the picture that was annotated; one that a camera has turned counts as it is shown."
        raise MedSAMSegError(ErrorKind.INVALID_INPUT, "boxes_size", message, hint)
    boxes = {name: in_pixels(numbers, picture.kind, size) for name, numbers in picture.boxes.items()}
    for name, box in boxes.items():
        try:
            check_box(box, size)
        except MedSAMSegError as error:
            message = f"{picture.path.name}, '{name}': {error.message}"
            raise MedSAMSegError(error.kind, error.code, message, error.hint) from error
    return boxes


def _found(
    args: argparse.Namespace, volume: Volume, boxes: Mapping[str, Box], engine: Engine
) -> tuple[dict[str, SliceResult], IntensityRange]:
    """Return what is in each box, by the objects' names, and the intensities that the network saw."""
    request = SliceRequest(volume, 0, 0, args.window, args.model, args.threshold != DEFAULT_THRESHOLD)
    results: dict[str, SliceResult] = {}
    windows: list[IntensityRange] = []
    for names in _batches(list(boxes)):
        found = engine.segment(request, [Prompt(boxes[name], meaning=args.meaning) for name in names])
        windows.append(found.window)
        for name, mask in zip(names, found.masks, strict=True):
            results[name] = SliceResult(0, "prompt", boxes[name], mask.at(args.threshold), "box")
    return results, windows[0]


def _batches(names: list[str]) -> Iterator[list[str]]:
    for start in range(0, len(names), _AT_ONCE):
        yield names[start : start + _AT_ONCE]


def _rows(path: Path, answer: _Answer) -> list[dict[str, Any]]:
    rows = []
    for number, (name, result) in enumerate(answer.results.items(), start=1):
        corners = (round(corner, 2) for corner in result.box)
        level = 255 if len(answer.results) == 1 else number
        values = (str(path), level, name, *corners, result.mask.voxels, round(result.mask.score, 4))
        rows.append(dict(zip(_COLUMNS, values, strict=True)))
        if not result.mask.voxels:
            warn(f"Nothing was found in the box of {name} in {path.name}.")
    return rows


def _write_table(path: Path, rows: list[dict[str, Any]]) -> None:
    text = io.StringIO()
    writer = csv.DictWriter(text, _COLUMNS, lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    with replacing(path) as temporary:
        temporary.write_text(text.getvalue(), encoding="utf-8")


def _report(args: argparse.Namespace, rows: list[dict[str, Any]], pictures: int, engine: Engine) -> None:
    if args.json:
        print_json({"output": str(args.output), "objects": rows, "model": args.model, "device": engine.device})
        return
    found = sum(row["area_pixels"] > 0 for row in rows)
    where = f" in {pictures} pictures" if args.image.is_dir() else ""
    say(args, f"{found} of {len(rows)} objects found{where}")
    say(args, f"Written: {args.output}")
