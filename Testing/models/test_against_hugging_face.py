"""MedSAM and SAM ViT-B against an independent implementation, with weights carried over in both directions."""

from types import SimpleNamespace

import numpy as np
import pytest
import torch
from random_weights import randomize
from small_vit import BLOCKS, HEADS, IMAGE_SIDE, WIDTH, small_vit, whole_vit

from medsamseg_server.models.networks import build_network
from medsamseg_server.models.preprocessing import prepare_image
from medsamseg_server.runtime.torch_runtime import TorchRunner
from medsamseg_server.weights.catalog import get_specification
from medsamseg_server.weights.hugging_face_keys import official_name
from medsamseg_server.weights.loading import load_network

# In the frame of an input of 1024 × 1024 pixels.
BOXES = np.array([[212.5, 640.0, 404.0, 816.25], [0, 0, 1023, 1023]], np.float32)
POINTS = np.array([[[300, 700], [100.5, 20], [0, 0]], [[512, 512], [1000, 3], [40, 50]]], np.float32)
LABELS = np.array([[1, 0, -1], [1, 1, 0]])


def relative_difference(ours, theirs):
    return np.abs(ours - theirs).max() / np.abs(theirs).max()


@pytest.fixture(scope="module")
def make_theirs():
    """Makes the independent implementation; importing it takes seconds, which the collection of tests goes without."""
    from hugging_face_sam import HuggingFaceSam

    return HuggingFaceSam


#: The measures of ``small_vit`` as the independent implementation names them.
SMALL = {
    "side": IMAGE_SIDE,
    "hidden_size": WIDTH,
    "num_hidden_layers": BLOCKS,
    "num_attention_heads": HEADS,
    "global_attn_indexes": [BLOCKS - 1],
}


def into_ours(make_theirs, is_small, folder):
    """MedSAM: their random weights, with their names, in our network; the whole one as the product loads their file."""
    theirs = make_theirs(**(SMALL if is_small else {}))
    randomize(theirs.model, seed=11)
    if is_small:
        network = small_vit("medsam", seed=10)
        tensors = {official_name(name): tensor for name, tensor in theirs.model.state_dict().items()}
        network.load_state_dict(tensors, strict=True)
        return TorchRunner(network), theirs
    file = folder / "pytorch_model.bin"
    torch.save(theirs.model.state_dict(), file)
    network, _ = load_network(get_specification("medsam"), file)
    return TorchRunner(network), theirs


def into_theirs(make_theirs, is_small, folder):
    """SAM: our random weights, loaded strictly into their network."""
    network = (small_vit if is_small else whole_vit)("sam", seed=12)
    theirs = make_theirs(**(SMALL if is_small else {}))
    ours = network.state_dict()
    theirs.model.load_state_dict({name: ours[official_name(name)] for name in theirs.model.state_dict()}, strict=True)
    return TorchRunner(network), theirs


@pytest.fixture(
    scope="module",
    params=[
        pytest.param((direction, is_small), id=name, marks=marks)
        for direction in (into_ours, into_theirs)
        for is_small, name, marks in (
            (True, direction.__name__, ()),
            (False, f"{direction.__name__}, whole", pytest.mark.full),
        )
    ],
)
def encoded(request, make_theirs, tmp_path_factory):
    """Both implementations of one model, and their embeddings of one slice; encoding takes seconds."""
    direction, is_small = request.param
    ours, theirs = direction(make_theirs, is_small, tmp_path_factory.mktemp("hugging_face"))
    specification = get_specification("medsam" if direction is into_ours else "sam")
    side = IMAGE_SIDE if is_small else specification.input_size
    gray = np.random.default_rng(1).integers(0, 256, (120, 160)).astype(np.uint8)
    prepared = prepare_image(specification.at(side), gray)
    return SimpleNamespace(
        side=side,
        ours=ours,
        theirs=theirs,
        our_embedding=ours.encode(prepared),
        their_embedding=theirs.encode(prepared),
    )


def test_embeddings_agree(encoded):
    assert encoded.our_embedding.shape == (256, encoded.side // 16, encoded.side // 16)
    assert relative_difference(encoded.our_embedding, encoded.their_embedding) < 1e-3


@pytest.mark.parametrize(
    ("boxes", "points", "labels"),
    [(BOXES, None, None), (None, POINTS, LABELS), (BOXES, POINTS, LABELS)],
    ids=["boxes", "points", "boxes and points"],
)
def test_logits_and_scores_agree(encoded, boxes, points, labels):
    scale = np.float32(encoded.side / 1024)
    boxes, points = (each if each is None else each * scale for each in (boxes, points))
    our_points = None if points is None else (points, labels.astype(np.float32))
    our_logits, our_scores = encoded.ours.decode(encoded.our_embedding, boxes, our_points)
    their_logits, their_scores = encoded.theirs.decode(encoded.their_embedding, boxes, points, labels)
    assert our_logits.shape == (2, encoded.side // 4, encoded.side // 4)
    assert relative_difference(our_logits, their_logits) < 1e-3
    assert relative_difference(our_scores, their_scores) < 1e-3


def test_every_tensor_of_theirs_has_its_place_in_ours_and_every_one_of_ours_is_filled(make_theirs):
    # Names and shapes are asked for, of the whole networks: no memory is filled.
    with torch.device("meta"):
        ours = build_network(get_specification("medsam")).state_dict()
        theirs = make_theirs().model.state_dict()
    assert {official_name(name) for name in theirs} == set(ours)
    assert all(ours[official_name(name)].shape == tensor.shape for name, tensor in theirs.items())
