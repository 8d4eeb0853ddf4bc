"""The predictor between slice and network, with a network whose answer is known."""

import numpy as np
import pytest

from medsamseg_server.errors import MedSAMSegError
from medsamseg_server.models.predictor import Predictor
from medsamseg_server.models.specification import SPECIFICATIONS
from medsamseg_server.weights.catalog import get_specification

EMBEDDING = np.zeros((256, 64, 64), np.float16)


class BoxPainter:
    """A network that answers a box with exactly its pixels, and remembers the points it was given."""

    device = "cpu"
    precision = "fp32"

    def __init__(self, input_size):
        self.input_size = input_size
        self.points = None

    def encode(self, prepared):
        assert prepared.shape == (3, self.input_size, self.input_size)
        return np.full((256, 64, 64), prepared.max(), np.float32)

    def decode(self, embedding, boxes, points, answer=0, coarse_surroundings=False):
        self.points = points
        count = len(boxes) if boxes is not None else len(points[0])
        logits = np.full((count, 256, 256), -5, np.float32)
        for plane, box in zip(logits, boxes if boxes is not None else (), strict=False):
            x0, y0, x1, y1 = np.round(box * 256 / self.input_size).astype(int)
            plane[y0:y1, x0:x1] = 5
        return logits, np.linspace(0.5, 1, count, dtype=np.float32)


def make_predictor(model):
    specification = get_specification(model)
    return Predictor(specification, BoxPainter(specification.input_size), "0" * 64)


@pytest.mark.parametrize("model", SPECIFICATIONS)
@pytest.mark.parametrize("size", [(256, 256), (512, 512), (128, 256), (512, 256)])
def test_what_the_network_marks_in_its_frame_lands_on_the_same_place_of_the_slice(model, size):
    height, width = size
    boxes = np.array([[width / 4, height / 2, width / 2, height * 3 / 4], [0, 0, width, height]])
    prediction = make_predictor(model).decode(EMBEDDING, size, boxes)
    expected = np.zeros((2, height, width), bool)
    expected[0, height // 2 : height * 3 // 4, width // 4 : width // 2] = True
    expected[1] = True
    np.testing.assert_array_equal(prediction.masks, expected)
    assert prediction.values.dtype == np.float32
    assert prediction.scores.tolist() == [0.5, 1.0]


@pytest.mark.parametrize("model", SPECIFICATIONS)
def test_encoding_a_slice_is_encoding_its_prepared_input(model):
    predictor = make_predictor(model)
    image = np.arange(48, dtype=np.uint8).reshape(6, 8)
    np.testing.assert_array_equal(predictor.encode(image), predictor.encode_prepared(predictor.prepare(image)))


def test_points_reach_the_network_in_its_frame_with_their_labels():
    predictor = make_predictor("litemedsam")
    points = np.array([[[10, 20], [30, 40.5], [0, 0]]])
    prediction = predictor.decode(EMBEDDING, (128, 64), points=points, labels=np.array([[1, 0, -1]]))
    np.testing.assert_allclose(predictor._runner.points[0], points * 2)
    assert predictor._runner.points[1].tolist() == [[1, 0, -1]]
    assert prediction.masks.shape == (1, 128, 64)
    assert not prediction.masks.any()


BOXES = np.zeros((2, 4))
POINTS = np.zeros((2, 3, 2))
LABELS = np.ones((2, 3))


@pytest.mark.parametrize(
    ("prompts", "named"),
    [
        ({}, "neither a box nor a point"),
        ({"boxes": np.zeros(4)}, "(4,)"),
        ({"boxes": np.zeros((2, 5))}, "(2, 5)"),
        ({"points": POINTS}, "labels"),
        ({"boxes": BOXES, "labels": LABELS}, "labels"),
        ({"points": POINTS[0], "labels": LABELS[0]}, "(3, 2)"),
        ({"points": POINTS, "labels": LABELS[:, :2]}, "(2, 2)"),
        ({"boxes": BOXES[:1], "points": POINTS, "labels": LABELS}, "1 boxes and points of 2 objects"),
        ({"points": POINTS, "labels": LABELS * 2}, "label"),
    ],
)
def test_prompts_that_do_not_fit_are_refused_by_name(prompts, named):
    with pytest.raises(MedSAMSegError) as caught:
        make_predictor("litemedsam").decode(EMBEDDING, (10, 10), **prompts)
    assert caught.value.code == "prompt_invalid"
    assert named in caught.value.message
