"""Simulated readers who let the program follow an object, look at it in views, and mend what these show."""

from __future__ import annotations

from collections.abc import Sequence

from medsamseg_server.annotation_study.costs import Effort
from medsamseg_server.annotation_study.followed_segment import FollowedSegment
from medsamseg_server.annotation_study.follower import VIEWS, Follower
from medsamseg_server.annotation_study.study_object import Reading, StudyObject
from medsamseg_server.engine.engine import Engine
from medsamseg_server.propagation.whole_volume import WholeObjects

#: The ways by their names.
PROPAGATED, LINES, BATCH, PERFECT = "propagated", "lines", "batch", "perfect"

# Ctrl+Down for the next lesion, Shift+A to accept it.
_KEYS_OF_CHECK = 4
# Shift+N for a new one.
_KEYS_OF_NEW = 2


def read_by_propagation(target: StudyObject, engine: Engine) -> Reading:
    """Draw one box where the object is largest, propagate, and go through the slices as the audit proposes.

    The reader looks for the true ends of the object first, sets the range there by a click each, and presses
    "Propagate". The least confident slice is shown by a key. In the end, each slice has been looked at.
    """
    present = target.present
    task = target.task({target.largest: target.box(target.largest)}, (present[0], present[-1]))
    follower = Follower(target, FollowedSegment(target, engine, task), Effort(checks=2, clicks=3))
    return follower.read(PROPAGATED, Follower.go_through_slices)


def read_by_lines(target: StudyObject, engine: Engine) -> Reading:
    """Measure the two diameters as RECIST 1.1 has it, propagate from them, and look at the lesion in three views.

    Nobody says where the object ends. Two lines are four clicks at its extremes, and count as a box; "Use lines" and
    "Propagate" are a click each.
    """
    index, prompt = target.lines()
    task = target.task({index: prompt.box}, reach=prompt.reach)
    follower = Follower(target, FollowedSegment(target, engine, task), Effort(keys=_KEYS_OF_CHECK, clicks=2))
    return follower.read(LINES, Follower.go_by_views)


def read_as_batch(targets: Sequence[StudyObject], engine: Engine) -> list[Reading]:
    """Draw a box round each lesion of a scan, let all be followed together, and check one after the other by keys.

    All the waiting for what is followed together is before the first check, and shared.

    Args:
        targets: the lesions of one scan.
        engine: segments.
    """
    tasks = {target.name: target.task({target.largest: target.box(target.largest)}) for target in targets}
    followed = WholeObjects(targets[0].case.volume, tasks).run(engine)
    first = next(iter(followed.values()))
    waited = (first.seconds_encoding + first.seconds_decoding) / len(targets)
    effort = Effort(keys=_KEYS_OF_NEW + _KEYS_OF_CHECK, clicks=1, waited=waited)
    readings = []
    for target in targets:
        segment = FollowedSegment(target, engine, tasks[target.name], followed[target.name])
        follower = Follower(target, segment, effort)
        readings.append(follower.read(BATCH, Follower.go_by_views))
    return readings


def read_if_found_at_once(target: StudyObject) -> Reading:
    """Return what is left to do of a batch if the program were never wrong and took no time: no way can be faster."""
    checks = min(VIEWS, len(target.present))
    effort = Effort(boxes=1, checks=checks, keys=_KEYS_OF_NEW + _KEYS_OF_CHECK, clicks=1)
    return Reading(PERFECT, effort, 1.0, 1.0)
