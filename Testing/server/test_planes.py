"""An object that is followed in one plane and looked at across the two others, with networks made of functions."""

import dataclasses
import itertools
import json

import numpy as np
import pytest
from server_fakes import IDENTITY_WINDOW, ROD_BOX, rod

from medsamseg_server.engine.masks import Candidates
from medsamseg_server.engine.prompts import Prompt
from medsamseg_server.errors import MedSAMSegError
from medsamseg_server.propagation import Propagation, SliceResult, SliceSeen
from medsamseg_server.propagation.planes import why_one_plane
from medsamseg_server.propagation.whole_volume import Task, WholeVolume
from medsamseg_server.volumes.volume import Volume

#: No two axes are alike, so that one taken for another is seen.
SHAPE = (20, 24, 28)
#: The object: a block with a process that is there on two slices of each axis 0 only.
BODY, PROCESS = np.s_[4:15, 6:15, 8:19], np.s_[9:11, 15:20, 10:16]


def made_of(*parts):
    volume = np.zeros(SHAPE, bool)
    for part in parts:
        volume[part] = True
    return volume


TRUTH = made_of(BODY, PROCESS)
#: What a network gives that carries on what was on the slice before.
SMOOTH = made_of(BODY)


class Planes:
    """The slices of a volume along an axis; a network that gives for each axis a slice of what it holds to be true."""

    def __init__(self, believed, axis, likely=None):
        self._believed, self._axis, self._likely = believed, axis, likely
        self.asked = []

    def across(self, axis):
        made = Planes(self._believed, axis, self._likely)
        made.asked = self.asked
        return made

    def gray(self, index):
        return np.full(self._slice(TRUTH, index).shape, 100, np.uint8)

    def candidates(self, index, box, more_boxes=()):
        self.asked.append((self._axis, index, box))
        mask = self._slice(self._believed[self._axis], index)
        behind = None if self._likely is None else np.array([np.where(mask, self._likely[self._axis], 0)], np.float32)
        return Candidates(mask[None], np.full(1, 0.9), probabilities=behind)

    def _slice(self, volume, index):
        return np.moveaxis(volume, self._axis, 0)[index]


def run(axis, believed, prompts, likely=None, **options):
    source = Planes(believed, axis, likely)
    propagation = Propagation(SHAPE, axis, prompts, planes=3, **options)
    return list(propagation.run(source)), source, propagation


def mask_of(events, axis):
    """Return the volume (K, J, I) as it is at the end."""
    volume = np.zeros(SHAPE, bool)
    for event in events:
        if isinstance(event, SliceResult):
            place = np.moveaxis(volume, axis, 0)[event.index]
            place[:] = event.mask.to_array(place.shape)
    return volume


def prompt_on(axis, index):
    """Return a prompt on a slice, drawn by hand: what is followed is smooth from there."""
    mask = np.moveaxis(SMOOTH, axis, 0)[index]
    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    return {index: Prompt((float(columns[0]), float(rows[0]), float(columns[-1]), float(rows[-1])))}


def truth_but(axis, wrong):
    """Return what a network holds to be true, by axis: it is wrong in the plane across one of them."""
    return {other: wrong if other == axis else TRUTH for other in range(3)}


@pytest.mark.parametrize("axis", [0, 1, 2])
def test_two_planes_outvote_the_one_in_which_the_object_was_followed(axis):
    holed = TRUTH.copy()
    holed[8:11, 9:12, 12:15] = False
    start = {0: 6, 1: 7, 2: 17}[axis]
    # The range is given: the process alone is so much less than the body that a pass would end before it.
    first, *_, last = np.flatnonzero(np.moveaxis(TRUTH, axis, 0).any(axis=(1, 2))).tolist()
    events, _, _ = run(axis, truth_but(axis, holed), prompt_on(axis, start), first=first, last=last)
    walked = itertools.takewhile(lambda event: not isinstance(event, SliceSeen), events)
    assert (mask_of(walked, axis) != TRUTH).any()
    assert (mask_of(events, axis) == TRUTH).all()


