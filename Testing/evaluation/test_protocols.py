"""What the protocols give to the program."""

import numpy as np
import pytest

from medsamseg_server.errors import MedSAMSegError
from medsamseg_server.evaluation.protocols import DEFAULT_PROTOCOLS, Jitter, parse_protocols, tight_box


def spindle():
    """Slices 5 to 14 of 20; largest on slice 8."""
    mask = np.zeros((20, 32, 32), bool)
    for index in range(5, 15):
        half = 10 - abs(index - 8)
        mask[index, 16 - half : 16 + half + 1, 10 : 10 + half] = True
    return mask


def prompts(name, jitter=None):
    (protocol,) = parse_protocols(name)
    return protocol.prompts(spindle(), jitter or Jitter(), "case/spindle")


def test_box_on_every_slice():
    given = prompts("gtbox")
    assert sorted(given.boxes) == list(range(5, 15))
    assert given.boxes[8] == (10, 6, 19, 26)
    assert not given.propagates


def test_one_box_where_the_object_is_largest():
    given = prompts("propagate")
    assert given.boxes == {8: (10, 6, 19, 26)}
    assert (given.first, given.last, given.propagates) == (None, None, True)
    given = prompts("propagate_zrange")
    assert list(given.boxes) == [8]
    assert (given.first, given.last) == (5, 14)


@pytest.mark.parametrize(("count", "slices"), [(1, [8]), (2, [7, 12]), (3, [6, 10, 13]), (5, [6, 8, 10, 12, 14])])
def test_key_boxes_are_spread_over_the_object(count, slices):
    given = prompts(f"keyframes:{count}")
    assert list(given.boxes) == slices
    assert (given.first, given.last) == (5, 14)
    given = prompts(f"keyframes_open:{count}")
    assert list(given.boxes) == slices
    assert (given.first, given.last) == (None, None)


def test_more_key_boxes_than_slices_are_a_box_on_every_slice():
    assert list(prompts("keyframes:100").boxes) == list(range(5, 15))


def test_jitter_is_outward_up_to_its_percent_and_repeats():
    tight = prompts("gtbox").boxes
    loose = prompts("gtbox", Jitter(20, seed=3)).boxes
    assert loose == prompts("gtbox", Jitter(20, seed=3)).boxes
    assert loose != prompts("gtbox", Jitter(20, seed=4)).boxes
    shifts = []
    for index, (x0, y0, x1, y1) in tight.items():
        width, height = x1 - x0 + 1, y1 - y0 + 1
        a0, b0, a1, b1 = loose[index]
        shifts += [(x0 - a0) / width, (y0 - b0) / height, (a1 - x1) / width, (b1 - y1) / height]
    assert min(shifts) >= 0
    assert max(shifts) <= 0.2
    assert 0.07 < np.mean(shifts) < 0.13


def test_the_same_box_has_the_same_jitter_in_every_protocol():
    jitter = Jitter(5, seed=1)
    assert prompts("propagate", jitter).boxes[8] == prompts("gtbox", jitter).boxes[8]


def test_jitter_stays_in_the_image():
    box = Jitter(100, seed=0).apply((0, 0, 31, 31), (32, 32), "all", 0)
    assert box == (-0.5, -0.5, 31.5, 31.5)


def test_box_of_a_thin_object_has_an_area():
    mask = np.zeros((8, 8), bool)
    mask[3, 2:6] = True
    assert tight_box(mask) == (2, 2.5, 5, 3.5)


def test_default_protocols_exist():
    names = [protocol.name for protocol in parse_protocols(DEFAULT_PROTOCOLS)]
    assert {"gtbox", "propagate", "propagate_zrange", "keyframes:3"} <= set(names)


def test_points_are_random_pixels_of_the_object_on_every_slice():
    mask = spindle()
    several = prompts("points:20")
    assert (several.boxes, several.propagates, list(several.points)) == ({}, False, list(range(5, 15)))
    for index, points in several.points.items():
        assert len(set(points)) == 20
        assert all(mask[index, int(y), int(x)] and label == 1 for x, y, label in points)
    # Their middle is that of the object, not of a corner of it.
    assert np.mean([x for points in several.points.values() for x, _, _ in points]) == pytest.approx(13.1, abs=1)


def test_few_points_are_among_many_and_the_seed_chooses_them():
    five, twenty = prompts("points:5").points, prompts("points:20").points
    assert all(twenty[index][:5] == points for index, points in five.items())
    assert prompts("points:5", Jitter(5)).points == five
    assert prompts("points:5", Jitter(0, seed=1)).points != five


def test_an_object_of_few_pixels_gets_a_point_on_each():
    mask = np.zeros((3, 8, 8), bool)
    mask[1, 2, 3:6] = True
    (protocol,) = parse_protocols("points:10")
    points = protocol.prompts(mask, Jitter(), "case/small").points
    assert {index: sorted(each) for index, each in points.items()} == {1: [(3, 2, 1), (4, 2, 1), (5, 2, 1)]}


def test_numbers_alone_are_of_the_kind_before_them():
    names = [each.name for each in parse_protocols("gtbox,points:1,5, 10,20,keyframes:2,3,track")]
    assert names == ["gtbox", *(f"points:{n}" for n in (1, 5, 10, 20)), "keyframes:2", "keyframes:3", "track"]


def test_track_is_a_box_on_the_first_slice():
    given = prompts("track")
    assert list(given.boxes) == [5]
    assert (given.first, given.last, given.propagates) == (None, None, True)


@pytest.mark.parametrize(
    "name",
    [
        "5",
        "gtbox,5",
        "points",
        "points:0",
        "points:65",
        "",
        "keyframes",
        "keyframes:0",
        "keyframes:x",
        "gtboxes",
        "gtbox:3",
    ],
)
def test_unknown_protocol_is_told(name):
    with pytest.raises(MedSAMSegError) as caught:
        parse_protocols(name)
    assert caught.value.code == "protocol_unknown"
