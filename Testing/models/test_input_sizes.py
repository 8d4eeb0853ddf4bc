"""The same network for other sizes of its input: close-ups are smaller than whole slices."""

import dataclasses

import numpy as np
import openvino
import pytest
import torch
from random_weights import randomize
from smallModel import smallSpecification

from medsamseg_server.models.networks import build_network
from medsamseg_server.runtime.mask_windows import OUTSIDE
from medsamseg_server.runtime.network_files import NetworkFiles
from medsamseg_server.runtime.openvino_networks import compile_parts
from medsamseg_server.runtime.openvino_runtime import OpenVinoRunner, load_predictor
from medsamseg_server.runtime.torch_runtime import TorchRunner
from medsamseg_server.runtime.torch_runtime import load_predictor as load_with_torch
from medsamseg_server.weights.catalog import get_specification

LITEMEDSAM = get_specification("litemedsam")
# One block a stage shows all that blocks do; that size is the network's own, and the others are smaller.
OWN_SIZE, SIZES = 160, (96, 128)
FEW_BLOCKS = dataclasses.replace(LITEMEDSAM, encoder=dataclasses.replace(LITEMEDSAM.encoder, depths=(1, 1, 1, 1)))
FEW_BLOCKS = FEW_BLOCKS.at(OWN_SIZE)
# For what takes a network of two sizes twice.
SMALL = smallSpecification()


@pytest.fixture(scope="module")
def network():
    return randomize(build_network(FEW_BLOCKS), 5).eval()


def image_of(size):
    return np.random.default_rng(size).random((3, size, size), np.float32)


def box_of(size):
    return np.array([[size * 0.3, size * 0.35, size * 0.6, size * 0.7]], np.float32)


def test_network_at_its_own_size_is_the_same(network):
    same = network.at(OWN_SIZE)
    image, box = torch.from_numpy(image_of(OWN_SIZE))[None], torch.from_numpy(box_of(OWN_SIZE))
    with torch.inference_mode():
        embedding = network.encode(image)
        torch.testing.assert_close(same.encode(image), embedding, rtol=0, atol=0)
        for ours, theirs in zip(same.decode(embedding, box, None), network.decode(embedding, box, None), strict=True):
            torch.testing.assert_close(ours, theirs, rtol=0, atol=0)


@pytest.mark.parametrize("size", SIZES)
def test_network_at_another_size_is_one_that_was_built_for_it(network, size):
    built = build_network(FEW_BLOCKS.at(size))
    built.load_state_dict(network.state_dict(), strict=True)
    smaller = network.at(size)
    image, box = torch.from_numpy(image_of(size))[None], torch.from_numpy(box_of(size))
    with torch.inference_mode():
        embedding = built.encode(image)
        assert embedding.shape == (1, 256, size // 4, size // 4)
        torch.testing.assert_close(smaller.encode(image), embedding)
        expected, found = built.decode(embedding, box, None), smaller.decode(embedding, box, None)
        assert expected[0].shape == (1, size, size)
        for theirs, ours in zip(expected, found, strict=True):
            torch.testing.assert_close(ours, theirs)
    assert network.embedding_side == OWN_SIZE // 4


def test_openvino_is_pytorch_at_another_size(network):
    size = SIZES[0]
    smaller = network.at(size)
    reference = TorchRunner(smaller)
    runner = OpenVinoRunner(compile_parts(openvino.Core(), smaller, size, "fp32"), "fp32")
    embedding = reference.encode(image_of(size))
    np.testing.assert_allclose(runner.encode(image_of(size)), embedding, atol=2e-3)
    boxes = np.concatenate([box_of(size), box_of(size) / 2])
    expected, found = (each.decode(embedding, boxes, None) for each in (reference, runner))
    assert found[0].shape == (2, size, size)
    computed = found[0] != OUTSIDE
    assert computed.any()
    np.testing.assert_allclose(found[0][computed], expected[0][computed], atol=5e-3)
    np.testing.assert_allclose(found[1], expected[1], atol=1e-3)
    points = (boxes.reshape(2, 2, 2), np.array([[1, 0], [1, 1]], np.float32))
    expected, found = (each.decode(embedding, None, points)[0] for each in (reference, runner))
    np.testing.assert_allclose(found, expected, atol=5e-3)


def test_predictor_for_its_own_size_is_itself(litemedsam_weights):
    predictor = load_with_torch(LITEMEDSAM, litemedsam_weights, "cpu")
    assert predictor.at(256) is predictor
    assert predictor.at(128) is predictor.at(128)
    assert (predictor.at(128).specification.input_size, predictor.at(128).weights_sha256) == (
        128,
        predictor.weights_sha256,
    )


def test_converted_networks_of_every_size_are_kept(tmp_path, chest):
    """The second start converts nothing, and gives the same."""
    weights = tmp_path / "small.pth"
    torch.save(randomize(build_network(SMALL), 5).state_dict(), weights)
    files = NetworkFiles(tmp_path / "networks")
    gray = np.clip((chest.ct[24, 130:234, 30:134] + 1350) / 1500 * 255, 0, 255).astype(np.uint8)
    embeddings = []
    for _ in range(2):
        predictor = load_predictor(SMALL, weights, "fp32", files).at(64)
        embeddings.append(predictor.encode(gray))
        assert len(list((tmp_path / "networks").iterdir())) == 8
    np.testing.assert_array_equal(*embeddings)
    assert embeddings[0].shape == (256, 16, 16)
    expected = load_with_torch(SMALL, weights, "cpu").at(64)
    box = np.array([[24, 30, 71, 74]])
    found, theirs = (each.decode(each.encode(gray), gray.shape, box).values for each in (predictor, expected))
    computed = found != OUTSIDE
    assert computed.any()
    np.testing.assert_allclose(found[computed], theirs[computed], atol=5e-3)


@pytest.mark.full
def test_real_weights_give_the_same_mask_in_a_close_up(litemedsam_weights, tmp_path, chest):
    gray = np.clip((chest.ct[24, 130:234, 30:134] + 1350) / 1500 * 255, 0, 255).astype(np.uint8)
    converted = load_predictor(LITEMEDSAM, litemedsam_weights, "fp32", NetworkFiles(tmp_path)).at(128)
    expected = load_with_torch(LITEMEDSAM, litemedsam_weights, "cpu").at(128)
    box = np.array([[24, 30, 71, 74]])
    masks = [each.decode(each.encode(gray), gray.shape, box).masks[0] for each in (converted, expected)]
    assert np.count_nonzero(masks[0] & masks[1]) / np.count_nonzero(masks[0] | masks[1]) > 0.995


def test_model_without_other_sizes_says_so():
    from medsamseg_server.models.predictor import Predictor

    with pytest.raises(ValueError, match="128 pixels"):
        Predictor(LITEMEDSAM, TorchRunner(build_network(LITEMEDSAM)), "").at(128)
