"""The default model with its real weights on the sample CT."""

import warnings

import numpy as np
import pytest

from medsamseg_server.runtime.torch_runtime import load_predictor
from medsamseg_server.volumes.windows import resolve_window
from medsamseg_server.weights.catalog import get_specification

SLICE = 24


def tight_box(mask):
    rows, columns = np.nonzero(mask)
    return np.array([columns.min(), rows.min(), columns.max(), rows.max()])


def dice(one, other):
    return 2 * np.count_nonzero(one & other) / (np.count_nonzero(one) + np.count_nonzero(other))


@pytest.fixture(scope="module")
def predictor(litemedsam_weights):
    return load_predictor(get_specification("litemedsam"), litemedsam_weights, "cpu")


@pytest.fixture(scope="module")
def gray(chest):
    return resolve_window("lung", chest.ct).apply(chest.ct[SLICE])


@pytest.fixture(scope="module")
def embedding(predictor, gray):
    return predictor.encode(gray)


@pytest.fixture(scope="module")
def tumor(chest):
    return chest.tumor[SLICE]


def test_predictor_says_what_it_is(predictor):
    assert predictor.specification.name == "litemedsam"
    assert predictor.device == "cpu"
    assert predictor.precision == "fp32"
    assert predictor.weights_sha256 == "79d8c9dca6db4d69d3f905579e5250af05e859fff9c1f543e89a513c3028ce76"


def test_tight_box_gives_the_radiologists_tumor(predictor, embedding, tumor):
    prediction = predictor.decode(embedding, tumor.shape, tight_box(tumor)[None])
    assert dice(prediction.masks[0], tumor) >= 0.85
    assert 0.8 < prediction.scores[0] <= 1


# MedSAM's own code has the lung window at level -160, radiology at -600. Half as large, as close-ups are, encoding
# takes a quarter of the time.
@pytest.mark.parametrize("window", ["1500,-160", "1500,-600"])
def test_tumor_is_found_with_either_lung_window(predictor, chest, tumor, window):
    gray = resolve_window(window, chest.ct).apply(chest.ct[SLICE])
    smaller = predictor.at(128)
    prediction = smaller.decode(smaller.encode(gray), tumor.shape, tight_box(tumor)[None])
    assert dice(prediction.masks[0], tumor) >= 0.85


def test_encoding_twice_gives_the_identical_embedding(predictor, gray, embedding):
    smaller = predictor.at(128)
    np.testing.assert_array_equal(smaller.encode(gray), smaller.encode(gray))
    assert embedding.dtype == np.float32
    assert embedding.shape == (256, 64, 64)


def test_stored_half_precision_embedding_gives_the_same_mask(predictor, embedding, tumor):
    box = tight_box(tumor)[None]
    stored = embedding.astype(np.float16)
    stored.flags.writeable = False
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        from_stored = predictor.decode(stored, tumor.shape, box).masks[0]
    assert dice(from_stored, predictor.decode(embedding, tumor.shape, box).masks[0]) > 0.995


def test_boxes_decoded_together_give_the_masks_of_each_alone(predictor, embedding, tumor):
    boxes = np.array([tight_box(tumor), [120, 100, 160, 140], [0, 0, 255, 255]])
    together = predictor.decode(embedding, tumor.shape, boxes)
    for number, box in enumerate(boxes):
        alone = predictor.decode(embedding, tumor.shape, box[None])
        np.testing.assert_allclose(together.values[number], alone.values[0], atol=1e-3)
        assert together.scores[number] == pytest.approx(alone.scores[0], abs=1e-4)


def test_a_point_beside_the_box_counts_and_its_label_does(predictor, embedding, tumor):
    box = tight_box(tumor)[None]
    inside = (box[:, :2] + box[:, 2:])[:, None] / 2
    plain = predictor.decode(embedding, tumor.shape, box)
    on, off = (predictor.decode(embedding, tumor.shape, box, inside, np.array([[label]])) for label in (1, 0))
    # The network was never trained on points, so how they change the mask is not to be relied on.
    assert np.abs(on.values - off.values).max() > 0.1
    assert np.abs(on.values - plain.values).max() > 0.1
