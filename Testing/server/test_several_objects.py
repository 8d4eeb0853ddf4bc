"""Several objects in one propagation: each slice encoded once, in step, and no voxel in two objects unless allowed."""

import numpy as np
import pytest
from server_fakes import IDENTITY_WINDOW, ROD_BOX

from medsamseg_server.engine.masks import SliceMask
from medsamseg_server.engine.prompts import Prompt
from medsamseg_server.propagation import Confidence, SliceResult
from medsamseg_server.propagation.overlap import OverlapResolution
from medsamseg_server.propagation.plan import make_plan
from medsamseg_server.serving.mask_contract import Mask
from medsamseg_server.serving.prompt_contract import DrawnMask
from medsamseg_server.serving.propagation_contract import PropagateRequest
from medsamseg_server.serving.propagation_job import PropagationJob

#: Left and right part of the rod, which share its columns 12 to 14.
LEFT, RIGHT = (7.0, 9.0, 14.0, 20.0), (12.0, 9.0, 18.0, 20.0)
SIZE = (16, 16)


def body(**objects):
    """:return: a request with objects by ID, each {slice: box}."""
    return {
        "objects": [
            {"id": name, "prompts": [{"slice": index, "box": box} for index, box in boxes.items()]}
            for name, boxes in objects.items()
        ],
        "window": IDENTITY_WINDOW,
    }


def events_of(engine, volume, request, **options):
    request = PropagateRequest.model_validate({**request, **options})
    return list(PropagationJob("mine", engine, volume, request).steps())


def final_masks(events):
    """:return: {(object, slice): bool array} of a client that puts later masks in the place of earlier ones."""
    masks = {}
    for event in events:
        if event.event == "slice":
            full = np.zeros((32, 32), bool)
            if event.mask.extent is not None:
                sent = DrawnMask(extent=event.mask.extent, bits=event.mask.bits)
                sent.to_slice_mask((32, 32)).paint(full, True)
            masks[event.object, event.slice] = full
    return masks


def test_objects_are_followed_in_step_and_each_slice_is_encoded_once(engine, volume, watch):
    events = events_of(engine, volume, body(left={5: LEFT}, right={5: RIGHT}))
    slices = [(event.object, event.slice) for event in events if event.event == "slice"]
    order = [5, 4, 3, 2, 6, 7, 8, 9]
    assert slices == [(name, index) for index in order for name in ("left", "right")]
    assert watch.encoded == [205, 204, 203, 202, 201, 206, 207, 208, 209, 210]
    assert events[0].slices_total == 24
    assert events[-1].slices == 16
    assert [(event.object, event.direction) for event in events if event.event == "ended"] == [
        ("left", "backward"),
        ("right", "backward"),
        ("left", "forward"),
        ("right", "forward"),
    ]


def test_objects_overlap_only_where_they_may(engine, volume):
    request = body(left={5: LEFT}, right={5: RIGHT})
    allowed = final_masks(events_of(engine, volume, request))
    divided = final_masks(events_of(engine, volume, request, may_overlap=False))
    for index in range(2, 10):
        assert (allowed["left", index] & allowed["right", index]).sum() == 30
        assert not (divided["left", index] & divided["right", index]).any()
        union = divided["left", index] | divided["right", index]
        np.testing.assert_array_equal(union, allowed["left", index] | allowed["right", index])


def test_a_slice_that_comes_again_is_counted_once(engine, volume):
    events = events_of(engine, volume, body(whole={5: ROD_BOX}, part={5: LEFT}), may_overlap=False)
    counts = [event.done for event in events if event.event == "slice"]
    assert len(counts) == 24
    assert counts[-1] == events[-1].slices == 16


def test_objects_with_boxes_on_different_slices_meet(engine, volume):
    request = body(left={3: LEFT}, right={8: RIGHT})
    divided = final_masks(events_of(engine, volume, request, may_overlap=False))
    assert {index for name, index in divided if name == "left"} == set(range(2, 10))
    assert not any((divided["left", index] & divided["right", index]).any() for index in range(2, 10))


def test_each_object_has_its_own_bounds(engine, volume):
    request = body(left={5: LEFT}, right={5: RIGHT})
    request["objects"][0].update(first=4, last=6)
    request["objects"][1].update(locked=[7])
    masks = final_masks(events_of(engine, volume, request))
    assert {index for name, index in masks if name == "left"} == {4, 5, 6}
    assert {index for name, index in masks if name == "right"} == {2, 3, 4, 5, 6}


def test_a_drawn_mask_keeps_what_others_claim(engine, volume):
    request = body(left={5: LEFT}, right={5: RIGHT})
    drawn = SliceMask.from_mask(np.pad(np.ones((10, 5), bool), ((10, 12), (10, 17))), 1.0)
    bits = Mask.of(drawn).bits
    request["objects"][1]["prompts"][0]["mask"] = {"extent": drawn.extent, "bits": bits}
    masks = final_masks(events_of(engine, volume, request, may_overlap=False))
    np.testing.assert_array_equal(masks["right", 5], drawn.to_array((32, 32)))
    assert masks["left", 5].sum() == 20


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"prompts": [{"slice": 5, "box": LEFT}]}, "objects_and_prompts"),
        ({"first": 2}, "objects_and_prompts"),
        ({"locked": [2]}, "objects_and_prompts"),
        ({"objects": [{"id": "a", "prompts": [{"slice": 5, "box": LEFT}]}] * 2}, "object_duplicate"),
        ({"objects": [{"id": "a", "prompts": []}]}, "prompt_missing"),
        ({"objects": [{"id": "a", "prompts": [{"slice": 5, "box": LEFT}] * 2}]}, "prompt_duplicate"),
        ({"objects": [{"id": "a", "prompts": [{"slice": 5, "box": [1, 1, 90, 9]}]}]}, "box_outside_image"),
        ({"objects": [{"id": "", "prompts": [{"slice": 5, "box": LEFT}]}]}, "request_invalid"),
    ],
)
def test_what_is_wrong_is_told_before_the_stream_begins(server, path, watch, change, code):
    status, reply = server.ask("POST", f"{path}/propagate", {**body(left={5: LEFT}), **change})
    assert (status, reply["error"]["code"]) == (422, code)
    assert watch.encoded == []


