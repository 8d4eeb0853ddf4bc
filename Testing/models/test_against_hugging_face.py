"""MedSAM and SAM ViT-B against an independent implementation, with weights carried over in both directions."""

import numpy as np
import pytest
import torch
from hugging_face_sam import HuggingFaceSam
from random_weights import randomize

from medsamseg_server.models.networks import build_network
from medsamseg_server.models.preprocessing import prepare_image
from medsamseg_server.models.specification import get_specification
from medsamseg_server.runtime.torch_runtime import TorchRunner
from medsamseg_server.weights.hugging_face_keys import official_name
from medsamseg_server.weights.loading import load_network

BOXES = np.array([[212.5, 640.0, 404.0, 816.25], [0, 0, 1023, 1023]], np.float32)
POINTS = np.array([[[300, 700], [100.5, 20], [0, 0]], [[512, 512], [1000, 3], [40, 50]]], np.float32)
LABELS = np.array([[1, 0, -1], [1, 1, 0]])


def relative_difference(ours, theirs):
    return np.abs(ours - theirs).max() / np.abs(theirs).max()


@pytest.fixture(scope="module")
def into_ours(tmp_path_factory):
    """MedSAM: their random weights, in a file with their names, loaded by the product."""
    theirs = HuggingFaceSam()
    randomize(theirs.model, seed=11)
    file = tmp_path_factory.mktemp("hugging_face") / "pytorch_model.bin"
    torch.save(theirs.model.state_dict(), file)
    network, _ = load_network(get_specification("medsam"), file)
    return TorchRunner(network), theirs


@pytest.fixture(scope="module")
def into_theirs():
    """SAM: our random weights, loaded strictly into their network."""
    network = randomize(build_network(get_specification("sam")), seed=12)
    theirs = HuggingFaceSam()
    ours = network.state_dict()
    theirs.model.load_state_dict({name: ours[official_name(name)] for name in theirs.model.state_dict()}, strict=True)
    return TorchRunner(network), theirs


@pytest.fixture(scope="module", params=["into_ours", "into_theirs"])
def encoded(request):
    """Both implementations of one model, and their embeddings of one slice; encoding takes seconds."""
    ours, theirs = request.getfixturevalue(request.param)
    specification = get_specification("medsam" if request.param == "into_ours" else "sam")
    gray = np.random.default_rng(1).integers(0, 256, (120, 160)).astype(np.uint8)
    prepared = prepare_image(specification, gray)
    return ours, theirs, ours.encode(prepared), theirs.encode(prepared)


def test_embeddings_agree(encoded):
    _, _, our_embedding, their_embedding = encoded
    assert our_embedding.shape == (256, 64, 64)
    assert relative_difference(our_embedding, their_embedding) < 1e-3


@pytest.mark.parametrize(
    ("boxes", "points", "labels"),
    [(BOXES, None, None), (None, POINTS, LABELS), (BOXES, POINTS, LABELS)],
    ids=["boxes", "points", "boxes and points"],
)
def test_logits_and_scores_agree(encoded, boxes, points, labels):
    ours, theirs, our_embedding, their_embedding = encoded
    our_points = None if points is None else (points, labels.astype(np.float32))
    our_logits, our_scores = ours.decode(our_embedding, boxes, our_points)
    their_logits, their_scores = theirs.decode(their_embedding, boxes, points, labels)
    assert our_logits.shape == (2, 256, 256)
    assert relative_difference(our_logits, their_logits) < 1e-3
    assert relative_difference(our_scores, their_scores) < 1e-3


def test_every_tensor_of_theirs_has_its_place_in_ours_and_every_one_of_ours_is_filled():
    ours = build_network(get_specification("medsam")).state_dict()
    theirs = HuggingFaceSam().model.state_dict()
    assert {official_name(name) for name in theirs} == set(ours)
    assert all(ours[official_name(name)].shape == tensor.shape for name, tensor in theirs.items())
