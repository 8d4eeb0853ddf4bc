"""Objects that nobody has pointed at: the rules, against segment-anything's own generator on the same network."""

import dataclasses
import math
import sys
import threading
from pathlib import Path

import numpy as np
import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "models"))

from automatic_masks import generate
from sharp_masks import blots, sharp_network

from medsamseg_server.engine.engine import Engine
from medsamseg_server.engine.proposals import (
    POINTS_AT_ONCE,
    ProposalOptions,
    point_grid,
    without_duplicates,
)
from medsamseg_server.engine.slice_request import SliceRequest
from medsamseg_server.errors import MedSAMSegError
from medsamseg_server.models.predictor import Predictor
from medsamseg_server.runtime.torch_runtime import TorchRunner
from medsamseg_server.volumes.volume import Volume
from medsamseg_server.weights.catalog import get_specification

MOBILESAM = get_specification("mobilesam")
#: One block a stage, and a quarter of the side, show all that there is to see; masks of 1024 pixels take long.
SPECIFICATION = dataclasses.replace(MOBILESAM, encoder=dataclasses.replace(MOBILESAM.encoder, depths=(1, 1, 1, 1))).at(
    256
)


@pytest.fixture(scope="module")
def network():
    return sharp_network(SPECIFICATION)


@pytest.fixture(scope="module")
def picture():
    """A colored picture of blots, 60 rows of 80 pixels."""
    return blots()


@pytest.fixture
def search(store, network, picture):
    """Starts a search of the picture with a network of random weights."""
    store.final_path("mobilesam").write_bytes(b"the network is there")
    predictor = Predictor(SPECIFICATION, TorchRunner(network), "random")
    engine = Engine(store, load_predictor=lambda *_: predictor)

    def start(**options):
        embedded = engine.embed(SliceRequest(Volume.from_array(picture[None]), 0, 0, model="mobilesam"))
        return engine.search_proposals(embedded, ProposalOptions(**options))

    return start


#: Bounds that leave something out each, of what a network of random weights gives, by both programs' names.
RULES = {
    "all rules": {"least_quality": 0.2, "least_stability": 0.3, "most_overlap": 0.95},
    "quality": {"least_quality": 0.45, "least_stability": 0.01, "most_overlap": 1.0},
    "stability": {"least_quality": 0.01, "least_stability": 0.7, "most_overlap": 1.0},
    "offset": {"least_quality": 0.01, "least_stability": 0.7, "stability_offset": 3.0, "most_overlap": 1.0},
    "overlap": {"least_quality": 0.01, "least_stability": 0.01, "most_overlap": 0.7},
}
THEIR_NAMES = {
    "least_quality": "pred_iou_thresh",
    "least_stability": "stability_score_thresh",
    "stability_offset": "stability_score_offset",
    "most_overlap": "box_nms_thresh",
}


@pytest.mark.parametrize("rules", RULES.values(), ids=RULES)
def test_proposals_are_those_of_segment_anythings_generator(search, network, picture, rules):
    theirs = {THEIR_NAMES[name]: value for name, value in rules.items()}
    expected = generate(network, picture, points_per_side=3, **theirs)
    found = search(points_per_side=3, **rules)
    assert list(found.steps())[-1] == found.points_total == 9
    proposals = found.proposals()
    # Neither none nor all of three masks a point.
    assert 1 < len(expected) < 27
    assert len(proposals) == len(expected)
    for ours, other in zip(proposals, expected, strict=True):
        mask = ours.mask.to_array((60, 80))
        assert np.count_nonzero(mask & other["segmentation"]) >= 0.99 * np.count_nonzero(mask | other["segmentation"])
        assert ours.quality == ours.mask.score == pytest.approx(other["predicted_iou"], abs=1e-3)
        assert ours.stability == pytest.approx(other["stability_score"], abs=0.01)
        assert ours.area == np.count_nonzero(mask) == pytest.approx(other["area"], rel=0.01)
        assert ours.point == pytest.approx(other["point_coords"][0])
        x0, y0, x1, y1 = ours.box
        assert (x0, y0, x1 - x0, y1 - y0) == pytest.approx(other["bbox"], abs=1)


def test_defaults_are_segment_anythings():
    assert ProposalOptions() == ProposalOptions(32, 0.88, 0.95, 1.0, 0.7)


def test_a_step_asks_few_points_and_lets_others_decode_in_between(store, search, monkeypatch):
    found = search(points_per_side=5, least_quality=0.9)
    asked, lock = [], threading.Lock()
    monkeypatch.setattr(found, "_decoding", lock)
    original = Predictor.alternatives

    def watched(self, embedding, image_size, points, least):
        assert lock.locked()
        asked.append(len(points))
        return original(self, embedding, image_size, points, least)

    monkeypatch.setattr(Predictor, "alternatives", watched)
    done = []
    for count in found.steps():
        assert not lock.locked()
        done.append(count)
    assert done == [8, 16, 24, 25]
    assert asked == [8, 8, 8, 1]
    assert max(asked) == POINTS_AT_ONCE


@pytest.mark.parametrize("model", ["litemedsam", "medsam"])
def test_models_that_learned_boxes_alone_are_refused_with_those_that_can(search, monkeypatch, model):
    found = search(points_per_side=1)
    single = Predictor(get_specification(model), found._embedded.predictor._runner, "random")
    embedded = dataclasses.replace(found._embedded, predictor=single)
    with pytest.raises(MedSAMSegError, match="Choose the model mobilesam or sam") as caught:
        type(found)(embedded, ProposalOptions(), threading.Lock())
    assert caught.value.code == "model_cannot_propose"
    assert get_specification(model).title in caught.value.message


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"points_per_side": 0}, "points per side of proposals is 0; expected 1 to 64"),
        ({"points_per_side": 65}, "points per side of proposals is 65"),
        ({"least_quality": -0.1}, "quality of proposals is -0.1; expected 0 to 1"),
        ({"least_stability": 1.5}, "stability of proposals is 1.5"),
        ({"stability_offset": math.inf}, "stability offset of proposals is inf"),
        ({"most_overlap": math.nan}, "overlap of proposals is nan"),
    ],
)
def test_numbers_out_of_range_are_named(options, said):
    with pytest.raises(MedSAMSegError, match=said) as caught:
        ProposalOptions(**options).check()
    assert caught.value.code == "proposal_option"


def test_grid_has_a_point_in_the_middle_of_each_cell():
    assert point_grid(1, (10, 30)).tolist() == [[15, 5]]
    assert len(point_grid(32, (512, 512))) == 1024


@pytest.mark.parametrize(
    ("boxes", "qualities", "kept"),
    [
        ([[0, 0, 9, 9], [0, 0, 9, 9]], [0.8, 0.9], [1]),
        # Equal ones in their order; a box of one row overlaps nothing.
        ([[0, 0, 9, 9], [0, 0, 9, 9], [0, 0, 9, 0]], [0.9, 0.9, 0.9], [0, 2]),
        # What only a dropped one overlaps is kept.
        ([[0, 0, 10, 10], [0, 3, 10, 13], [0, 6, 10, 16]], [0.9, 0.8, 0.7], [0, 2]),
        ([], [], []),
    ],
    ids=["same box", "ties and empty boxes", "chain", "none"],
)
def test_duplicates_are_dropped_for_better_ones(boxes, qualities, kept):
    boxes = np.array(boxes, np.float32).reshape(-1, 4)
    assert without_duplicates(boxes, np.array(qualities, np.float32), 0.5) == kept
