"""An object that widens at once is followed into where it widens, on the slices on which it is known to be."""

import numpy as np
import pytest
from test_tracking import SHAPE, SIZE, Scene, box_of, dice, run

from medsamseg_server.propagation import DirectionEnded, Propagation, tracking
from medsamseg_server.propagation.growth import grow


def bar(x0, x1, y0=34):
    shape = np.zeros(SIZE, bool)
    shape[y0:62, x0:x1] = True
    return shape


def widening(index):
    """A block, which from slice 11 on has a foot on one side; the image does not move."""
    return bar(40, 60) | bar(60, 84, 50) if index > 10 else bar(40, 60)


def found_by(scene, **limits):
    results, _ = run(scene, {10: box_of(widening(10))}, **limits)
    return {index: result.mask.to_array(SIZE) for index, result in results.items()}


def test_object_that_widens_is_followed():
    found = found_by(Scene(widening), first=10, last=14)
    assert dice(found[11], widening(11)) < dice(found[12], widening(12)) < dice(found[13], widening(13))
    assert (found[14] == widening(14)).all()


def ending(index):
    """The same, with nothing on slice 15 and beyond."""
    return widening(index) if index < 15 else np.zeros(SIZE, bool)


def told(scene, **limits):
    """Return what is told: slice indices, and why a pass ended."""
    events = Propagation(SHAPE, 0, {10: box_of(widening(10))}, **limits).run(scene)
    return [event.reason if isinstance(event, DirectionEnded) else event.index for event in events]


def test_without_a_range_it_is_followed_once_more_as_far_as_it_went():
    scene = Scene(ending)
    assert told(scene, direction="forward") == [10, 11, 12, 13, 14, 11, 12, 13, 14, "empty"]
    found = found_by(scene, direction="forward")
    assert (found[14] == widening(14)).all()
    assert sorted(found) == [10, 11, 12, 13, 14]


def test_where_it_may_have_ended_nothing_is_added():
    """What it would grow into may be the next vertebra: that it is there is no reason to go on."""

    def parting(index):
        return widening(index) if index < 13 else bar(60, 84, 50)

    assert told(Scene(parting), direction="forward") == [10, 11, 12, 11, 12, "shrunk"]


def test_what_does_not_widen_is_followed_once():
    assert told(Scene(lambda index: bar(40, 60)), reach=4, direction="forward") == [10, 11, 12, 13, 14, "reach"]


def test_slice_before_which_it_ended_is_not_followed_once_more():
    """It would have widened on the slice on which it is another object."""

    def ended_where_it_widens(index):
        return bar(40, 60) if index < 12 else bar(60, 84, 50) | bar(58, 60)

    assert told(Scene(ended_where_it_widens), direction="forward") == [10, 11, "shrunk"]


def test_once_more_ends_where_it_is_less_sure(monkeypatch):
    """What it grew into is something else then; what was found before stays."""
    scene = Scene(ending)
    monkeypatch.setattr(tracking, "LESS_SURE", -1.0)
    assert told(scene, direction="forward") == [10, 11, 12, 13, 14, "empty"]
    assert dice(found_by(scene, direction="forward")[14], widening(14)) < 0.9


def test_network_that_does_not_agree_with_the_larger_one_is_believed():
    """In a box with the foot it finds the ground as well."""
    scene = Scene(widening, lambda index, box: bar(40, 60) if box[2] < 70 else bar(40, 110))
    found = found_by(scene, first=10, last=14)
    assert len(scene.batches) > 5
    assert not (found[14] & ~widening(10)).any()


def test_only_slices_on_which_it_may_be_larger_cost_a_second_batch():
    scene = Scene(widening)
    found_by(scene, first=8, last=15)
    assert sorted(index for index, _ in scene.batches) == [8, 9, 10, 11, 11, 12, 12, 13, 13, 14, 15]


def test_grows_into_what_touches_it():
    assert (grow(bar(40, 60), bar(60, 66)) == bar(40, 66)).all()


@pytest.mark.parametrize(
    "alike",
    [bar(40, 60), bar(60, 62), bar(61, 70) & ~bar(60, 63), np.zeros(SIZE, bool)],
    ids=["itself", "thin", "apart", "nothing"],
)
def test_what_is_thin_or_apart_is_not_added(alike):
    assert grow(bar(40, 60), alike) is None


def test_grows_by_a_quarter_of_its_longer_side():
    grown = grow(bar(40, 60), bar(60, 100))
    assert 65 <= np.flatnonzero(grown.any(axis=0))[-1] <= 67
