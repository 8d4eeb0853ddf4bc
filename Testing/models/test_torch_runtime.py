"""Where the network runs."""

import numpy as np
import pytest
import torch
from torch import nn

from medsamseg_server.errors import ErrorKind, MedSAMSegError
from medsamseg_server.models.networks import build_network
from medsamseg_server.models.segment_anything_modeling import ImageEncoderViT
from medsamseg_server.runtime import fused_attention
from medsamseg_server.runtime.fused_attention import FusedAttention, with_fused_attention
from medsamseg_server.runtime.torch_runtime import TorchRunner, select_device
from medsamseg_server.weights.catalog import get_specification


@pytest.fixture
def present(monkeypatch):
    """Says which accelerators this computer is to have."""

    def have(*devices):
        monkeypatch.setattr(torch.cuda, "is_available", lambda: "cuda" in devices)
        monkeypatch.setattr(torch.backends.mps, "is_available", lambda: "mps" in devices)

    return have


@pytest.mark.parametrize(
    ("devices", "chosen"), [((), "cpu"), (("mps",), "mps"), (("cuda",), "cuda"), (("cuda", "mps"), "cuda")]
)
def test_auto_takes_the_fastest_device_that_is_there(present, devices, chosen):
    present(*devices)
    assert select_device("auto") == chosen


def test_named_device_is_taken_when_it_is_there(present):
    present("cuda", "mps")
    assert [select_device(device) for device in ("cuda", "mps", "cpu")] == ["cuda", "mps", "cpu"]


@pytest.mark.parametrize(
    ("device", "code"), [("cuda", "device_unavailable"), ("mps", "device_unavailable"), ("tpu", "device_unknown")]
)
def test_device_that_cannot_be_used_is_refused_by_name(present, device, code):
    present()
    with pytest.raises(MedSAMSegError) as caught:
        select_device(device)
    assert caught.value.kind is ErrorKind.INVALID_INPUT
    assert caught.value.code == code
    assert device in caught.value.message
    assert "cpu" in caught.value.hint


def encode_failing_with(error, monkeypatch):
    network = build_network(get_specification("litemedsam"))

    def refuse(images):
        raise error

    monkeypatch.setattr(network, "encode", refuse)
    TorchRunner(network).encode(np.zeros((3, 256, 256), np.float32))


@pytest.mark.parametrize(
    "error",
    [
        torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 805.00 MiB."),
        RuntimeError("MPS server out of memory (MPS allocated: 1.00 GB)."),
        RuntimeError("[enforce fail at alloc_cpu.cpp:124] err == 0. DefaultCPUAllocator: can't allocate memory"),
        RuntimeError("[enforce fail at alloc_cpu.cpp:116] data. DefaultCPUAllocator: not enough memory"),
    ],
)
def test_full_memory_is_a_clear_error(monkeypatch, error):
    with pytest.raises(MedSAMSegError) as caught:
        encode_failing_with(error, monkeypatch)
    assert caught.value.code == "device_out_of_memory"
    assert "litemedsam" in caught.value.hint


def test_the_processors_own_refusal_is_recognized(monkeypatch):
    with pytest.raises(RuntimeError) as refusal:
        torch.empty(2**60, dtype=torch.uint8)
    with pytest.raises(MedSAMSegError):
        encode_failing_with(refusal.value, monkeypatch)


def test_other_failures_of_the_network_are_not_called_full_memory(monkeypatch):
    with pytest.raises(RuntimeError, match="shapes"):
        encode_failing_with(RuntimeError("shapes do not fit"), monkeypatch)


@pytest.fixture
def vit():
    """SAM's ViT with a block that attends in windows and one that attends to the whole image of 64 × 64 positions."""
    torch.manual_seed(3)
    made = ImageEncoderViT(
        depth=2, embed_dim=32, num_heads=2, out_chans=8, use_rel_pos=True, window_size=14, global_attn_indexes=(1,)
    )
    for block in made.blocks:
        for positions in (block.attn.rel_pos_h, block.attn.rel_pos_w):
            torch.nn.init.normal_(positions)
    return made.eval()


def test_fused_attention_is_sams_attention(vit):
    fused, image = with_fused_attention(vit), torch.randn(1, 3, 1024, 1024)
    assert {type(block.attn).__name__ for block in fused.blocks} == {"FusedAttention"}
    assert {type(block.attn).__name__ for block in vit.blocks} == {"Attention"}
    with torch.inference_mode():
        torch.testing.assert_close(fused(image), vit(image), atol=1e-4, rtol=1e-4)


def test_what_asks_at_once_makes_no_difference(vit, monkeypatch):
    tokens = torch.randn(2, 6, 4, 32)
    attention = FusedAttention(vit.blocks[0].attn)
    attention.rows, attention.columns = attention.rows[:6, :6], attention.columns[:4, :4]
    with torch.inference_mode():
        whole = attention(tokens)
        # Two rows, and one, where not even that is allowed.
        for most in (8, 1):
            monkeypatch.setattr(fused_attention, "_ASKING_AT_ONCE", most)
            torch.testing.assert_close(attention(tokens), whole)


@pytest.mark.parametrize(("precision", "of_products"), [("fp32", torch.float32), ("fp16", torch.float16)])
def test_half_floats_are_for_the_encoders_products_and_nothing_else(precision, of_products):
    seen = {}

    class Network(nn.Module):
        def encode(self, images):
            seen["encoder"] = images[0, 0] @ images[0, 0]
            return seen["encoder"][None]

        def decode(self, embedding, boxes, points):
            seen["decoder"] = embedding[0] @ embedding[0]
            return seen["decoder"][None], boxes[:, 0]

    runner = TorchRunner(Network(), "cpu", precision)
    embedding = runner.encode(np.ones((3, 8, 8), np.float32))
    runner.decode(embedding, np.zeros((1, 4), np.float32), None)
    assert embedding.dtype == np.float32
    assert (seen["encoder"].dtype, seen["decoder"].dtype) == (of_products, torch.float32)
