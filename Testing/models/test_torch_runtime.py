"""Where the network runs."""

import numpy as np
import pytest
import torch
from torch import nn

from medsamseg_server.errors import ErrorKind, MedSAMSegError
from medsamseg_server.models.networks import build_network
from medsamseg_server.runtime.fused_attention import FusedAttention
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
def window_attention():
    """A block of SAM's attention over windows of 14 × 14, with positions that are not zero."""
    torch.manual_seed(3)
    network = build_network(get_specification("medsam"))
    attention = network.image_encoder.blocks[0].attn
    for positions in (attention.rel_pos_h, attention.rel_pos_w):
        torch.nn.init.normal_(positions)
    return attention


def test_fused_attention_is_sams_attention(window_attention):
    tokens = torch.randn(3, 14, 14, 768)
    with torch.inference_mode():
        torch.testing.assert_close(
            FusedAttention(window_attention)(tokens), window_attention(tokens), atol=1e-4, rtol=1e-4
        )


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