@pytest.mark.parametrize("axis", [0, 1, 2])
def test_each_slice_of_the_others_with_the_object_is_asked_once_and_told(axis):
    events, source, _ = run(axis, truth_but(axis, TRUTH), prompt_on(axis, {0: 6, 1: 7, 2: 17}[axis]))
    seen = [event for event in events if isinstance(event, SliceSeen)]
    others = [other for other in range(3) if other != axis]
    occupied = [
        (other, int(index)) for other in others for index in np.flatnonzero(np.moveaxis(TRUTH, other, 0).any((1, 2)))
    ]
    assert [(event.axis, event.index) for event in seen] == occupied
    assert [event.done for event in seen] == list(range(1, len(occupied) + 1))
    assert {event.total for event in seen} == {len(occupied)}
    assert sorted((other, index) for other, index, _ in source.asked if other != axis) == sorted(occupied)


def test_one_plane_alone_adds_nothing_and_takes_nothing():
    believed = {0: TRUTH, 1: made_of(BODY), 2: TRUTH}
    events, _, _ = run(0, believed, prompt_on(0, 6))
    assert (mask_of(events, 0) == TRUTH).all()


def test_planes_that_see_something_else_have_no_vote():
    """Both see another object beside it, of which little is in the place of this one."""
    beside = np.zeros(SHAPE, bool)
    beside[4:15, 12:24, 8:19] = True
    events, _, _ = run(0, {0: SMOOTH, 1: beside, 2: beside}, prompt_on(0, 6))
    assert (mask_of(events, 0) == SMOOTH).all()


def test_slices_with_a_box_and_the_ends_stay():
    """Two planes see no object beyond slice 12 and none on slice 6, on which there is a box."""
    cut = SMOOTH.copy()
    cut[12:] = cut[6] = False
    events, _, _ = run(0, {0: SMOOTH, 1: cut, 2: cut}, prompt_on(0, 6), first=4, last=14)
    found = mask_of(events, 0)
    assert (found[6] == SMOOTH[6]).all()
    assert found.any(axis=(1, 2)).nonzero()[0].tolist() == list(range(4, 15))


def test_locked_slices_are_walls_in_all_planes():
    events, _, _ = run(0, truth_but(0, TRUTH), prompt_on(0, 6), locked=(12,))
    assert not mask_of(events, 0)[12:].any()


def test_probabilities_are_the_middle_of_the_three():
    likely = {0: 0.6, 1: 0.9, 2: 0.7}
    events, _, _ = run(0, dict.fromkeys(range(3), SMOOTH), prompt_on(0, 6), likely)
    last = {event.index: event for event in events if isinstance(event, SliceResult)}
    values = last[10].mask.probability.to_array(SHAPE[1:])
    assert np.unique(values).tolist() == pytest.approx([0, 0.7])
    assert last[10].mask.at(0.65).voxels == SMOOTH[10].sum()
    assert last[10].mask.at(0.75).voxels == 0


@pytest.mark.parametrize("axis", [0, 1, 2])
def test_the_planes_that_voted_say_how_large_the_object_might_be(axis):
    """One of the other planes sees the body with a process, the third a hole in the body."""
    holed, more = SMOOTH.copy(), [other for other in range(3) if other != axis]
    holed[8:11, 9:12, 12:15] = False
    believed = {axis: SMOOTH, more[0]: TRUTH, more[1]: holed}
    start = {0: 6, 1: 7, 2: 17}[axis]
    events, _, _ = run(axis, believed, prompt_on(axis, start))
    last = {event.index: event.mask for event in events if isinstance(event, SliceResult)}
    for index in set(last) - {start}:
        seen = [np.moveaxis(each, axis, 0)[index] for each in believed.values()]
        # Of the process, only what is in the block round what was followed can be seen.
        inside = np.moveaxis(made_of(BODY), axis, 0).any(axis=0)
        sizes = [np.count_nonzero(each & inside) for each in seen]
        assert last[index].variants.pixels == (min(sizes), max(sizes))
        assert last[index].voxels == sorted(sizes)[1]


def test_nothing_found_is_looked_at_from_nowhere():
    nothing = np.zeros(SHAPE, bool)
    events, source, _ = run(0, dict.fromkeys(range(3), nothing), prompt_on(0, 6))
    assert [event for event in events if isinstance(event, SliceSeen)] == []
    assert {axis for axis, *_ in source.asked} == {0}


