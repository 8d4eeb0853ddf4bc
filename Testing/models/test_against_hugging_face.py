"""MedSAM and SAM ViT-B against an independent implementation, with weights carried over in both directions."""

import numpy as np
import pytest
import torch
from hugging_face_sam import HuggingFaceSam
from random_weights import randomize
from torch import nn

from medsamseg_server.models.networks import build_network
from medsamseg_server.models.preprocessing import prepare_image
from medsamseg_server.runtime.torch_runtime import TorchRunner
from medsamseg_server.weights.catalog import get_specification
from medsamseg_server.weights.hugging_face_keys import official_name
from medsamseg_server.weights.loading import load_network

BOXES = np.array([[212.5, 640.0, 404.0, 816.25], [0, 0, 1023, 1023]], np.float32)
POINTS = np.array([[[300, 700], [100.5, 20], [0, 0]], [[512, 512], [1000, 3], [40, 50]]], np.float32)
LABELS = np.array([[1, 0, -1], [1, 1, 0]])


def relative_difference(ours, theirs):
    return np.abs(ours - theirs).max() / np.abs(theirs).max()


#: Of the encoder's twelve: one with windows and one that sees the whole image show what all of them compute.
FEW_BLOCKS = 2


def into_ours(blocks, folder):
    """MedSAM: their random weights, with their names, in our network; all of them as the product loads their file."""
    theirs = HuggingFaceSam(blocks)
    randomize(theirs.model, seed=11)
    if blocks is not None:
        network = with_blocks(build_network(get_specification("medsam")), blocks)
        tensors = {official_name(name): tensor for name, tensor in theirs.model.state_dict().items()}
        network.load_state_dict(tensors, strict=True)
        return TorchRunner(network), theirs
    file = folder / "pytorch_model.bin"
    torch.save(theirs.model.state_dict(), file)
    network, _ = load_network(get_specification("medsam"), file)
    return TorchRunner(network), theirs


def into_theirs(blocks, folder):
    """SAM: our random weights, loaded strictly into their network."""
    network = randomize(with_blocks(build_network(get_specification("sam")), blocks), seed=12)
    theirs = HuggingFaceSam(blocks)
    ours = network.state_dict()
    theirs.model.load_state_dict({name: ours[official_name(name)] for name in theirs.model.state_dict()}, strict=True)
    return TorchRunner(network), theirs


def with_blocks(network, blocks):
    """The network with that many blocks of its encoder, of which the last one sees the whole image."""
    if blocks is not None:
        whole_image = network.image_encoder.blocks[2]
        network.image_encoder.blocks = nn.ModuleList([*network.image_encoder.blocks[: blocks - 1], whole_image])
    return network


@pytest.fixture(
    scope="module",
    params=[
        pytest.param((direction, blocks), id=name, marks=marks)
        for direction in (into_ours, into_theirs)
        for blocks, name, marks in (
            (FEW_BLOCKS, direction.__name__, ()),
            (None, f"{direction.__name__}, all blocks", pytest.mark.full),
        )
    ],
)
def encoded(request, tmp_path_factory):
    """Both implementations of one model, and their embeddings of one slice; encoding takes seconds."""
    direction, blocks = request.param
    ours, theirs = direction(blocks, tmp_path_factory.mktemp("hugging_face"))
    specification = get_specification("medsam" if direction is into_ours else "sam")
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
