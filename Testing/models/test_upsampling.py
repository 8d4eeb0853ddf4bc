"""Masks on the slice, against torch's interpolation in the order that each model's authors use."""

import numpy as np
import pytest
import torch
from torch.nn.functional import interpolate

from medsamseg_server.models.upsampling import upsample_masks
from medsamseg_server.weights.catalog import get_specification

# OpenCV computes positions in single precision: 1e-5 of a pixel, times the steepest step from logit to logit.
LOGIT_TOLERANCE = 2e-3
PROBABILITY_TOLERANCE = 5e-5

SIZES = [(256, 256), (512, 512), (300, 401), (120, 64), (9, 16), (1, 1), (1500, 700)]


def to_size(values, size):
    return interpolate(values, size, mode="bilinear", align_corners=False)


@pytest.fixture(scope="module")
def logits():
    return (10 * np.random.default_rng(5).standard_normal((3, 256, 256))).astype(np.float32)


@pytest.mark.parametrize("size", SIZES)
def test_medsam_interpolates_probabilities(logits, size):
    expected = to_size(torch.from_numpy(logits)[None].sigmoid(), size)[0].numpy()
    specification = get_specification("medsam")
    np.testing.assert_allclose(upsample_masks(specification, logits, size), expected, atol=PROBABILITY_TOLERANCE)
    assert specification.mask_threshold == 0.5


@pytest.mark.parametrize("size", SIZES)
def test_litemedsam_crops_then_interpolates_logits(logits, size):
    scale = 256 / max(size)
    height, width = int(size[0] * scale + 0.5), int(size[1] * scale + 0.5)
    expected = to_size(torch.from_numpy(logits)[None, :, :height, :width], size)[0].numpy()
    specification = get_specification("litemedsam")
    np.testing.assert_allclose(upsample_masks(specification, logits, size), expected, atol=LOGIT_TOLERANCE)
    assert specification.mask_threshold == 0


@pytest.mark.parametrize("model", ["sam", "mobilesam"])
@pytest.mark.parametrize("size", SIZES)
def test_sam_interpolates_logits_to_the_input_size_and_crops_there(logits, size, model):
    scale = 1024 / max(size)
    height, width = int(size[0] * scale + 0.5), int(size[1] * scale + 0.5)
    full = to_size(torch.from_numpy(logits)[None], (1024, 1024))
    expected = to_size(full[:, :, :height, :width], size)[0].numpy()
    specification = get_specification(model)
    np.testing.assert_allclose(upsample_masks(specification, logits, size), expected, atol=LOGIT_TOLERANCE)
    assert specification.mask_threshold == 0


def test_large_logits_do_not_overflow():
    extreme = np.full((1, 256, 256), -1e30, np.float32)
    extreme[0, 128:] = 1e30
    values = upsample_masks(get_specification("medsam"), extreme, (256, 256))
    assert set(np.unique(values)) == {0.0, 1.0}