def test_objects_are_streamed_and_cancelled_as_one_job(server, path, watch):
    watch.hold(203)
    stream = server.propagate(path, prompts=[], job="mine", **body(left={5: LEFT}, right={5: RIGHT}))
    assert watch.wait_held() == 203
    assert server.ask("POST", "/v1/jobs/mine/cancel") == (204, None)
    watch.release(203)
    events = stream.rest()
    assert [(event["object"], event["slice"]) for event in events[1:-1]] == [
        ("left", 5),
        ("right", 5),
        ("left", 4),
        ("right", 4),
    ]
    assert events[-1] == {"event": "cancelled", "slices": 4}


def found(index, rows, columns, confidence=0.5, provenance="propagated"):
    """:return: SliceResult with a rectangle, given as (first, last) row and column."""
    mask = np.zeros(SIZE, bool)
    mask[rows[0] : rows[1] + 1, columns[0] : columns[1] + 1] = True
    return SliceResult(
        index, "forward", (0, 0, 15, 15), SliceMask.from_mask(mask, 0.7), provenance, Confidence(confidence)
    )


def extents(resolved):
    return {name: result.mask.extent for name, result in resolved}


@pytest.fixture
def resolution():
    mask = SliceMask.from_mask(np.ones(SIZE, bool), 1)
    drawn = make_plan((20, *SIZE), 0, {7: Prompt((0, 0, 9, 9), mask=mask)})
    boxed = make_plan((20, *SIZE), 0, {7: (0, 0, 9, 9)})
    far = make_plan((20, *SIZE), 0, {15: (0, 0, 9, 9)})
    return OverlapResolution({"a": drawn, "b": boxed, "c": boxed, "far": far})


def test_an_object_inside_another_stays_whole_however_sure_the_other_is(resolution):
    resolution.add("a", found(1, (0, 15), (0, 15), 0.9, "box"))
    resolved = dict(resolution.add("b", found(1, (4, 7), (4, 7), 0.1)))
    assert resolved["b"].mask.extent == (4, 4, 7, 7)
    assert resolved["a"].mask.voxels == 256 - 16


def test_of_two_that_cover_each_other_the_smaller_one_stays_whole(resolution):
    resolution.add("a", found(1, (0, 9), (0, 9), 0.9))
    resolved = dict(resolution.add("b", found(1, (0, 7), (0, 9), 0.1)))
    assert (resolved["b"].mask.voxels, resolved["a"].mask.voxels) == (80, 20)


def test_an_object_inside_one_inside_another_stays_whole(resolution):
    resolution.add("a", found(1, (0, 15), (0, 15), 0.9))
    resolution.add("b", found(1, (2, 11), (2, 11), 0.9))
    resolved = dict(resolution.add("c", found(1, (4, 7), (4, 7), 0.1)))
    assert resolved["c"].mask.voxels == 16
    assert resolved["b"].mask.voxels == 100 - 16
    assert "a" not in resolved


def test_a_drawn_mask_goes_before_a_box(resolution):
    resolution.add("b", found(7, (0, 9), (0, 9), 0.9, "box"))
    added = resolution.add("a", found(7, (0, 9), (8, 15), 0.1, "box"))
    assert extents(added) == {
        "b": (0, 0, 7, 9),
        "a": (8, 0, 15, 9),
    }


def test_the_object_with_the_nearer_box_goes_first_also_where_both_cover_the_same(resolution):
    resolution.add("far", found(8, (0, 9), (0, 9), 0.9))
    resolved = dict(resolution.add("b", found(8, (0, 9), (0, 10), 0.1)))
    assert (resolved["b"].mask.voxels, resolved["far"].mask.voxels) == (110, 0)
    resolution.add("b", found(14, (0, 9), (0, 9), 0.9))
    assert extents(resolution.add("far", found(14, (0, 9), (8, 15), 0.1))) == {"b": (0, 0, 7, 9), "far": (8, 0, 15, 9)}


def test_a_voxel_stays_with_the_object_that_has_it_on_the_slice_before(resolution):
    resolution.add("a", found(1, (0, 9), (0, 9)))
    resolution.add("b", found(1, (0, 9), (10, 15)))
    resolution.add("a", found(2, (0, 9), (0, 11), 0.9))
    resolved = extents(resolution.add("b", found(2, (0, 9), (10, 15), 0.1)))
    assert resolved == {"a": (0, 0, 9, 9), "b": (10, 0, 15, 9)}


def test_the_surer_one_gets_what_no_other_sign_decides(resolution):
    resolution.add("a", found(1, (0, 9), (0, 9), 0.2))
    resolved = resolution.add("b", found(1, (0, 9), (8, 15), 0.6))
    assert [name for name, _ in resolved] == ["a", "b"]
    assert extents(resolved) == {"a": (0, 0, 7, 9), "b": (8, 0, 15, 9)}


def test_the_first_of_equals_keeps_its_voxels_and_whoever_is_alone_is_left_alone(resolution):
    resolution.add("b", found(1, (0, 9), (8, 15)))
    resolution.add("c", found(1, (12, 15), (0, 15)))
    assert extents(resolution.add("a", found(1, (0, 9), (0, 9)))) == {"b": (10, 0, 15, 9), "a": (0, 0, 9, 9)}
