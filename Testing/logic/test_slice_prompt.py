"""What shows an object on a slice: any kind alone, as JSON and back, and where voxels are counted otherwise."""

import json

import numpy as np
import pytest

from medsamseg_server.engine.masks import SliceMask
from medsamseg_server.engine.prompts import Prompt
from medsamseg_server.serving.prompt_contract import SlicePrompt as SentPrompt
from MedSAMSegLib.boxes.maskRequests import MaskRequest, askMasks
from MedSAMSegLib.volumes.slicePrompt import DrawnMask, SlicePrompt

BOX = (1.0, 2.0, 6.0, 8.0)
POINTS = ((3.0, 4.0, True), (5.0, 2.5, False))
PIXELS = np.array([[1, 0, 1], [0, 1, 1]], bool)

KINDS = {
    "box": ({"box": BOX}, Prompt(BOX)),
    "points": ({"points": POINTS}, Prompt(points=((3.0, 4.0, 1), (5.0, 2.5, 0)))),
    "box and points": ({"box": BOX, "points": POINTS}, Prompt(BOX, ((3.0, 4.0, 1), (5.0, 2.5, 0)))),
}


@pytest.mark.parametrize(("fields", "expected"), KINDS.values(), ids=KINDS)
def test_theServerUnderstandsEveryKind(fields, expected):
    sent = json.dumps(SlicePrompt(0, 4, **fields).toJson())
    assert SentPrompt.model_validate_json(sent).to_prompt(lambda: (10, 10)) == expected


def test_theServerTakesAMaskPixelByPixel():
    prompt = SlicePrompt(0, 4, (2, 3, 4, 4), mask=DrawnMask(2, 3, PIXELS))
    received = SentPrompt.model_validate_json(json.dumps(prompt.toJson())).to_prompt(lambda: (10, 10)).mask
    expected = SliceMask.from_mask(PIXELS, 1.0).moved(2, 3)
    np.testing.assert_array_equal(received.to_array((10, 10)), expected.to_array((10, 10)))


@pytest.mark.parametrize(("fields", "_expected"), KINDS.values(), ids=KINDS)
def test_everyKindIsKeptAsJson(fields, _expected):
    prompt = SlicePrompt(1, 4, **fields)
    assert SlicePrompt.fromJson(1, 4, json.loads(json.dumps(prompt.toJson()))) == prompt


def test_voxelsThatAreCountedFromTheOtherEndAreTheSame():
    # I runs from 9 down to 0, K from 6 down to 0.
    change = np.diag([-1.0, 1.0, -1.0, 1.0])
    change[:3, 3] = 9, 0, 6
    prompt = SlicePrompt(0, 4, BOX, POINTS)
    assert prompt.renumbered(change) == SlicePrompt(0, 2, (3.0, 2.0, 8.0, 8.0), ((6.0, 4.0, True), (4.0, 2.5, False)))
    assert prompt.renumbered(change).renumbered(np.linalg.inv(change)) == prompt
    assert prompt.changed(box=None).renumbered(change).box is None
    assert prompt.renumbered(np.eye(4)) is prompt


def test_promptWithoutABoxIsAskedLikeOneWithOne(server):
    """Boxes and points alone go out in one request, each with its own answer."""
    server.client()
    wanted = [MaskRequest(SlicePrompt(0, 4, BOX)), MaskRequest(SlicePrompt(0, 4, points=((3, 4, True), (5, 6, True))))]
    (inBox, _reply), (atPoints, _reply) = askMasks(server, "key", wanted)
    assert (inBox.voxelCount, atPoints.voxelCount) == (42, 9)
    assert server.requests[-1]["boxes"] == [BOX, None]
    assert server.requests[-1]["points"] == [[], [(3, 4, 1), (5, 6, 1)]]
