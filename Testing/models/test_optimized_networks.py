"""The networks as they are laid out for the processor, against the networks as they were trained."""

import dataclasses

import numpy as np
import pytest
import torch
from random_weights import randomize
from torch.nn import functional

from medsamseg_server.models.tiny_vit import TinyViT
from medsamseg_server.runtime.mask_windows import OUTSIDE, MaskWindows
from medsamseg_server.runtime.optimized_decoder import (
    ABSENT,
    FIRST_CORNER,
    SECOND_CORNER,
    OptimizedDecoder,
    PromptTokens,
    TokensToImage,
)
from medsamseg_server.runtime.optimized_tiny_vit import OptimizedTinyViT
from medsamseg_server.runtime.optimized_upscaling import OptimizedUpscaling
from medsamseg_server.runtime.seen_positions import SeenPositions
from medsamseg_server.weights.catalog import get_specification
from medsamseg_server.weights.loading import load_network

LITEMEDSAM = get_specification("litemedsam")
#: Every object sees each position.
ALL = SeenPositions.all(2, 64)


@pytest.fixture(scope="module")
def network(litemedsam_weights):
    return load_network(LITEMEDSAM, litemedsam_weights)[0]


@pytest.mark.parametrize(
    ("model", "size"), [("litemedsam", 96), ("mobilesam", 320)], ids=["windows padded", "strided patches"]
)
def test_lean_encoder_is_the_encoder(model, size):
    # One block a stage shows all that blocks do.
    parameters = dataclasses.replace(get_specification(model).encoder, depths=(1, 1, 1, 1))
    side = parameters.embedding_shape(size)[-1]
    encoder = randomize(TinyViT(parameters), seed=3).eval()
    image = torch.rand(1, 3, size, size, generator=torch.Generator().manual_seed(4))
    with torch.inference_mode():
        expected, found = encoder(image), OptimizedTinyViT(encoder, short=False, side=side)(image)
    torch.testing.assert_close(found, expected, atol=1e-4, rtol=1e-4)


def test_short_products_move_the_embedding_little(network):
    # Few pixels: without instructions for bfloat16, PyTorch takes a minute for an image of the whole size.
    size = 96
    image = torch.rand(1, 3, size, size, generator=torch.Generator().manual_seed(5))
    with torch.inference_mode():
        expected = network.image_encoder(image)
        found = OptimizedTinyViT(network.image_encoder, short=True, side=LITEMEDSAM.at(size).embedding_shape[-1])(image)
    moved = (found - expected).abs().mean() / expected.abs().mean()
    assert 0.001 < moved < 0.03


def decode(network, boxes, absent=0, seen=None):
    """The authors' logits and scores; the lean decoder's images, kernels and scores, with some absent tokens."""
    embedding = torch.randn(1, 256, 64, 64, generator=torch.Generator().manual_seed(2))
    kinds = torch.tensor([[FIRST_CORNER, SECOND_CORNER] + [ABSENT] * absent]).float().expand(len(boxes), -1)
    positions = functional.pad(boxes.reshape(-1, 2, 2), (0, 0, 0, absent))
    answers = torch.tensor([0], dtype=torch.int32)
    with torch.inference_mode():
        tokens = PromptTokens(network.prompt_encoder)(positions, kinds)
        lean = OptimizedDecoder(network)(embedding, tokens, kinds, answers, seen)
        return network.decode(embedding, boxes, None), lean


@pytest.mark.parametrize(
    ("absent", "seen"), [(0, None), (5, None), (0, torch.from_numpy(ALL.rows))], ids=["0", "5", "all named"]
)
def test_lean_decoder_is_the_decoder(network, absent, seen):
    (logits, scores), (image, kernels, optimized_scores) = decode(
        network, torch.tensor([[10.0, 20, 90, 100], [50, 50, 200, 220]]), absent, seen
    )
    whole = MaskWindows.whole(2)
    with torch.inference_mode():
        found = OptimizedUpscaling(network)(image, kernels, torch.from_numpy(ALL.rows_of(whole, np.arange(2)))).numpy()
    np.testing.assert_allclose(whole.place(whole.planes(found[..., 0])), logits, atol=1e-3, rtol=1e-4)
    torch.testing.assert_close(optimized_scores[:, 0], scores, atol=1e-4, rtol=1e-4)


