"""A mask in a box of the user that is likely to be wrong is said to be, before what follows from it is looked at."""

import json

import numpy as np
import pytest
from server_fakes import IDENTITY_WINDOW, ROD_BOX

from medsamseg_server.engine.masks import Candidates, SliceMask
from medsamseg_server.propagation import Propagation, SliceResult
from medsamseg_server.propagation.trust import LEAST_IN_BOX, confidence_in_box, doubt
from medsamseg_server.serving.propagation_contract import SliceEvent
from MedSAMSegLib.client.serverReplies import SegmentReply

SIZE = (64, 64)
#: x0, y0, x1, y1 of the user's box.
BOX = (16.0, 16.0, 47.0, 47.0)


def rectangle(x0, y0, x1, y1):
    mask = np.zeros(SIZE, bool)
    mask[y0 : y1 + 1, x0 : x1 + 1] = True
    return mask


#: What the network gives for the four boxes that it is asked, and the IoU that it expects; by what is wrong with it.
ANSWERS = {
    "nothing": ([rectangle(16, 16, 47, 47)] * 4, 0.95),
    "it leaves much of the box empty": ([rectangle(16, 16, 47, 23)] * 4, 0.95),
    "slightly different boxes give other masks": (
        [rectangle(16, 16, 31, 47), rectangle(32, 16, 47, 47), rectangle(16, 16, 47, 31), rectangle(16, 32, 47, 47)],
        0.95,
    ),
    "the network expects it to be wrong": ([rectangle(16, 16, 47, 47)] * 4, 0.3),
}


class Network:
    """Gives the same masks whatever it is asked, on a gray slice."""

    def __init__(self, masks, score, learned_scores=True):
        self._candidates = Candidates(np.array(masks), np.full(4, score), learned_scores=learned_scores)

    def candidates(self, index, box, more_boxes=()):
        return self._candidates

    def gray(self, index):
        return np.full(SIZE, 100, np.uint8)


def first_slice(network):
    return next(iter(Propagation((3, *SIZE), 0, {1: BOX}).run(network)))


@pytest.mark.parametrize("wrong", ANSWERS)
def test_what_is_wrong_with_a_first_mask_is_said_with_what_to_do(wrong):
    result = first_slice(Network(*ANSWERS[wrong]))
    if wrong == "nothing":
        assert result.confidence.value > 0.9
        assert (doubt(result), SliceEvent.of(result, 1).doubt) == (None, None)
        return
    assert result.confidence.value < LEAST_IN_BOX
    expected = (
        f"The mask on slice 1 is uncertain: {wrong}. Draw the box tighter, or add a point or a box on another slice."
    )
    assert (doubt(result), SliceEvent.of(result, 1).doubt) == (expected, expected)


def test_scores_that_were_never_learned_say_nothing():
    masks, score = ANSWERS["the network expects it to be wrong"]
    result = first_slice(Network(masks, score, learned_scores=False))
    assert (doubt(result), set(result.confidence.parts)) == (None, {"box", "jitter"})


def test_a_loosely_drawn_box_raises_no_doubt():
    """Its sides are each 5 % of its length outside of the object."""
    whole = confidence_in_box(filled=1 / 1.1**2, agreement=0.97, score=0.9)
    assert whole == confidence_in_box(filled=1.0, agreement=0.97, score=0.9)
    assert confidence_in_box(filled=0.4, agreement=0.97, score=0.9).value < LEAST_IN_BOX


def test_only_masks_in_boxes_of_the_user_are_doubted():
    sure = confidence_in_box(filled=0.1, agreement=0.5, score=0.5)
    mask = SliceMask.from_mask(rectangle(16, 16, 20, 20), 0.5)
    assert doubt(SliceResult(1, "prompt", BOX, mask, "box", sure)) is not None
    assert doubt(SliceResult(1, "forward", BOX, mask, "propagated", sure)) is None
    # Of nothing there is another sentence.
    nothing = SliceMask.from_mask(np.zeros(SIZE, bool), 0.5)
    assert doubt(SliceResult(1, "prompt", BOX, nothing, "box", sure)) is None


def test_reply_to_a_box_says_what_the_first_slice_of_a_propagation_would(client, rod_path):
    """The bar is a ninth of the large box; points alone, and nothing found, have no doubt."""
    large, nothing = [2, 2, 31, 31], [25, 25, 30, 30]
    prompts = [{"box": ROD_BOX}, {"box": large}, {"box": nothing}, {"points": [[12, 12, 1]]}]
    common = {"window": IDENTITY_WINDOW}
    reply = client.post(f"{rod_path}/segment", json={"slice": 5, "prompts": prompts, **common}).json()
    followed = {"prompts": [{"slice": 5, "box": large}], "first": 5, "last": 5}
    events = client.post(f"{rod_path}/propagate", json={**followed, **common}).text.splitlines()
    (said,) = [event["doubt"] for event in map(json.loads, events) if event["event"] == "slice"]
    assert said.startswith("The mask on slice 5 is uncertain: it leaves much of the box empty.")
    assert reply["doubts"] == [None, said, None, None]
    # As the module reads it.
    assert SegmentReply.fromJson(reply).doubts == [None, said, None, None]


def ring_like(size=SIZE):
    """A slice with a square in BOX whose middle is much brighter than its rim."""
    gray = np.full(size, 40, np.uint8)
    gray[16:48, 16:48] = 150
    gray[22:42, 22:42] = 240
    return gray


def test_reply_to_a_box_doubts_what_looks_unlike_its_rim(client, upload):
    prompts = [{"box": BOX}]
    alike = np.where(ring_like() > 40, 240, 40).astype(np.uint8)
    path = upload(np.stack([ring_like(), alike]))
    said = [
        client.post(f"{path}/segment", json={"slice": index, "prompts": prompts, "window": IDENTITY_WINDOW}).json()
        for index in (0, 1)
    ]
    assert "its inside looks unlike its rim" in said[0]["doubts"][0]
    assert said[1]["doubts"] == [None]


@pytest.mark.parametrize("boxes", [{0: BOX, 2: BOX}, {2: BOX, 4: BOX}], ids=["first", "second"])
def test_slices_between_two_boxes_are_as_unsure_as_the_mask_that_looks_unlike_its_rim(boxes):
    network = Network(*ANSWERS["nothing"])
    at = 0 if 0 in boxes else 4
    network.gray = lambda index: ring_like() if index == at else np.full(SIZE, 100, np.uint8)
    first, last = boxes
    events = Propagation((5, *SIZE), 0, boxes, first, last).run(network)
    parts = {each.index: each.confidence.parts for each in events if isinstance(each, SliceResult)}
    assert parts[(first + last) // 2]["inside"] == parts[at]["inside"] < 0.5
