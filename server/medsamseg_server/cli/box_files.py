"""Boxes of many objects in many pictures, as annotation tools export them: COCO JSON and YOLO text files."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from medsamseg_server.cli.prompt_arguments import is_name
from medsamseg_server.engine.prompts import Box
from medsamseg_server.errors import ErrorKind, MedSAMSegError
from medsamseg_server.image_io.pictures import may_be_flat

#: Beside YOLO's files, the names of its classes, a line each.
_CLASSES = "classes.txt"


@dataclass(frozen=True)
class BoxedPicture:
    """The boxes of one picture.

    Attributes:
        path: the picture.
        boxes: four numbers by the object's name.
        kind: what the numbers are; see ``box_formats.in_pixels``.
        size: (H, W) that the picture has according to the file; None where that does not say.
    """

    path: Path
    boxes: dict[str, Box]
    kind: str
    size: tuple[int, int] | None = None


def read_boxes(path: Path, images: Path) -> list[BoxedPicture]:
    """Return the boxes that a file has for one picture or for those in a folder.

    Args:
        path: COCO's ``.json``, YOLO's ``.txt`` of one picture, or a folder of these.
        images: a picture, or a folder of pictures.

    Raises:
        MedSAMSegError: ``boxes_missing``, ``boxes_unreadable``, ``boxes_malformed`` with the place in the file, or
            ``boxes_none`` when there is no box for what is in ``images``.
    """
    if not path.exists():
        raise MedSAMSegError(ErrorKind.NOT_FOUND, "boxes_missing", f"There is no {path}.", "Check the path of --boxes.")
    try:
        pictures = _read_coco(path, images) if path.suffix.lower() == ".json" else list(_read_yolo(path, images))
    except (OSError, UnicodeDecodeError) as error:
        message = f"{path} cannot be read: {error}."
        raise MedSAMSegError(ErrorKind.UNREADABLE, "boxes_unreadable", message) from error
    found = [picture for picture in pictures if picture.boxes]
    if not found:
        message = f"{path} has no box for {images}."
        hint = "Pictures are found by their file names; give the picture, or the folder that they lie in."
        raise MedSAMSegError(ErrorKind.INVALID_INPUT, "boxes_none", message, hint)
    return found


def _malformed(path: Path, what: str) -> MedSAMSegError:
    hint = (
        'Expected is COCO\'s {"images": [{"id", "file_name"}], "annotations": [{"image_id", "bbox": [x, y, width, '
        'height]}]} as .json, or YOLO\'s lines "class x y width height" as .txt.'
    )
    return MedSAMSegError(ErrorKind.INVALID_INPUT, "boxes_malformed", f"{path} is wrong at {what}.", hint)


def _named(objects: Sequence[tuple[str, Box]]) -> dict[str, Box]:
    """Return the boxes of labeled objects by name: the label, with a number where several objects have it."""
    often = {label for label, count in Counter(label for label, _ in objects).items() if count > 1}
    numbers: Counter[str] = Counter()
    named = {}
    for label, box in objects:
        numbers[label] += 1
        named[f"{label} {numbers[label]}" if label in often else label] = box
    return named


def _read_coco(path: Path, images: Path) -> list[BoxedPicture]:
    try:
        content = json.loads(path.read_text(encoding="utf-8-sig"))
    except (ValueError, RecursionError) as error:
        raise _malformed(path, f"its JSON: {error}") from error
    entries = _entries(path, content, "images")
    objects = _coco_objects(path, content)
    pictures = []
    for number, entry in enumerate(entries):
        name = entry.get("file_name")
        if not isinstance(name, str):
            raise _malformed(path, f"images[{number}].file_name: a text is expected")
        picture = _find(name, images)
        if picture is not None:
            named = _named(objects.get(entry.get("id"), []))
            pictures.append(BoxedPicture(picture, named, "xywh", _coco_size(entry)))
    return pictures


def _coco_objects(path: Path, content: Any) -> dict[Any, list[tuple[str, Box]]]:
    """Return label and box of each object, by the ``id`` of its picture."""
    classes = {each.get("id"): str(each.get("name")) for each in _entries(path, content, "categories", needed=False)}
    objects: dict[Any, list[tuple[str, Box]]] = {}
    for number, each in enumerate(_entries(path, content, "annotations")):
        box = _box(each.get("bbox"))
        if box is None:
            raise _malformed(path, f"annotations[{number}].bbox: four numbers are expected")
        label = classes.get(each.get("category_id"), f"class {each.get('category_id')}")
        objects.setdefault(each.get("image_id"), []).append((label if is_name(label) else "Object", box))
    return objects


def _coco_size(entry: dict[Any, Any]) -> tuple[int, int] | None:
    height, width = entry.get("height"), entry.get("width")
    return (height, width) if isinstance(height, int) and isinstance(width, int) else None


def _entries(path: Path, content: Any, key: str, needed: bool = True) -> list[dict[Any, Any]]:
    found = content.get(key) if isinstance(content, dict) else None
    if found is None and not needed:
        return []
    if not isinstance(found, list) or not all(isinstance(each, dict) for each in found):
        raise _malformed(path, f"'{key}': a list of objects is expected")
    for number, each in enumerate(found):
        for name in ("id", "image_id", "category_id"):
            if isinstance(each.get(name), (list, dict)):
                raise _malformed(path, f"{key}[{number}].{name}: a number or a text is expected")
    return found


def _box(value: Any) -> Box | None:
    if not isinstance(value, list) or len(value) != 4 or not all(type(each) in (int, float) for each in value):
        return None
    return (value[0], value[1], value[2], value[3])


def _find(name: str, images: Path) -> Path | None:
    """Return the picture of a name, which may have folders in front of it, in a folder or as the one picture."""
    parts = [part for part in name.replace("\\", "/").split("/") if part]
    if not parts or ".." in parts:
        return None
    if not images.is_dir():
        return images if images.name == parts[-1] else None
    candidates = (images.joinpath(*parts), images / parts[-1])
    return next((each for each in candidates if each.is_file()), None)


def _read_yolo(path: Path, images: Path) -> Iterator[BoxedPicture]:
    folder = path if path.is_dir() else path.parent
    classes = _classes(folder)
    pictures = sorted(each for each in images.iterdir() if may_be_flat(each)) if images.is_dir() else [images]
    for picture in pictures:
        file = path / f"{picture.stem}.txt" if path.is_dir() else path
        if path.is_dir() and not file.is_file():
            continue
        if not path.is_dir() and images.is_dir() and picture.stem != path.stem:
            continue
        lines = [_yolo_line(file, number, line) for number, line in _lines(file)]
        objects = [(classes.get(label, f"class {label}"), box) for label, box in lines]
        yield BoxedPicture(picture, _named(objects), "yolo")


def _classes(folder: Path) -> dict[int, str]:
    file = folder / _CLASSES
    if not file.is_file():
        return {}
    names = enumerate(file.read_text("utf-8-sig").splitlines())
    return {number: name.strip() for number, name in names if is_name(name)}


def _lines(file: Path) -> Iterator[tuple[int, str]]:
    for number, line in enumerate(file.read_text("utf-8-sig").splitlines(), start=1):
        if line.strip():
            yield number, line


def _yolo_line(file: Path, number: int, line: str) -> tuple[int, Box]:
    """Return class and box of a line; of a polygon, which has three corners or more, the box round it."""
    try:
        label, *numbers = line.split()
        values = [float(each) for each in numbers]
        kind = int(label)
    except ValueError as error:
        raise _malformed(file, f"line {number}: '{line[:80]}'") from error
    if len(values) in (4, 5):
        # A fifth number is how sure a detector is.
        return kind, (values[0], values[1], values[2], values[3])
    if len(values) < 6 or len(values) % 2:
        raise _malformed(file, f"line {number}: '{line[:80]}' has {len(values)} numbers after the class")
    xs, ys = values[::2], values[1::2]
    width, height = max(xs) - min(xs), max(ys) - min(ys)
    return kind, (min(xs) + width / 2, min(ys) + height / 2, width, height)
