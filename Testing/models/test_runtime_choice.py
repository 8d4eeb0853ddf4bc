"""Which runtime a network gets."""

import dataclasses
import logging
from pathlib import Path
from types import SimpleNamespace

import pytest

from medsamseg_server.errors import MedSAMSegError
from medsamseg_server.runtime import choice, openvino_runtime, torch_runtime
from medsamseg_server.runtime.precision import choose_precision
from medsamseg_server.weights.catalog import get_specification

LITEMEDSAM = get_specification("litemedsam")
WEIGHTS = Path("weights.pth")


@pytest.fixture
def computer(monkeypatch):
    """Sets up which accelerators PyTorch finds and whether OpenVINO is there; loading says who loads."""

    def have(*devices, openvino=True, broken=None):
        def load_openvino(specification, weights):
            if broken is not None:
                raise broken
            return "openvino"

        monkeypatch.setattr(choice, "_may_have_accelerator", lambda: bool(devices))
        monkeypatch.setattr(torch_runtime, "_is_available", lambda device: device in (*devices, "cpu"))
        monkeypatch.setattr(choice, "is_openvino_installed", lambda: openvino)
        monkeypatch.setattr(choice, "_load_with_openvino", load_openvino)
        monkeypatch.setattr(choice, "_load_with_torch", lambda specification, weights, device: f"torch {device}")

    return have


@pytest.mark.parametrize(
    ("devices", "device", "runtime", "openvino", "expected"),
    [
        ((), "auto", "auto", True, "openvino"),
        ((), "cpu", "auto", True, "openvino"),
        ((), "auto", "auto", False, "torch auto"),
        ((), "auto", "torch", True, "torch auto"),
        (("cuda",), "auto", "auto", True, "torch auto"),
        (("mps",), "auto", "auto", True, "torch auto"),
        (("cuda",), "cuda", "auto", True, "torch cuda"),
        (("cuda",), "cpu", "auto", True, "openvino"),
        (("cuda",), "auto", "openvino", True, "openvino"),
    ],
)
def test_graphics_cards_get_pytorch_and_processors_openvino(computer, devices, device, runtime, openvino, expected):
    computer(*devices, openvino=openvino)
    assert choice.load_predictor(LITEMEDSAM, WEIGHTS, device, runtime) == expected


def test_network_that_cannot_be_converted_runs_with_pytorch_and_the_log_says_so(computer, caplog):
    computer(broken=RuntimeError("no such operation"))
    assert choice.load_predictor(LITEMEDSAM, WEIGHTS) == "torch auto"
    assert "LiteMedSAM" in caplog.text
    assert "no such operation" in caplog.text


def test_runtime_that_was_asked_for_is_not_replaced(computer):
    computer(broken=RuntimeError("no such operation"))
    with pytest.raises(RuntimeError, match="no such operation"):
        choice.load_predictor(LITEMEDSAM, WEIGHTS, runtime="openvino")


def test_wrong_weights_are_no_reason_for_another_runtime(computer):
    error = MedSAMSegError(choice.ErrorKind.UNREADABLE, "weights_unreadable", "Damaged.")
    computer(broken=error)
    with pytest.raises(MedSAMSegError) as caught:
        choice.load_predictor(LITEMEDSAM, WEIGHTS)
    assert caught.value is error


@pytest.mark.parametrize(
    ("runtime", "device", "openvino", "code"),
    [
        ("tensorrt", "auto", True, "runtime_unknown"),
        ("openvino", "cuda", True, "runtime_unavailable"),
        ("openvino", "auto", False, "runtime_unavailable"),
    ],
)
def test_runtime_that_cannot_be_used_is_refused(computer, runtime, device, openvino, code):
    computer("cuda", openvino=openvino)
    with pytest.raises(MedSAMSegError) as caught:
        choice.check_runtime(runtime, device)
    assert caught.value.code == code


@pytest.mark.parametrize(
    ("platform", "version", "drivers", "expected"),
    [
        ("linux", "2.13.0+cpu", ("libcuda.so.1",), False),
        ("linux", "2.13.0", ("libcuda.so.1",), True),
        ("linux", "2.13.0", (), False),
        ("darwin", "2.13.0", (), True),
    ],
)
def test_pytorch_is_only_asked_where_it_may_find_a_graphics_card(monkeypatch, platform, version, drivers, expected):
    monkeypatch.setattr(choice.sys, "platform", platform)
    monkeypatch.setattr(choice.metadata, "version", lambda package: version)
    monkeypatch.setattr(choice, "_can_load", lambda library: library in drivers)
    assert choice._may_have_accelerator() is expected


@pytest.mark.parametrize(
    ("model", "has_bf16", "expected"),
    [
        ("litemedsam", True, "mixed"),
        ("medsam", True, "bf16"),
        # It proposes objects, whose predicted quality decides.
        ("mobilesam", True, "fp32"),
        ("sam", True, "bf16"),
        ("litemedsam", False, "fp32"),
        ("medsam", False, "fp32"),
    ],
)
def test_short_numbers_are_for_processors_that_have_them_as_far_as_the_encoder_bears_them(model, has_bf16, expected):
    assert choose_precision(get_specification(model), has_bf16) == expected


def test_a_model_that_was_trained_here_computes_as_what_it_was_trained_from():
    trained = dataclasses.replace(LITEMEDSAM, name="trained-here")
    assert choose_precision(trained, True) == "mixed"


def test_log_says_what_runs_where(monkeypatch, caplog, litemedsam_weights, tmp_path):
    caplog.set_level(logging.INFO)
    monkeypatch.setattr(torch_runtime, "load_predictor", lambda *_: SimpleNamespace(device="mps", precision="fp16"))
    choice.load_predictor(LITEMEDSAM, WEIGHTS, "mps", "torch")
    assert "LiteMedSAM runs with PyTorch on mps, in fp16." in caplog.text
    openvino_runtime.load_predictor(LITEMEDSAM, litemedsam_weights).at(LITEMEDSAM.close_up_size)
    assert "LiteMedSAM runs with OpenVINO" in caplog.text
