"""The four networks: their size, and the names and shapes under which weights are published."""

import numpy as np
import pytest
import torch

from medsamseg_server.errors import MedSAMSegError
from medsamseg_server.models.networks import build_network
from medsamseg_server.models.specification import SPECIFICATIONS
from medsamseg_server.weights.catalog import get_specification


def count(module):
    return sum(parameter.numel() for parameter in module.parameters())


@pytest.fixture(scope="module")
def networks():
    with torch.device("meta"):
        return {name: build_network(specification) for name, specification in SPECIFICATIONS.items()}


# MedSAM's are those of Ma et al. 2024, Methods; LiteMedSAM's and MobileSAM's were counted in their authors' files.
@pytest.mark.parametrize(
    ("model", "encoder", "total"),
    [
        ("medsam", 89_670_912, 93_735_472),
        ("sam", 89_670_912, 93_735_472),
        ("litemedsam", 5_726_740, 9_791_300),
        ("mobilesam", 5_743_892, 9_808_452),
    ],
)
def test_parameter_counts(networks, model, encoder, total):
    assert count(networks[model].image_encoder) == encoder
    assert count(networks[model].mask_decoder) == 4_058_340
    assert count(networks[model]) == total


@pytest.mark.parametrize(("model", "tensors"), [("medsam", 314), ("sam", 314), ("litemedsam", 435), ("mobilesam", 435)])
def test_number_of_named_tensors_in_a_published_file(networks, model, tensors):
    assert len(networks[model].state_dict()) == tensors


@pytest.mark.parametrize(
    ("model", "name", "shape"),
    [
        ("mobilesam", "image_encoder.patch_embed.seq.0.c.weight", (32, 3, 3, 3)),
        ("litemedsam", "image_encoder.patch_embed.seq.0.c.weight", (32, 3, 1, 1)),
        ("litemedsam", "image_encoder.patch_embed.seq.2.bn.running_var", (64,)),
        ("litemedsam", "image_encoder.layers.0.blocks.1.conv2.c.weight", (256, 1, 3, 3)),
        ("litemedsam", "image_encoder.layers.1.downsample.conv1.c.weight", (160, 128, 1, 1)),
        ("litemedsam", "image_encoder.layers.2.blocks.5.attn.attention_biases", (5, 196)),
        ("litemedsam", "image_encoder.layers.3.blocks.1.mlp.fc1.weight", (1280, 320)),
        ("litemedsam", "image_encoder.layers.3.blocks.0.local_conv.bn.num_batches_tracked", ()),
        ("litemedsam", "image_encoder.neck.2.weight", (256, 256, 3, 3)),
        ("medsam", "image_encoder.blocks.5.attn.rel_pos_h", (127, 64)),
        ("medsam", "image_encoder.blocks.4.attn.rel_pos_h", (27, 64)),
        ("medsam", "prompt_encoder.pe_layer.positional_encoding_gaussian_matrix", (2, 128)),
        ("sam", "mask_decoder.output_hypernetworks_mlps.3.layers.2.weight", (32, 256)),
    ],
)
def test_tensor_has_the_published_name_and_shape(networks, model, name, shape):
    assert networks[model].state_dict()[name].shape == shape


@pytest.mark.parametrize("model", SPECIFICATIONS)
def test_network_has_no_random_or_trainable_part(networks, model):
    assert not any(module.training for module in networks[model].modules())
    assert not any(parameter.requires_grad for parameter in networks[model].parameters())


def test_unknown_model_is_refused_with_the_known_names():
    with pytest.raises(MedSAMSegError) as caught:
        get_specification("medsam2")
    assert caught.value.code == "model_unknown"
    assert "medsam2" in caught.value.message
    assert all(name in caught.value.hint for name in SPECIFICATIONS)


def test_decoder_gives_one_mask_and_score_per_object():
    network = build_network(get_specification("litemedsam"))
    boxes = torch.tensor([[10.0, 20.0, 90.0, 80.0], [100.0, 100.0, 200.0, 180.0], [0.0, 0.0, 255.0, 255.0]])
    with torch.inference_mode():
        logits, scores = network.decode(torch.randn(1, 256, 64, 64), boxes, None)
    assert logits.shape == (3, 256, 256)
    assert scores.shape == (3,)
    assert np.isfinite(logits.numpy()).all()
