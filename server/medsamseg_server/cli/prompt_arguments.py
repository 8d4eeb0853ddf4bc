"""Boxes and ranges as users write them: on the command line, and in files."""

from __future__ import annotations

import argparse
import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from medsamseg_server.engine.prompts import Box, Points, Prompt
from medsamseg_server.errors import ErrorKind, MedSAMSegError
from medsamseg_server.system.json_text import JsonTextError, parse_json

# No scan has so many voxels in a row.
_LARGEST = 10**15
# What an object may have beside its prompts.
_TERM_KEYS = ("term", "region")

#: What a prompts file looks like; shown in the help.
FILE_EXAMPLE = (
    '{"axis": 0, "prompts": [{"slice": 24, "box": [54, 160, 101, 204]}, {"slice": 30, "box": [60, 165, 95, 200]}]}'
)

#: … for several objects.
OBJECTS_EXAMPLE = (
    '{"objects": [{"name": "Liver", "prompts": [{"slice": 24, "box": [30, 60, 150, 190]}]}, '
    '{"name": "Tumor", "term": "Neoplasm", "region": "Liver", '
    '"prompts": [{"slice": 24, "box": [54, 160, 101, 204]}]}]}'
)


@dataclass(frozen=True)
class PromptsFile:
    """What a prompts file says. The only object of a file without ``objects`` has no name.

    Attributes:
        axis: along which its slices lie.
        objects: of each object by name, what shows it on each slice.
        terms: of the objects that have them, term and region as they are written; None for one that is not.
    """

    axis: int
    objects: dict[str | None, dict[int, Prompt]]
    terms: dict[str | None, tuple[str | None, str | None]]


def parse_box(text: str) -> Box:
    """Return the box that ``X0,Y0,X1,Y1`` means.

    Raises:
        MedSAMSegError: ``box_malformed``.
    """
    numbers = _four_numbers(text)
    if numbers is None:
        raise MedSAMSegError(
            ErrorKind.INVALID_INPUT,
            "box_malformed",
            f"'{text[:80]}' is not a box.",
            "Write four numbers X0,Y0,X1,Y1 without spaces, such as 54,160,101,204.",
        )
    return numbers


def parse_line(text: str) -> tuple[float, float, float, float]:
    """Return the ends of the line that ``X0,Y0,X1,Y1`` means.

    Raises:
        MedSAMSegError: ``line_malformed``.
    """
    numbers = _four_numbers(text)
    if numbers is None:
        raise MedSAMSegError(
            ErrorKind.INVALID_INPUT,
            "line_malformed",
            f"'{text[:80]}' is not a line.",
            "Write the four numbers X0,Y0,X1,Y1 of its ends without spaces, such as 54,188,97,164.",
        )
    return numbers


def parse_point(text: str) -> tuple[float, float]:
    """Return the point that ``X,Y`` means.

    Raises:
        MedSAMSegError: ``point_malformed``.
    """
    try:
        x, y = (float(part) for part in text.split(","))
    except ValueError:
        raise MedSAMSegError(
            ErrorKind.INVALID_INPUT,
            "point_malformed",
            f"'{text[:80]}' is not a point.",
            "Write two numbers X,Y without spaces, such as 78,182.",
        ) from None
    return x, y


def _four_numbers(text: str) -> tuple[float, float, float, float] | None:
    try:
        x0, y0, x1, y1 = (float(part) for part in text.split(","))
    except ValueError:
        return None
    return (x0, y0, x1, y1)


def parse_range(text: str) -> tuple[int | None, int | None]:
    """Return the first and last slice that ``A:B`` means; a side that is left out has no limit.

    Raises:
        MedSAMSegError: ``range_malformed``.
    """
    # No scan has slices with more digits than these.
    match = re.fullmatch(r"(-?\d{1,15})?:(-?\d{1,15})?", text.strip(), re.ASCII)
    if match is None:
        raise MedSAMSegError(
            ErrorKind.INVALID_INPUT,
            "range_malformed",
            f"'{text[:80]}' is not a range of slices.",
            "Write the first and the last slice as A:B, such as 15:33; A: or :B limits one side.",
        )
    first, last = match.groups()
    return (None if first is None else int(first), None if last is None else int(last))


def read_prompts(path: Path) -> PromptsFile:
    """Read a prompts file. Whether there are such terms is not looked up.

    Raises:
        MedSAMSegError: ``prompts_missing``, ``prompts_unreadable``, or ``prompts_malformed`` with the place in it.
    """
    try:
        return _check_content(parse_json(path.read_text(encoding="utf-8-sig")))
    except FileNotFoundError as error:
        raise MedSAMSegError(
            ErrorKind.NOT_FOUND, "prompts_missing", f"There is no prompts file {path}.", "Check the path."
        ) from error
    except (OSError, UnicodeDecodeError) as error:
        raise MedSAMSegError(
            ErrorKind.UNREADABLE, "prompts_unreadable", f"The prompts file {path} cannot be read: {error}."
        ) from error
    except (JsonTextError, _WrongPlaceError) as error:
        raise _malformed(path, str(error)) from error


class _WrongPlaceError(Exception):
    """Says where in the file something else was expected, and what."""


def _malformed(path: Path, what: str) -> MedSAMSegError:
    return MedSAMSegError(
        ErrorKind.INVALID_INPUT,
        "prompts_malformed",
        f"The prompts file {path} is wrong at {what}.",
        f"Example: {FILE_EXAMPLE}",
    )


def _shown(value: Any) -> str:
    """Return a value as it stands in the file, cut to what can be read at a glance."""
    try:
        text = json.dumps(value)
    except RecursionError:
        return "a value of many nested brackets"
    return text if len(text) <= 80 else f"{text[:80]}…"


