"""What a network is made of decides what runs it and how exactly; what nobody knows is refused, or exact."""

import dataclasses
from pathlib import Path
from types import SimpleNamespace

import pytest
from torch import nn

from medsamseg_server.errors import MedSAMSegError
from medsamseg_server.models.networks import SamNetwork, build_network
from medsamseg_server.models.specification import SPECIFICATIONS, NoEncoder, SamDecoder, UNetParameters
from medsamseg_server.runtime import choice, decoders, openvino_runtime, torch_runtime
from medsamseg_server.runtime.openvino_conversion import convert_network
from medsamseg_server.runtime.precision import choose_precision, choose_torch_precision

LITEMEDSAM = SPECIFICATIONS["litemedsam"]


@dataclasses.dataclass(frozen=True)
class OtherDecoder(SamDecoder):
    """Derived from SAM's, as HQ-SAM's is."""


@dataclasses.dataclass(frozen=True)
class OtherEncoder(type(LITEMEDSAM.encoder)):
    """Derived from one that was measured."""


OF_ANOTHER_DECODER = dataclasses.replace(LITEMEDSAM, decoder=OtherDecoder())
OF_ANOTHER_ENCODER = dataclasses.replace(LITEMEDSAM, encoder=OtherEncoder(1, 1))


@pytest.mark.parametrize(
    "load",
    [
        lambda specification, weights: openvino_runtime.load_predictor(specification, weights),
        lambda specification, weights: torch_runtime.load_predictor(specification, weights, "cpu"),
        lambda specification, weights: choice.load_predictor(specification, weights, "cpu"),
    ],
    ids=["openvino", "torch", "auto"],
)
def test_an_unknown_decoder_is_refused_before_anything_is_read(load):
    with pytest.raises(MedSAMSegError, match=r"LiteMedSAM \(OtherDecoder\)") as caught:
        load(OF_ANOTHER_DECODER, Path("nowhere.pth"))
    assert caught.value.code == "decoder_unsupported"


@pytest.mark.parametrize("part", ["mask_decoder", "prompt_encoder"])
def test_a_part_whose_attributes_have_the_names_of_sams_is_not_converted_as_sams(part):
    network = build_network(LITEMEDSAM)
    parts = {name: getattr(network, name) for name in ("image_encoder", "prompt_encoder", "mask_decoder")}
    same = parts[part]
    other = type("Other", (type(same),), {})
    parts[part] = other.__new__(other)
    nn.Module.__init__(parts[part])
    parts[part].__dict__.update(same.__dict__)
    with pytest.raises(TypeError, match="another decoder"):
        convert_network(SamNetwork(**parts), 256)


def test_each_decoder_has_who_loads_it():
    with_torch = {kind for kind, runtimes in decoders.RUNTIMES_OF.items() if "torch" in runtimes}
    assert set(torch_runtime._LOADERS) == with_torch
    assert all(decoders.can_run(specification, "openvino") for specification in SPECIFICATIONS.values())


def test_a_new_decoder_is_a_row_for_its_runtimes_and_one_for_who_loads_it(monkeypatch):
    monkeypatch.setitem(decoders.RUNTIMES_OF, OtherDecoder, ("torch",))
    loaded = SimpleNamespace(device="cpu", precision="fp32")
    monkeypatch.setitem(torch_runtime._LOADERS, OtherDecoder, lambda specification, path, device: loaded)
    assert choice.load_predictor(OF_ANOTHER_DECODER, Path("weights.pth"), "cpu") is loaded
    with pytest.raises(MedSAMSegError, match="openvino"):
        openvino_runtime.load_predictor(OF_ANOTHER_DECODER, Path("weights.pth"))


@pytest.mark.parametrize(
    ("specification", "on_processor", "on_card"),
    [
        (LITEMEDSAM, "mixed", "fp16"),
        (SPECIFICATIONS["medsam"], "bf16", "fp16"),
        (OF_ANOTHER_ENCODER, "fp32", "fp32"),
        (dataclasses.replace(LITEMEDSAM, encoder=NoEncoder(), decoder=UNetParameters()), "fp32", "fp32"),
    ],
    ids=["TinyViT", "ViT-B", "new", "none"],
)
def test_an_encoder_that_was_not_measured_is_exact(specification, on_processor, on_card):
    assert choose_precision(specification, has_bf16=True) == on_processor
    assert choose_torch_precision(specification, "cuda") == choose_torch_precision(specification, "mps") == on_card
    assert choose_torch_precision(specification, "cpu") == "fp32"


@pytest.mark.parametrize(
    "specification", [OF_ANOTHER_DECODER, dataclasses.replace(LITEMEDSAM, encoder=NoEncoder())], ids=["decoder", "none"]
)
def test_a_network_of_the_family_is_built_of_its_parts_only(specification):
    with pytest.raises(MedSAMSegError, match="LiteMedSAM") as caught:
        build_network(specification)
    assert caught.value.code == "model_unsuitable"
