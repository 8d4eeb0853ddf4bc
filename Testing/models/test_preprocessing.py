"""The exact encoder input, against the few lines in which each model's authors describe it."""

import cv2
import numpy as np
import pytest
import torch
from skimage import transform

from medsamseg_server.errors import MedSAMSegError
from medsamseg_server.models.preprocessing import prepare_image
from medsamseg_server.models.specification import SPECIFICATIONS
from medsamseg_server.weights.catalog import get_specification

#: Slices whose gray levels are easy to follow.
RAMP = np.arange(12, dtype=np.uint8).reshape(3, 4)


def color8(image):
    """Three 8-bit channels, with integer arithmetic."""
    if image.dtype != np.uint8:
        wide = image.astype(object)
        span = max(wide.max() - wide.min(), 1)
        image = ((wide - wide.min()) * 255 // span).astype(np.uint8)
    return image if image.ndim == 3 else np.repeat(image[..., None], 3, axis=2)


def min_max(values):
    values = values.astype(np.float64)
    return (values - values.min()) / max(values.max() - values.min(), 1e-8)


def padded(values, size):
    return np.pad(values, ((0, size - values.shape[0]), (0, size - values.shape[1]), (0, 0))).transpose(2, 0, 1)


def longest_side(image, size):
    height, width = image.shape[:2]
    scale = size / max(height, width)
    return int(height * scale + 0.5), int(width * scale + 0.5)


def test_litemedsam_input_is_that_of_the_authors_inference(image):
    color = color8(image)
    height, width = longest_side(color, 256)
    resized = cv2.resize(color, (width, height), interpolation=cv2.INTER_AREA)
    np.testing.assert_allclose(
        prepare_image(get_specification("litemedsam"), image), padded(min_max(resized), 256), atol=1e-6
    )


@pytest.fixture
def medsam(request):
    """MedSAM, with an input of a quarter of its side: scikit-image takes seconds for a colored one in full size."""
    size = 1024 if request.node.callspec.params["image"] == "gray" else 256
    return get_specification("medsam").at(size)


def test_medsam_input_is_that_of_the_authors_inference(medsam, image):
    # Of three channels that are the same, one is resized.
    planes = color8(image) if image.ndim == 3 else color8(image)[..., :1]
    shape = (medsam.input_size, medsam.input_size)
    resized = transform.resize(planes, shape, order=3, preserve_range=True, anti_aliasing=True)
    expected = np.broadcast_to(min_max(resized.astype(np.uint8)).transpose(2, 0, 1), (3, *shape))
    prepared = prepare_image(medsam, image)
    # A value on the edge between two gray levels may fall to either side.
    differing = np.abs(prepared - expected) > 1e-6
    assert differing.mean() < 1e-3
    assert np.abs(prepared - expected).max() < 2 / 255


@pytest.mark.parametrize("model", ["mobilesam", "sam"])
def test_sam_input_is_that_of_transformers_processor(model, image):
    # Importing it takes seconds, which the collection of tests goes without.
    from transformers.models.sam.image_processing_pil_sam import SamImageProcessorPil

    color = color8(image)
    expected = SamImageProcessorPil()(color, return_tensors="np", input_data_format="channels_last")["pixel_values"][0]
    np.testing.assert_allclose(prepare_image(get_specification(model), image), expected, atol=1e-5)


def test_sam_input_is_bilinear_smoothed_where_it_is_made_smaller_then_imagenet_scaled_then_padded(image):
    color = color8(image)
    size = longest_side(color, 1024)
    planes = torch.from_numpy(color.transpose(2, 0, 1)).float()[None]
    resized = torch.nn.functional.interpolate(planes, size, mode="bilinear", antialias=True)[0].numpy()
    mean, deviation = np.array([123.675, 116.28, 103.53]), np.array([58.395, 57.12, 57.375])
    prepared = prepare_image(get_specification("sam"), image)
    levels = prepared[:, : size[0], : size[1]] * deviation[:, None, None] + mean[:, None, None]
    # Pillow rounds to whole gray levels, once per axis.
    assert np.abs(levels - resized).max() <= 1.01
    assert not prepared[:, size[0] :].any()
    assert not prepared[:, :, size[1] :].any()


@pytest.mark.parametrize("model", SPECIFICATIONS)
def test_input_is_a_fresh_float32_array_of_the_networks_size(model):
    specification = get_specification(model)
    prepared = prepare_image(specification, RAMP)
    assert prepared.dtype == np.float32
    assert prepared.shape == (3, specification.input_size, specification.input_size)
    assert prepared.flags.c_contiguous
    assert np.isfinite(prepared).all()


@pytest.mark.parametrize("model", SPECIFICATIONS)
def test_input_does_not_depend_on_how_the_slice_lies_in_memory(model):
    specification = get_specification(model)
    volume = np.random.default_rng(3).integers(0, 256, (12, 20, 16)).astype(np.uint8)
    plane = volume[:, :, 5]
    plane.flags.writeable = False
    expected = prepare_image(specification, plane.copy())
    np.testing.assert_array_equal(prepare_image(specification, plane), expected)
    np.testing.assert_array_equal(prepare_image(specification, np.asfortranarray(plane)), expected)


@pytest.mark.parametrize("dtype", ["int8", ">u2", "<i4", "int64", "float16", "float32", ">f8"])
def test_every_real_type_is_stretched_from_its_own_range(dtype):
    expected = prepare_image(
        get_specification("litemedsam"), (np.arange(12) * 255 // 11).astype(np.uint8).reshape(3, 4)
    )
    prepared = prepare_image(get_specification("litemedsam"), (RAMP + 5).astype(dtype))
    np.testing.assert_allclose(prepared, expected, atol=1e-6)


def test_range_wider_than_the_type_does_not_overflow():
    image = np.array([[np.iinfo(np.int64).min, np.iinfo(np.int64).max]])
    prepared = prepare_image(get_specification("litemedsam"), image)
    assert prepared.min() == 0
    assert prepared.max() == 1


def test_large_whole_numbers_keep_their_gray_levels():
    levels = np.arange(256).reshape(16, 16)
    prepared = [
        prepare_image(get_specification("litemedsam"), image) for image in (levels.astype(np.uint8), levels + 2**40)
    ]
    np.testing.assert_array_equal(prepared[0], prepared[1])


def test_bool_image_becomes_black_and_white():
    prepared = prepare_image(get_specification("litemedsam"), RAMP > 5)
    assert set(np.unique(prepared)) >= {0.0, 1.0}


@pytest.mark.parametrize(
    ("image", "named"),
    [
        (np.zeros((2, 3, 4)), "(2, 3, 4)"),
        (np.zeros(5), "(5,)"),
        (np.zeros((0, 7)), "(0, 7)"),
        (np.zeros((3, 3), complex), "complex128"),
        (np.array([[1.0, np.nan]]), "not finite"),
        (np.array([[1.0, np.inf]]), "not finite"),
    ],
)
def test_what_is_no_image_is_refused_by_name(image, named):
    with pytest.raises(MedSAMSegError) as caught:
        prepare_image(get_specification("litemedsam"), image)
    assert caught.value.code == "image_invalid"
    assert named in caught.value.message