def _check_content(content: Any) -> PromptsFile:
    has_objects = isinstance(content, dict) and "objects" in content
    subject = "objects" if has_objects else "prompts"
    known = {"axis", subject} if has_objects else {"axis", subject, *_TERM_KEYS}
    _check_keys(content, known, {subject}, "the start")
    axis = content.get("axis", 0)
    if type(axis) is not int or axis not in (0, 1, 2):
        raise _WrongPlaceError(f"axis: {_shown(axis)} is not 0, 1 or 2")
    if not has_objects:
        return PromptsFile(axis, {None: _check_prompts(content["prompts"], "prompts")}, _terms(content, None, ""))
    objects: dict[str | None, dict[int, Prompt]] = {}
    terms: dict[str | None, tuple[str | None, str | None]] = {}
    for number, item in enumerate(_check_list(content["objects"], "objects")):
        place = f"objects[{number}]"
        _check_keys(item, {"name", "prompts", *_TERM_KEYS}, {"name", "prompts"}, place)
        name = item["name"]
        if not isinstance(name, str) or not is_name(name):
            raise _WrongPlaceError(f"{place}.name: {_shown(name)} is no name for a segment")
        if name in objects:
            raise _WrongPlaceError(f"{place}.name: there is a '{name[:80]}' already")
        objects[name] = _check_prompts(item["prompts"], f"{place}.prompts")
        terms |= _terms(item, name, f"{place}.")
    return PromptsFile(axis, objects, terms)


def _terms(item: dict[str, Any], name: str | None, place: str) -> dict[str | None, tuple[str | None, str | None]]:
    for key in _TERM_KEYS:
        if key in item and not isinstance(item[key], str):
            raise _WrongPlaceError(f'{place}{key}: {_shown(item[key])} is no text such as "Mass"')
    return {name: (item.get("term"), item.get("region"))} if any(key in item for key in _TERM_KEYS) else {}


def is_name(text: str) -> bool:
    """Return whether a segment can be called so."""
    return bool(text.strip()) and text.isprintable()


def _check_prompts(prompts: Any, place: str) -> dict[int, Prompt]:
    checked: dict[int, Prompt] = {}
    for number, prompt in enumerate(_check_list(prompts, place)):
        here = f"{place}[{number}]"
        # Points alone show an object, too.
        needed = {"slice"} if isinstance(prompt, dict) and "points" in prompt else {"slice", "box"}
        _check_keys(prompt, {"slice", "box", "exclude", "points"}, needed, here)
        index = prompt["slice"]
        if type(index) is not int:
            raise _WrongPlaceError(f"{here}.slice: {_shown(index)} is not a whole number")
        _check_digits(index, f"{here}.slice")
        if index in checked:
            raise _WrongPlaceError(f"{here}.slice: slice {index} has a prompt already")
        box = _check_box(prompt["box"], f"{here}.box") if "box" in prompt else None
        checked[index] = Prompt(box, _check_points(prompt, here), exclude=_check_excluded(prompt, here))
    return checked


def _check_excluded(prompt: dict[str, Any], place: str) -> tuple[Box, ...]:
    if "exclude" not in prompt:
        return ()
    boxes = _check_list(prompt["exclude"], f"{place}.exclude")
    return tuple(_check_box(box, f"{place}.exclude[{number}]") for number, box in enumerate(boxes))


def _check_points(prompt: dict[str, Any], place: str) -> Points:
    if "points" not in prompt:
        return ()
    points = []
    for number, point in enumerate(_check_list(prompt["points"], f"{place}.points")):
        here = f"{place}.points[{number}]"
        if not isinstance(point, list) or len(point) != 3 or point[2] not in (0, 1):
            raise _WrongPlaceError(f"{here}: [x, y, 1] on the object or [x, y, 0] beside it is expected")
        _check_numbers(point, here)
        points.append((float(point[0]), float(point[1]), int(point[2])))
    return tuple(points)


def _check_digits(value: Any, place: str) -> None:
    if isinstance(value, int) and abs(value) >= _LARGEST:
        raise _WrongPlaceError(f"{place}: {_shown(value)} is more than any scan has voxels")


def _check_list(value: Any, place: str) -> list[Any]:
    if not isinstance(value, list) or not value:
        raise _WrongPlaceError(f"{place}: a list with at least one entry is expected")
    return value


def _check_keys(value: Any, known: set[str], needed: set[str], place: str) -> None:
    if not isinstance(value, dict):
        raise _WrongPlaceError(f"{place}: {{…}} with {' and '.join(sorted(needed))} is expected")
    for key in sorted(needed - value.keys()):
        raise _WrongPlaceError(f"{place}: '{key}' is missing")
    for key in sorted(value.keys() - known):
        raise _WrongPlaceError(f"{place}: '{key[:80]}' is not known here")


def _check_box(value: Any, place: str) -> Box:
    if not isinstance(value, list) or len(value) != 4:
        raise _WrongPlaceError(f"{place}: a list of four numbers [x0, y0, x1, y1] is expected")
    _check_numbers(value, place)
    x0, y0, x1, y1 = (float(corner) for corner in value)
    return (x0, y0, x1, y1)


def _check_numbers(values: list[Any], place: str) -> None:
    for number, value in enumerate(values):
        if type(value) not in (int, float):
            raise _WrongPlaceError(f"{place}[{number}]: {_shown(value)} is not a number")
        _check_digits(value, f"{place}[{number}]")


def slice_index(args: argparse.Namespace) -> int | None:
    """Return the slice of ``--slice``; 0 of a flat picture, which has one, where it is not given."""
    from medsamseg_server.image_io.pictures import may_be_flat

    # Of a stack in such a file, the first.
    index: int | None = 0 if args.slice is None and may_be_flat(args.image) else args.slice
    return index
