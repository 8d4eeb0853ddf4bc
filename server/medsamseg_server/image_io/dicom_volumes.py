"""Which frames of a series make one volume: a series may hold several times, echoes, stacks, or odd pictures."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from medsamseg_server.image_io.dicom_frames import Frame
from medsamseg_server.image_io.dicom_keys import STACK, describe_key, splitting_order
from medsamseg_server.image_io.dicom_pixels import FrameReader
from medsamseg_server.image_io.dicom_places import heights, same_place, sort_in_space

# Directions whose components differ by more than this are different ones.
_SAME_DIRECTION = 1e-3
# More pictures than this, each turned another way, are slices that turn, not odd pictures beside a volume.
_ODD_PICTURES = 3
_FILE = "file"


@dataclass(frozen=True)
class Part:
    """Frames of a series that belong to one volume.

    Attributes:
        frames: sorted in space, each at a place of its own unless nothing tells them apart.
        words: what sets it apart from the series' other parts, such as ``time 2``.
    """

    frames: tuple[Frame, ...]
    words: tuple[str, ...] = ()


@dataclass(frozen=True)
class Sorted:
    """The frames of a series.

    Attributes:
        parts: volumes, in the order in which they are numbered.
        odd: pictures that belong to none of them: of other size or direction, or without a place.
        copies: frames that are there already.
        turned: whether the frames are turned against each other, so that they make no volume.
    """

    parts: tuple[Part, ...]
    odd: tuple[Frame, ...] = ()
    copies: tuple[Frame, ...] = ()
    turned: bool = False


def sort_frames(frames: Sequence[Frame]) -> Sorted:
    """Return which frames of a series belong together.

    Raises:
        DamagedFileError: when frames at one place have to be compared and cannot be decoded.
    """
    placed = [frame for frame in frames if frame.has_place]
    if not placed:
        return Sorted((Part(tuple(frames)),))
    placed, copies = _without_repeated_files(placed)
    groups = _alike(placed)
    singles = [group for group in groups if len(group) == 1]
    if len(singles) > _ODD_PICTURES:
        return Sorted((Part(tuple(placed)),), copies=tuple(copies), turned=True)
    odd = [frame for frame in frames if not frame.has_place]
    if max(map(len, groups)) >= _ODD_PICTURES:
        odd += [group[0] for group in singles]
        groups = [group for group in groups if len(group) > 1]
    parts: list[Part] = []
    for group in groups:
        words = (_words_of(group[0]),) if len(groups) > 1 else ()
        for stack_words, stack in _stacks(group):
            found, same = _split(stack, (*words, *stack_words))
            parts += found
            copies += same
    return Sorted(tuple(parts), tuple(odd), tuple(copies))


def _without_repeated_files(frames: Sequence[Frame]) -> tuple[list[Frame], list[Frame]]:
    """Return frames, and apart from them those that have the UID, the place and the pixels of an earlier one."""
    by_uid: dict[Hashable, list[Frame]] = defaultdict(list)
    for frame in frames:
        by_uid[str(frame.file.get("SOPInstanceUID", frame.file.path)), frame.index, frame.position].append(frame)
    copies = [copy for same in by_uid.values() if len(same) > 1 for copy in _copies(same)]
    gone = set(map(id, copies))
    return [frame for frame in frames if id(frame) not in gone], copies


def _copies(frames: Sequence[Frame]) -> list[Frame]:
    """Return those of some frames that have the pixels of an earlier one."""
    seen: set[Hashable] = set()
    copies = []
    with FrameReader() as reader:
        for frame in frames:
            pixels = reader.read(frame.file, frame.index, frozenset([frame.index]))
            digest = hashlib.sha256(pixels.tobytes()).digest(), frame.slope, frame.intercept
            if digest in seen:
                copies.append(frame)
            seen.add(digest)
    return copies


def _alike(frames: Sequence[Frame]) -> list[list[Frame]]:
    """Return frames of the same size, spacing and direction together."""
    groups: list[list[Frame]] = []
    for frame in frames:
        for group in groups:
            if _is_alike(group[0], frame):
                group.append(frame)
                break
        else:
            groups.append([frame])
    return groups


def _is_alike(one: Frame, other: Frame) -> bool:
    if (one.rows, one.columns) != (other.rows, other.columns):
        return False
    if not np.allclose(one.spacing or (1, 1), other.spacing or (1, 1), rtol=1e-3):
        return False
    turn = np.abs(np.array(one.orientation) - np.array(other.orientation)).max()
    return bool(turn <= _SAME_DIRECTION)


def _words_of(frame: Frame) -> str:
    across = ("sagittal", "coronal", "axial")[int(np.abs(frame.normal).argmax())]
    return f"{across}, {frame.columns} × {frame.rows}"


def _stacks(frames: list[Frame]) -> list[tuple[tuple[str, ...], list[Frame]]]:
    """Return the stacks that lie beside each other; those that lie in each other are slices of one volume."""
    stacks = _by_value(frames, STACK)
    if len(stacks) > 1 and min(map(len, stacks.values())) > 1:
        reach = {value: heights([frames[0], *stack])[1:] for value, stack in stacks.items()}
        ranges = sorted((along.min(), along.max()) for along in reach.values())
        if all(before[1] < after[0] for before, after in pairwise(ranges)):
            return [((describe_key(STACK, value),), stack) for value, stack in stacks.items()]
    return [((), frames)]


def _split(frames: Sequence[Frame], words: tuple[str, ...]) -> tuple[list[Part], list[Frame]]:
    """Return volumes, no two frames of which are at one place, as far as anything tells them apart; and copies."""
    places = same_place(frames)
    most = max(map(len, places))
    if most == 1:
        return [Part(tuple(sort_in_space(frames)), words)], []
    keys = {name: None for frame in frames for name in frame.keys}
    for name in [*splitting_order(keys), _FILE]:
        groups = _by_value(frames, name)
        # A value that changes from slice to slice tells slices apart, not volumes.
        if not 1 < len(groups) <= most or max(map(_most_at_a_place, groups.values())) == most:
            continue
        parts: list[Part] = []
        copies: list[Frame] = []
        for value, group in groups.items():
            found, same = _split(group, (*words, describe_key(name, value)))
            parts += found
            copies += same
        return parts, copies
    copies = [copy for place in places if len(place) > 1 for copy in _copies(place)]
    gone = set(map(id, copies))
    return [Part(tuple(sort_in_space([frame for frame in frames if id(frame) not in gone])), words)], copies


def _most_at_a_place(frames: Sequence[Frame]) -> int:
    return max(map(len, same_place(frames)))


def _by_value(frames: Sequence[Frame], name: str) -> dict[Hashable, list[Frame]]:
    """Return frames by the value of a key, in the order of the values."""
    groups: dict[Hashable, list[Frame]] = defaultdict(list)
    for frame in frames:
        groups[_value(frame, name)].append(frame)
    return dict(sorted(groups.items(), key=lambda item: _rank(item[0])))


def _value(frame: Frame, name: str) -> Hashable:
    if name == _FILE:
        # Files of one frame each are slices; only whole volumes are told apart by their files.
        return frame.file.path.name if frame.file.frame_count > 1 else None
    return frame.keys.get(name)


def _rank(value: Hashable) -> tuple[int, float, str]:
    """Return what puts values in order: none, numbers, texts and lists."""
    if value is None:
        return 0, 0.0, ""
    if isinstance(value, (int, float)):
        return 1, float(value), ""
    return 2, 0.0, str(value)
