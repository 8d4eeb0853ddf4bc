import numpy as np
import pytest

from medsamseg_server.errors import MedSAMSegError
from medsamseg_server.volumes.windows import CT_PRESETS, IntensityRange, resolve_window

RANDOM = np.random.default_rng(5)


def tissue(count, mean, spread):
    return RANDOM.normal(mean, spread, count)


def ct(lung, body, air, dtype=np.int16):
    parts = [tissue(lung, -800, 60), tissue(body, 30, 60), tissue(air, -1000, 10)]
    return np.concatenate(parts).round().reshape(10, 20, -1).astype(dtype)


def test_presets_are_the_documented_widths_and_levels():
    assert CT_PRESETS == {"soft": (400, 40), "lung": (1500, -600), "brain": (80, 40), "bone": (1800, 400)}


@pytest.mark.parametrize(("name", "lower", "upper"), [("soft", -160, 240), ("brain", 0, 80), ("bone", -500, 1300)])
def test_preset_is_width_around_level(name, lower, upper):
    window = resolve_window(name, np.zeros((1, 1, 1)))
    assert (window.name, window.lower, window.upper, window.kind) == (name, lower, upper, "ct")


@pytest.mark.parametrize("text", ["1500,-600", " 1500 , -600 ", "1.5e3,-6E2"])
def test_width_and_level_may_be_written_as_numbers(text):
    window = resolve_window(text, np.zeros((1, 1, 1)))
    assert (window.name, window.lower, window.upper) == ("1500,-600", -1350, 150)


@pytest.mark.parametrize(
    "text", ["", "lungs", "0,40", "-5,40", "400", "400,40,2", "nan,4", "4,inf", "1e300,0", "400;40"]
)
def test_unknown_window_is_refused_by_name(text):
    with pytest.raises(MedSAMSegError) as caught:
        resolve_window(text, np.zeros((1, 1, 1)))
    assert caught.value.code == "window_invalid"
    assert f"'{text}'" in caught.value.message
    assert "auto, soft, lung, brain, bone, percentile" in caught.value.hint


@pytest.mark.parametrize("dtype", [np.int16, np.float32, np.float64, np.int32])
def test_auto_takes_a_chest_ct_for_lung(dtype):
    assert resolve_window("auto", ct(lung=3000, body=7000, air=6000, dtype=dtype)).name == "lung"


def test_auto_takes_any_other_ct_for_soft():
    assert resolve_window("auto", ct(lung=300, body=9700, air=6000)).name == "soft"


def test_auto_is_not_misled_by_padding_outside_the_field_of_view():
    array = ct(lung=3000, body=7000, air=6000)
    array[:, :9] = -3024
    assert resolve_window("auto", array).name == "lung"


@pytest.mark.parametrize(
    "array",
    [
        RANDOM.gamma(2, 150, (10, 20, 20)).astype(np.int16),
        RANDOM.normal(0, 1, (10, 20, 20)),
        RANDOM.uniform(-4096, 4096, (10, 20, 20)).astype(np.int16),
        RANDOM.integers(0, 256, (10, 20, 20)).astype(np.uint8),
        np.zeros((3, 3, 3), np.int16),
        np.full((3, 3, 3), -2000, np.int16),
    ],
    ids=["mr", "standardized", "phase", "8-bit", "constant", "constant below air"],
)
def test_auto_takes_everything_else_for_percentile(array):
    assert resolve_window("auto", array).name == "percentile"


def test_percentile_is_that_of_the_voxels_above_zero():
    array = np.concatenate([np.zeros(5000), -np.ones(100), np.arange(1, 1001)]).reshape(4, 5, -1)
    window = resolve_window("percentile", array)
    assert (window.lower, window.upper) == tuple(np.percentile(np.arange(1, 1001), (0.5, 99.5)))


def test_percentile_without_voxels_above_zero_uses_all():
    array = -np.arange(1.0, 1001.0).reshape(10, 10, 10)
    window = resolve_window("percentile", array)
    assert -1000 < window.lower < -990 < -10 < window.upper < -1


def test_percentile_of_a_large_volume_is_sampled_with_the_same_result(monkeypatch):
    array = RANDOM.gamma(2, 150, (50, 64, 64)).astype(np.float32)
    whole = resolve_window("percentile", array)
    monkeypatch.setattr("medsamseg_server.volumes.windows._SAMPLE_VOXELS", 20_000)
    sampled = resolve_window("percentile", array)
    assert sampled != whole
    assert abs(sampled.lower - whole.lower) < (whole.upper - whole.lower) / 255
    assert abs(sampled.upper - whole.upper) < (whole.upper - whole.lower) / 25


def test_sample_of_a_large_volume_meets_every_column(monkeypatch):
    monkeypatch.setattr("medsamseg_server.volumes.windows._SAMPLE_VOXELS", 512)
    array = np.full((8, 16, 16), 50, np.int16)
    array[..., ::2] = 100
    window = resolve_window("percentile", array)
    assert (window.lower, window.upper) == (50, 100)


def test_outlier_does_not_darken_the_image():
    array = RANDOM.gamma(2, 150, (10, 64, 64))
    array[0, 0, 0] = 1e7
    assert resolve_window("auto", array).upper < 3000


def test_apply_gives_medsams_gray_levels():
    window = IntensityRange("soft", -160, 240, "ct")
    values = np.array([[-1000, -160, -158, 40, 239, 240, 3000]], np.int16)
    expected = np.uint8((np.clip(values, -160, 240) + 160) / 400 * 255.0)
    assert window.apply(values).dtype == np.uint8
    np.testing.assert_array_equal(window.apply(values), expected)
    assert window.apply(values).tolist() == [[0, 0, 1, 127, 254, 255, 255]]


@pytest.mark.parametrize("dtype", ["i1", "u1", "i2", "u2", "i4", "u4", "i8", "u8", "f2", "f4", "f8"])
def test_apply_takes_every_type_without_overflow(dtype):
    info = np.iinfo(dtype) if dtype[0] in "iu" else np.finfo(dtype)
    values = np.array([[info.min, 0, 1, 100, info.max]], dtype)
    assert IntensityRange("c", 0, 100, "custom").apply(values).tolist() == [[0, 0, 2, 255, 255]]


@pytest.mark.parametrize("dtype", ["f2", "f4", "i2"])
def test_gray_levels_do_not_depend_on_the_voxels_type(dtype):
    values = np.arange(-1000, 1000).astype(dtype).reshape(40, 50)
    window = IntensityRange("lung", -1350, 150, "ct")
    np.testing.assert_array_equal(window.apply(values), window.apply(values.astype("f8")))


def test_constant_volume_is_black_and_no_error():
    array = np.full((2, 3, 4), 7.5)
    assert not resolve_window("auto", array).apply(array[0]).any()
