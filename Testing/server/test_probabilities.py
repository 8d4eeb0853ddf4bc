"""The probability behind a mask: as the authors interpolate it, through votes, and over HTTP."""

import base64
import zlib

import numpy as np
import pytest
import torch
from server_fakes import IDENTITY_WINDOW, ROD_BOX, rod
from torch.nn import functional

from medsamseg_server.engine.box_vote import vote_for_box
from medsamseg_server.engine.engine import Prompt
from medsamseg_server.engine.masks import SliceMask
from medsamseg_server.engine.probabilities import ProbabilityMap, check_threshold
from medsamseg_server.engine.slice_request import SliceRequest
from medsamseg_server.errors import MedSAMSegError
from medsamseg_server.models.predictor import MaskPrediction, Predictor
from medsamseg_server.models.specification import SPECIFICATIONS
from medsamseg_server.propagation.voting import vote_for_expected
from medsamseg_server.propagation.whole_volume import Task, WholeObjects
from medsamseg_server.serving.contract import MOST_PROBABILITIES
from medsamseg_server.volumes.probability_levels import to_levels
from medsamseg_server.volumes.volume import Volume

SIZE = (48, 64)


class Logits:
    """A network whose decoder gives the same logits for everything."""

    device, precision = "cpu", "fp32"

    def __init__(self, side):
        coarse = torch.randn(1, 1, 12, 12, generator=torch.Generator().manual_seed(7))
        self.logits = functional.interpolate(6 * coarse, (side, side), mode="bicubic")[:, 0].numpy()

    def decode(self, embedding, boxes, points, answer=0, coarse_surroundings=False):
        return self.logits, np.ones(1, np.float32)