@pytest.mark.parametrize(
    ("spacing", "is_used"),
    [((1, 1, 1), True), ((3, 1, 1), True), ((2.5, 1.15, 1.15), True), ((5, 0.63, 0.63), False), ((0.5, 0.5, 2), False)],
)
def test_thick_slices_are_followed_in_one_plane_and_that_is_said(spacing, is_used):
    events, source, propagation = run(0, dict.fromkeys(range(3), TRUTH), prompt_on(0, 6), spacing=spacing)
    assert ({axis for axis, *_ in source.asked} == {0, 1, 2}) == is_used
    assert propagation.notes == (() if is_used else (why_one_plane(spacing),))
    assert any(isinstance(event, SliceSeen) for event in events) == is_used


def test_sentence_on_thick_slices():
    assert why_one_plane((5.0, 0.625, 0.625)) == (
        "Only one plane was used: the voxels are 5 mm long and 0.625 mm wide, and the other two planes are of use up "
        "to 3 times as long as wide."
    )


@pytest.mark.parametrize("planes", [0, 2, 4])
def test_other_numbers_of_planes_are_refused(planes):
    with pytest.raises(MedSAMSegError) as error:
        Propagation(SHAPE, 0, prompt_on(0, 6), planes=planes)
    assert error.value.code == "planes_invalid"


def test_engine_looks_across_in_the_window_of_the_box(engine, watch):
    """The network of the tests sees what is bright: the same from all sides, if that window is kept."""
    volume = Volume.from_array(rod())
    task = Task(0, {5: ROD_BOX}, window=IDENTITY_WINDOW)
    told = []
    flat, deep = (
        WholeVolume(volume, dataclasses.replace(task, planes=planes)).run(engine, told.append) for planes in (1, 3)
    )
    assert (flat.mask == deep.mask).all()
    assert flat.mask.sum() == 8 * 100
    assert [event.total for event in told if isinstance(event, SliceSeen)] == [20] * 20
    assert deep.encoder_calls == flat.encoder_calls + 20
    assert deep.decoder_calls == flat.decoder_calls + 20
    assert deep.notes == ()
    thick = WholeVolume(volume, dataclasses.replace(task, planes=3, spacing=(5, 1, 1)))
    assert thick.run(engine).notes == (why_one_plane((5, 1, 1)),)


def test_stream_tells_the_slices_of_other_planes_and_then_its_own_again(client, rod_path):
    request = {"prompts": [{"slice": 5, "box": ROD_BOX}], "window": IDENTITY_WINDOW, "planes": 3}
    events = [json.loads(line) for line in client.post(f"{rod_path}/propagate", json=request).text.splitlines()]
    kinds = [event["event"] for event in events]
    assert kinds == ["start", *["slice"] * 4, "ended", *["slice"] * 4, "ended", *["plane"] * 20, *["slice"] * 7, "done"]
    assert events[11] == {"event": "plane", "object": None, "axis": 1, "slice": 10, "done": 1, "total": 20}
    assert events[0]["notes"] == []
    assert {event["done"] for event in events if event["event"] == "slice" and event["slice"] == 9} == {8}
    assert events[-1]["slices"] == 8

    thick = client.post(f"{rod_path}/propagate", json={**request, "spacing": [5, 1, 1]}).text.splitlines()
    assert json.loads(thick[0])["notes"] == [why_one_plane((5.0, 1.0, 1.0))]
    assert not any('"plane"' in line for line in thick)


def test_several_objects_are_each_seen_from_three_sides(client, rod_path):
    objects = [{"id": name, "prompts": [{"slice": 5, "box": ROD_BOX}]} for name in ("a", "b")]
    request = {"objects": objects, "window": IDENTITY_WINDOW, "planes": 3, "may_overlap": False}
    events = [json.loads(line) for line in client.post(f"{rod_path}/propagate", json=request).text.splitlines()]
    seen = [event["object"] for event in events if event["event"] == "plane"]
    assert (seen.count("a"), seen.count("b")) == (20, 20)
    last = {(event["object"], event["slice"]): event["mask"]["voxels"] for event in events if event["event"] == "slice"}
    assert {voxels for (name, _), voxels in last.items() if name == "a"} == {100}
    assert {voxels for (name, _), voxels in last.items() if name == "b"} == {0}
