"""Parts of a mask on a slice, against the interpolation of whole ones."""

import numpy as np
import pytest

from medsamseg_server.models.partial_upsampling import PartialUpsampling
from medsamseg_server.models.upsampling import upsample_masks
from medsamseg_server.weights.catalog import get_specification

SAM = get_specification("sam")


def disc(x, y, radius):
    """Logits that fall from 8 inside of a disc to -8 outside, over some pixels."""
    rows, columns = np.indices((256, 256))
    return np.clip(radius - np.hypot(columns - x, rows - y), -8, 8).astype(np.float32)


@pytest.mark.parametrize(
    "image_size", [(400, 600), (1411, 1411), (90, 31), (1, 1), (2000, 40), (1024, 1024)], ids=lambda size: str(size)
)
@pytest.mark.parametrize("value", [-1.0, 0.0, 1.0])
def test_part_has_every_pixel_above_the_value_as_the_whole_has(image_size, value):
    upsampling = PartialUpsampling(SAM, 256, image_size)
    for logits in (disc(60, 50, 20), disc(0, 0, 300), disc(255, 255, 90), disc(5, 4, 3)):
        whole = upsample_masks(SAM, logits[None], image_size)[0]
        part = upsampling.above(logits, value)
        if part is None:
            assert whole.max() <= value + 1e-5
            continue
        height, width = part.values.shape
        inside = (slice(part.y0, part.y0 + height), slice(part.x0, part.x0 + width))
        np.testing.assert_allclose(part.values, whole[inside], atol=1e-4)
        whole[inside] = -np.inf
        assert whole.max() <= value + 1e-5


def test_a_small_object_is_a_small_part():
    part = PartialUpsampling(SAM, 256, (1000, 1000)).above(disc(60, 50, 20), 0)
    assert max(part.values.shape) < 180


def test_nothing_above_the_value_is_no_part():
    assert PartialUpsampling(SAM, 256, (50, 60)).above(disc(60, 50, 20), 9) is None


def test_other_models_interpolation_is_refused():
    with pytest.raises(ValueError, match="LiteMedSAM"):
        PartialUpsampling(get_specification("litemedsam"), 256, (50, 60))