@pytest.mark.parametrize("answer", range(4))
def test_an_answer_alone_is_as_among_all(network, answer):
    embedding = torch.randn(1, 256, 64, 64, generator=torch.Generator().manual_seed(6))
    kinds = torch.tensor([[FIRST_CORNER, SECOND_CORNER]]).float()
    with torch.inference_mode():
        tokens = PromptTokens(network.prompt_encoder)(torch.tensor([[[20.0, 30], [150, 160]]]), kinds)
        alone, among = (
            OptimizedDecoder(network)(embedding, tokens, kinds, torch.tensor(answers, dtype=torch.int32))
            for answers in ([answer], [0, 1, 2, 3])
        )
    torch.testing.assert_close(alone[1][:, 0], among[1][:, answer], atol=1e-5, rtol=1e-5)
    torch.testing.assert_close(alone[2], among[2], atol=1e-5, rtol=1e-5)


def test_only_the_surroundings_of_a_box_are_upscaled(network):
    boxes = torch.tensor([[100.0, 120, 140, 150], [0, 0, 30, 20], [240, 200, 255, 255]])
    (logits, _), (image, kernels, _) = decode(network, boxes)
    windows = MaskWindows.around(boxes.numpy(), 256)
    assert windows.size[0] * windows.size[1] < 64 * 64 / 8
    # Objects in another order, one of them left out.
    objects = np.array([2, 0])
    chosen = MaskWindows(windows.first[objects], windows.size)
    rows = torch.from_numpy(SeenPositions.all(3, 64).rows_of(chosen, objects))
    with torch.inference_mode():
        found = OptimizedUpscaling(network)(image, kernels[objects], rows).numpy()
    placed = chosen.place(chosen.planes(found[..., 0]))
    computed = placed != OUTSIDE
    np.testing.assert_allclose(placed[computed], logits[objects].numpy()[computed], atol=1e-3, rtol=1e-4)
    for inside, (x0, y0, x1, y1) in zip(computed, boxes[objects].int().tolist(), strict=True):
        assert inside[y0 : y1 + 1, x0 : x1 + 1].all()
        assert inside.sum() == windows.size[0] * windows.size[1] * 16


def test_what_stands_for_four_counts_as_four(network):
    attention = TokensToImage(network.mask_decoder.transformer.layers[0].cross_attn_token_to_image)
    numbers = torch.Generator().manual_seed(8)
    queries, image, positions = (torch.randn(*shape, generator=numbers) for shape in ((2, 7, 256), *[(2, 5, 256)] * 2))
    counts = torch.tensor([1, 4, 1, 4, 1])
    repeated = [each.repeat_interleave(counts, dim=1) for each in (image + positions, image)]
    with torch.inference_mode():
        found = attention(queries, image + positions, image, counts.float()[None, None])
        expected = attention(queries, *repeated, torch.ones(1, 1, 11))
    torch.testing.assert_close(found, expected, atol=1e-5, rtol=1e-5)


@pytest.mark.parametrize(
    ("box", "first", "last"),
    [
        ((0, 0, 1023, 1023), (0, 0), (64, 64)),
        ((320, 480, 639, 799), (25, 15), (55, 45)),
        ((320, 480, 335, 495), (27, 17), (34, 24)),
        ((-50, -50, 10, 10), (0, 0), (4, 4)),
        ((1000, 1000, 1100, 1100), (59, 59), (64, 64)),
    ],
    ids=[
        "whole image",
        "a quarter more on each side",
        "three positions more",
        "over the first corner",
        "over the last corner",
    ],
)
def test_window_of_a_box(box, first, last):
    windows = MaskWindows.around(np.array([box], np.float32), 1024)
    assert windows.first[0].tolist() == list(first)
    assert (windows.first[0] + windows.size).tolist() == list(last)


@pytest.mark.parametrize(
    ("row", "column", "leaves"),
    [(0, 20, True), (-1, 20, True), (20, 0, True), (20, -1, True), (1, 20, False), (20, -2, False)],
)
def test_objects_that_reach_their_windows_border_are_noticed(row, column, leaves):
    windows = MaskWindows(np.array([[10, 10], [10, 10]]), (12, 12))
    planes = np.full((2, 48, 48), -1, np.float32)
    planes[1, row, column] = 1
    assert windows.leaving(planes).tolist() == ([1] if leaves else [])


@pytest.mark.parametrize(("first", "row", "column"), [((0, 0), 0, 0), ((52, 52), -1, -1)])
def test_the_images_own_border_is_no_border_of_a_window(first, row, column):
    planes = np.full((1, 48, 48), -1, np.float32)
    planes[0, row, column] = 1
    assert not len(MaskWindows(np.array([first]), (12, 12)).leaving(planes))
