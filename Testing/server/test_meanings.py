"""Part, object or whole: the three answers of SAM's decoder to one prompt, and who has learned them."""

import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "models"))

from sam_predictor import three_answers
from server_fakes import IDENTITY_WINDOW, ROD_BOX, FakePredictor, rod
from sharp_masks import blots, sharp_network

from medsamseg_server.engine.engine import Engine
from medsamseg_server.engine.prompts import MEANINGS, Prompt
from medsamseg_server.engine.slice_request import SliceRequest
from medsamseg_server.errors import MedSAMSegError
from medsamseg_server.models.predictor import Predictor
from medsamseg_server.models.specification import SPECIFICATIONS
from medsamseg_server.propagation.whole_volume import Task, WholeVolume
from medsamseg_server.runtime.torch_runtime import TorchRunner
from medsamseg_server.volumes.volume import Volume

BOX = (10.0, 8.0, 60.0, 50.0)
POINTS = ((30.0, 20.0, 1), (55.0, 45.0, 0))
#: A box, a box with points, a point.
ASKED = [(BOX, ()), (BOX, POINTS), (None, POINTS[:1])]


#: MobileSAM with one block a stage and a quarter of the side.
SMALL = replace(
    SPECIFICATIONS["mobilesam"], encoder=replace(SPECIFICATIONS["mobilesam"].encoder, depths=(1, 1, 1, 1))
).at(256)


@pytest.fixture(scope="module")
def network():
    """A network with random weights, whose masks are smaller than the picture."""
    return sharp_network(SMALL)


@pytest.fixture(scope="module")
def picture():
    """A colored picture of blots, 60 rows of 80 pixels."""
    return blots()


def test_the_three_answers_are_those_of_segment_anythings_predictor(store, network, picture):
    store.final_path("mobilesam").write_bytes(b"the network is there")
    predictor = Predictor(SMALL, TorchRunner(network), "random")
    engine = Engine(store, load_predictor=lambda *_: predictor)
    request = SliceRequest(Volume.from_array(picture[None]), 0, 0, model="mobilesam")
    for (box, points), (expected, scores) in zip(ASKED, three_answers(network, picture, ASKED), strict=True):
        found = engine.segment(request, [Prompt(box, points, meaning=meaning) for meaning in MEANINGS]).masks
        for mask, wanted, score in zip(found, expected, scores, strict=True):
            pixels = mask.to_array((60, 80))
            assert 0 < np.count_nonzero(wanted) < wanted.size
            assert np.count_nonzero(pixels & wanted) >= 0.99 * np.count_nonzero(pixels | wanted)
            assert mask.score == pytest.approx(score, abs=1e-3)
        assert len({mask.voxels for mask in found}) == 3


@pytest.fixture
def answers(monkeypatch, store):
    """MobileSAM is there, and its answers are the rod's first 1, 2 and 3 columns; gives the log of what was asked."""
    asked = []
    decode = FakePredictor.decode

    def several(self, embedding, image_size, boxes=None, points=None, labels=None, answer=0, coarse_surroundings=False):
        asked.append(answer)
        prediction = decode(self, embedding, image_size, boxes, points, labels)
        if answer:
            prediction.masks[:, :, 8 + answer :] = False
        return prediction

    monkeypatch.setattr(FakePredictor, "decode", several)
    store.final_path("mobilesam").write_bytes(b"the network is there")
    return asked


def test_over_http_each_prompt_has_its_own_meaning(client, upload, answers):
    meanings = [None, "part", "whole", "object", "part"]
    prompts = [{"box": ROD_BOX, **({"meaning": each} if each else {})} for each in meanings]
    body = {"slice": 5, "window": IDENTITY_WINDOW, "model": "mobilesam", "prompts": prompts}
    masks = client.post(f"{upload(rod())}/segment", json=body).json()["masks"]
    assert [mask["voxels"] for mask in masks] == [100, 10, 30, 20, 10]
    assert answers == [0, 1, 3, 2]


@pytest.mark.parametrize("model", ["litemedsam", "medsam"])
def test_models_that_learned_one_mask_say_so(client, upload, answers, store, model):
    store.final_path(model).write_bytes(b"the network is there")
    body = {"slice": 5, "model": model, "prompts": [{"box": ROD_BOX}, {"box": ROD_BOX, "meaning": "part"}]}
    reply = client.post(f"{upload(rod())}/segment", json=body)
    assert reply.status_code == 422
    error = reply.json()["error"]
    assert error["code"] == "model_has_one_mask"
    assert "learned one mask for a box" in error["message"]
    assert "mobilesam or sam" in error["hint"]
    assert not answers


def test_what_there_is_not_to_choose_is_refused(client, upload):
    path = upload(rod())
    for body, route in (
        ({"slice": 5, "prompts": [{"box": ROD_BOX, "meaning": "half"}]}, "segment"),
        ({"prompts": [{"slice": 5, "box": ROD_BOX, "meaning": "part"}]}, "propagate"),
    ):
        reply = client.post(f"{path}/{route}", json=body)
        assert reply.status_code == 422
        assert "meaning" in reply.json()["error"]["message"]


@pytest.mark.parametrize("propagates", [False, True])
@pytest.mark.parametrize("method", ["tracking", "reference"])
def test_a_task_starts_from_what_its_box_means(engine, answers, propagates, method):
    task = Task(0, {5: ROD_BOX}, window=IDENTITY_WINDOW, model="mobilesam", propagates=propagates, method=method)
    usual = WholeVolume(Volume.from_array(rod()), task).run(engine)
    found = WholeVolume(Volume.from_array(rod()), replace(task, meaning="whole")).run(engine)
    assert usual.mask[5].sum() == 100
    assert found.mask[5].sum() == 30
    assert not (found.mask[5, :, 11:]).any()
    assert (len(found.slices) > 1) == propagates


def test_a_task_of_a_model_with_one_mask_is_refused(engine):
    task = Task(0, {5: ROD_BOX}, window=IDENTITY_WINDOW, meaning="part")
    with pytest.raises(MedSAMSegError, match="learned one mask"):
        WholeVolume(Volume.from_array(rod()), task).run(engine)
