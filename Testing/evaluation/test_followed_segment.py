"""An object while a simulated reader works on it: what a correction mends, what it leaves, and which looks it takes."""

from dataclasses import replace

import numpy as np
import pytest
from evaluation_scans import bar

from medsamseg_server.annotation_study import followed_segment
from medsamseg_server.annotation_study.costs import Effort
from medsamseg_server.annotation_study.followed_segment import FollowedSegment
from medsamseg_server.annotation_study.follower import Follower
from medsamseg_server.annotation_study.study_object import StudyObject
from medsamseg_server.evaluation.cases import load_case
from medsamseg_server.evaluation.manifest import read_manifest
from medsamseg_server.evaluation.protocols import Jitter
from medsamseg_server.propagation.whole_volume import WholeVolume


@pytest.fixture
def follow(engine, make_manifest):
    """Follows what is bright in a scan from a tight box on slice 4; returns the target and the segment."""

    def follow(scan, labels=None, wanted=0.9):
        entry = read_manifest(make_manifest(scan, scan // 200 * 7 if labels is None else labels))[0]
        target = StudyObject(load_case(entry), "bar", wanted, Jitter(0, 0), "litemedsam")
        return target, FollowedSegment(target, engine, target.task({4: target.box(4)}))

    return follow


def filled(segment):
    return np.flatnonzero(segment.mask.any(axis=(1, 2))).tolist()


def broken():
    """The bar, which lies elsewhere from slice 5 on, so that no motion leads there."""
    scan = bar()
    scan[5:10] = np.roll(scan[5:10], 18, axis=2)
    return scan


def too_long():
    """The bar, bright also where the object is not any more, on slices 10 and 11; and the labels."""
    scan = bar()
    scan[10:] = scan[9]
    return scan, bar() // 200 * 7


def test_one_outline_brings_the_slices_beyond_it(follow):
    target, segment = follow(broken())
    assert filled(segment) == [2, 3, 4]
    segment.outline(5)
    segment.propagate_from(5)
    assert filled(segment) == list(range(2, 10)) and target.dice(segment.mask) == 1
    assert segment.boxes == 1


def test_a_box_is_propagated_from_too(follow):
    _, segment = follow(broken())
    segment.draw(8)
    assert filled(segment) == [2, 3, 4, 8]
    segment.propagate_from(8)
    # Between two boxes the object is there, also where the network does not see it.
    assert filled(segment) == list(range(2, 10)) and segment.boxes == 2
    assert segment.is_boxed(8) and not segment.is_fixed(8)


def test_what_lies_beyond_the_next_box_stays_as_it_is(follow):
    _, segment = follow(broken())
    segment.mask[3] = False
    segment.outline(5)
    segment.propagate_from(5)
    assert filled(segment) == [2, 4, *range(5, 10)]


def test_the_program_is_told_what_is_known(follow, monkeypatch):
    target, segment = follow(*too_long())
    segment.outline(10)
    segment.outline(7)
    asked = []
    monkeypatch.setattr(
        followed_segment, "WholeVolume", lambda volume, task: asked.append(task) or WholeVolume(volume, task)
    )
    segment.propagate_from(7)
    (task,) = asked
    # Nothing is asked anew in the box or at the outline, and nothing beyond the box or the emptied slice.
    assert sorted(task.found) == sorted(task.boxes) == [4, 7]
    assert all((task.found[index].to_array((32, 40)) == target.reference[index]).all() for index in (4, 7))
    assert (task.first, task.last, task.locked) == (4, None, {10})


def test_an_accepted_slice_stays_and_is_started_from(follow):
    _, segment = follow(broken())
    segment.mask[3, :12] = False
    segment.accept(3)
    segment.outline(2)
    assert not segment.reaches(2), "slice 3 is accepted, and below slice 2 is nothing"
    segment.propagate_from(2)
    assert segment.is_fixed(3) and not segment.mask[3, :12].any() and segment.mask[3, 12:].any()
    segment.outline(5)
    assert segment.reaches(5), "the object goes on to slice 9"


def test_no_pass_crosses_a_slice_that_was_emptied(follow):
    _, segment = follow(*too_long())
    assert filled(segment) == list(range(2, 12))
    segment.outline(10)
    segment.outline(9)
    segment.propagate_from(9)
    # As in the module, what was found beyond it before is not touched.
    assert filled(segment) == [*range(2, 10), 11]


def test_a_locked_slice_ends_a_pass(follow, engine):
    target, _ = follow(bar())
    task = replace(target.task({4: target.box(4)}), locked=frozenset({7}))
    found = WholeVolume(target.case.volume, task).run(engine)
    assert found.slices == (2, 3, 4, 5, 6)
    assert [end.reason for end in found.ended if end.direction == "forward"] == ["locked"]


def read_by_views(target, segment):
    return Follower(target, segment, Effort()).read("lines", Follower.go_by_views)


def test_what_is_right_takes_three_looks(follow):
    reading = read_by_views(*follow(bar()))
    assert reading.effort.plus(waited=-reading.effort.waited) == Effort(boxes=1, checks=3)


def test_views_show_where_it_is_wrong_and_are_looked_at_again_where_they_changed(follow):
    reading = read_by_views(*follow(broken(), wanted=0.95))
    effort = reading.effort
    # The slice and a cut; a click to slice 5, a look, four corners, "Propagate"; that cut again, and the other one.
    assert (effort.boxes, effort.checks, effort.clicks, effort.points, effort.keys) == (1, 2 + 1 + 2, 2, 4, 0)
    assert reading.dice == 1 and not reading.overlooked


def test_slices_beyond_the_end_are_emptied_one_after_the_other(follow):
    reading = read_by_views(*follow(*too_long()))
    effort = reading.effort
    # A cut shows slice 10; from there the arrow key goes to 11; a click empties each. Nothing is propagated again.
    assert (effort.boxes, effort.checks, effort.clicks, effort.points, effort.keys) == (1, 2 + 2 + 2, 1, 2, 1)
    assert reading.dice == 1


def test_slice_by_slice_each_takes_a_key_and_a_look(follow):
    target, segment = follow(broken(), wanted=0.95)
    reading = Follower(target, segment, Effort()).read("propagated", Follower.go_through_slices)
    effort = reading.effort
    # Slice 5 first, on which nothing was found; then all is good, and the other seven are looked at.
    assert (effort.boxes, effort.checks, effort.clicks, effort.points, effort.keys) == (1, 8, 1, 4, 8)
