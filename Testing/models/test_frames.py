"""Boxes and points in the frame of the network's input."""

import numpy as np
import pytest

from medsamseg_server.models.frames import boxes_to_network, points_to_network, resized_shape
from medsamseg_server.weights.catalog import get_specification

IMAGE_SIZE = (300, 400)
BOX = [10, 33, 101.5, 299]


@pytest.mark.parametrize(
    ("model", "expected"),
    [
        # x·1024/W, y·1024/H (MedSAM_Inference.py)
        ("medsam", [10 * 1024 / 400, 33 * 1024 / 300, 101.5 * 1024 / 400, 299 * 1024 / 300]),
        # int(v·256/max(H, W)) (CVPR24_LiteMedSAM_infer.py)
        ("litemedsam", [6, 21, 64, 191]),
        # v·new/old per axis (segment_anything/utils/transforms.py)
        ("sam", [10 * 1024 / 400, 33 * 768 / 300, 101.5 * 1024 / 400, 299 * 768 / 300]),
        ("mobilesam", [10 * 1024 / 400, 33 * 768 / 300, 101.5 * 1024 / 400, 299 * 768 / 300]),
    ],
)
def test_box_is_mapped_as_the_authors_do(model, expected):
    mapped = boxes_to_network(get_specification(model), np.array([BOX, BOX]), IMAGE_SIZE)
    assert mapped.dtype == np.float32
    np.testing.assert_allclose(mapped, [expected, expected], rtol=1e-6)


def test_sams_boxes_use_the_rounded_sizes():
    # 333 of 1000 pixels become 341 of 1024, not 340.992.
    mapped = boxes_to_network(get_specification("sam"), np.array([[0, 0, 999, 332]]), (333, 1000))
    np.testing.assert_allclose(mapped[0], [0, 0, 999 * 1.024, 332 * 341 / 333], rtol=1e-6)


@pytest.mark.parametrize(
    ("model", "expected"),
    [
        ("medsam", [7 * 1024 / 400, 11 * 1024 / 300]),
        ("litemedsam", [7 * 256 / 400, 11 * 256 / 400]),
        ("sam", [7 * 1024 / 400, 11 * 768 / 300]),
    ],
)
def test_points_keep_their_fraction(model, expected):
    mapped = points_to_network(get_specification(model), np.array([[[7, 11]]]), IMAGE_SIZE)
    assert mapped.shape == (1, 1, 2)
    np.testing.assert_allclose(mapped[0, 0], expected, rtol=1e-6)


@pytest.mark.parametrize(
    ("model", "size", "expected"),
    [
        ("medsam", (512, 100), (1024, 1024)),
        ("litemedsam", (512, 512), (256, 256)),
        ("litemedsam", (100, 301), (85, 256)),
        ("litemedsam", (3, 4000), (1, 256)),
        ("sam", (9, 16), (576, 1024)),
    ],
)
def test_resized_shape(model, size, expected):
    assert resized_shape(get_specification(model), size) == expected