def authors_probability(name, logits):
    """The few lines of each model's authors, on SIZE; the longest side is 64."""
    planes = torch.from_numpy(logits)[None]
    height, width = SIZE
    if name == "medsam":
        planes = functional.interpolate(torch.sigmoid(planes), SIZE, mode="bilinear", align_corners=False)
        return planes[0, 0].numpy()
    if name != "litemedsam":
        planes = functional.interpolate(planes, (1024, 1024), mode="bilinear", align_corners=False)
    side = planes.shape[-1]
    planes = planes[..., : side * height // width, :side]
    return torch.sigmoid(functional.interpolate(planes, SIZE, mode="bilinear", align_corners=False))[0, 0].numpy()


@pytest.mark.parametrize("name", list(SPECIFICATIONS))
def test_every_models_probability_is_its_authors(name):
    runner = Logits(256)
    predictor = Predictor(SPECIFICATIONS[name], runner, "00")
    prediction = predictor.decode(np.zeros((256, 64, 64)), SIZE, boxes=np.array([[4, 4, 40, 40]]))
    np.testing.assert_allclose(prediction.probabilities[0], authors_probability(name, runner.logits), atol=2e-5, rtol=0)
    np.testing.assert_array_equal(prediction.probabilities > 0.5, prediction.masks)


def test_a_logit_next_to_zero_is_on_the_side_of_its_sign():
    tiny = np.array([[[-1e-9, 0, 1e-9, 1e-38]]], np.float32)
    prediction = MaskPrediction(tiny, 0.0, np.ones(1, np.float32))
    np.testing.assert_array_equal(prediction.probabilities[0] > 0.5, [[False, False, True, True]])


def candidates(count, seed):
    """Probabilities (count, H, W) with blobs."""
    random = np.random.default_rng(seed)
    smooth = functional.avg_pool2d(torch.from_numpy(random.random((count, 60, 76))), 13, 1).numpy()
    return np.clip((smooth - 0.5) * 6 + 0.5, 0, 1).astype(np.float32)


BOX = (10, 10, 50, 40)
VOTES = {
    "in a box": lambda masks, likely: vote_for_box(masks, np.ones(len(masks)), BOX, likely),
    "where expected": lambda masks, likely: vote_for_expected(masks, np.ones(len(masks)), masks[0], likely),
}


@pytest.mark.parametrize("vote", VOTES.values(), ids=VOTES)
@pytest.mark.parametrize("seed", range(4))
def test_a_votes_probability_exceeds_half_exactly_on_its_mask(vote, seed):
    likely = candidates(5, seed)
    result = vote(likely > 0.5, likely)
    assert result.mask.any()
    np.testing.assert_array_equal(result.probability > 0.5, result.mask)
    without = vote(likely > 0.5, None)
    np.testing.assert_array_equal(without.mask, result.mask)
    assert without.probability is None


def test_masks_at_lower_thresholds_hold_those_at_higher_ones():
    likely = candidates(4, 9)
    mask = vote_for_box(likely > 0.5, np.ones(4), BOX, likely).slice_mask
    sizes = [mask.at(threshold).voxels for threshold in (0.1, 0.3, 0.5, 0.7, 0.9)]
    assert sizes == sorted(sizes, reverse=True)
    assert len(set(sizes)) == 5
    assert mask.at(0.5) == mask


def test_a_mask_that_was_moved_is_found_there_at_another_threshold():
    values = np.zeros((4, 6), np.float32)
    values[1:3, 2:5] = 0.4
    mask = SliceMask.from_mask(values > 0.5, 1.0, ProbabilityMap(values)).moved(10, 20)
    assert mask.extent is None
    assert mask.at(0.3).extent == (12, 21, 14, 22)
    assert mask.at(0.3).at(0.5).extent is None


def graded():
    """A rod whose brightness falls to the right."""
    volume = rod()
    volume[2:10, 10:20, 8:18] = np.linspace(250, 90, 10).astype(np.uint8)
    return volume


def request_on_slice():
    return SliceRequest(Volume.from_array(graded()), 0, 5, IDENTITY_WINDOW, with_probabilities=True)


@pytest.mark.parametrize("method", ["tracking", "reference"])
def test_a_threshold_through_the_volume_is_that_of_its_probability(engine, method):
    volume = Volume.from_array(graded())

    def run(threshold):
        task = Task(0, {5: ROD_BOX}, window=IDENTITY_WINDOW, method=method, threshold=threshold)
        whole = WholeObjects(volume, {"rod": task})
        return whole.run(engine, with_probabilities=True)["rod"]

    usual, larger = run(0.5), run(0.4)
    np.testing.assert_array_equal(usual.probability(0) > 0.5, usual.mask > 0)
    np.testing.assert_array_equal(usual.probability(0) > 0.4, larger.mask > 0)
    assert larger.mask.sum() > usual.mask.sum() > 0


def test_of_two_objects_each_has_its_threshold_before_they_share(engine):
    volume = Volume.from_array(graded())
    tasks = {
        "wide": Task(0, {5: ROD_BOX}, window=IDENTITY_WINDOW, threshold=0.4),
        "left": Task(0, {5: (7.0, 9.0, 11.0, 20.0)}, window=IDENTITY_WINDOW),
    }
    found = WholeObjects(volume, tasks).run(engine)
    assert not (found["wide"].mask & found["left"].mask).any()
    assert found["wide"].mask[5, 12].any()
    np.testing.assert_array_equal(
        (found["wide"].mask | found["left"].mask)[5] > 0, (graded()[5] > 0.4 * 255) & (graded()[5] > 0)
    )


def test_over_http_a_map_comes_on_request_with_the_mask(client, upload, engine):
    path = upload(graded())
    body = {"slice": 5, "window": IDENTITY_WINDOW, "prompts": [{"box": ROD_BOX}, {"box": (7, 9, 13, 20)}]}
    plain = client.post(f"{path}/segment", json=body).json()["masks"]
    assert [mask["probability"] for mask in plain] == [None, None]
    masks = client.post(f"{path}/segment", json={**body, "probabilities": True}).json()["masks"]
    prompts = [Prompt(tuple(prompt["box"])) for prompt in body["prompts"]]
    known = engine.segment(request_on_slice(), prompts)
    for mask, without, wanted in zip(masks, plain, known.masks, strict=True):
        assert {**mask, "probability": None} == without
        x0, y0, x1, y1 = mask["probability"]["extent"]
        levels = np.zeros((32, 32), np.uint8)
        packed = np.frombuffer(zlib.decompress(base64.b64decode(mask["probability"]["levels"])), np.uint8)
        levels[y0 : y1 + 1, x0 : x1 + 1] = packed.reshape(y1 - y0 + 1, x1 - x0 + 1)
        np.testing.assert_array_equal(levels, to_levels(wanted.probability.to_array((32, 32))))
        assert np.count_nonzero(levels >= 128) == mask["voxels"]


def test_nothing_likely_is_an_empty_map(client, upload):
    path = upload(np.zeros((3, 32, 32), np.uint8))
    body = {"slice": 1, "window": IDENTITY_WINDOW, "prompts": [{"box": ROD_BOX}], "probabilities": True}
    (mask,) = client.post(f"{path}/segment", json=body).json()["masks"]
    assert mask["probability"] == {"extent": None, "levels": ""}


def test_maps_of_too_many_prompts_are_refused(client, upload):
    prompts = [{"box": ROD_BOX}] * (MOST_PROBABILITIES + 1)
    reply = client.post(f"{upload(graded())}/segment", json={"slice": 5, "prompts": prompts, "probabilities": True})
    assert reply.status_code == 422
    assert reply.json()["error"]["code"] == "probabilities_too_many"
    assert str(MOST_PROBABILITIES) in reply.json()["error"]["hint"]


@pytest.mark.parametrize("threshold", [0.0, 1.0, -1.0, float("nan")])
def test_a_threshold_that_is_no_probability_is_refused(threshold):
    with pytest.raises(MedSAMSegError, match="threshold"):
        check_threshold(threshold)


def test_prompts_of_one_request_have_their_own_maps(engine):
    prompts = [Prompt(ROD_BOX), Prompt((7.0, 9.0, 12.0, 20.0))]
    result = engine.segment(request_on_slice(), prompts)
    for mask in result.masks:
        np.testing.assert_array_equal(mask.probability.to_array((32, 32)) > 0.5, mask.to_array((32, 32)))
