import weakref

import numpy as np
import pytest
from server_fakes import FAKE_SHA256, IDENTITY_WINDOW, ROD_BOX, FakePrediction, FakePredictor, rod

from medsamseg_server.engine.close_ups import View
from medsamseg_server.engine.embedding_cache import EmbeddingCache
from medsamseg_server.engine.engine import Engine, Prompt
from medsamseg_server.engine.prompts import check_box
from medsamseg_server.engine.slice_embeddings import Embedded
from medsamseg_server.engine.slice_request import Framing, SliceRequest
from medsamseg_server.errors import MedSAMSegError
from medsamseg_server.volumes.volume import Volume
from medsamseg_server.weights.catalog import get_specification
from medsamseg_server.weights.store import ModelStore

BOX = Prompt(ROD_BOX)


def segment(engine, volume, index=5, prompts=(BOX,), axis=0, window=IDENTITY_WINDOW, model=None):
    return engine.segment(SliceRequest(volume, axis, index, window, model), list(prompts))


def expected_square():
    mask = np.zeros((32, 32), bool)
    mask[10:20, 8:18] = True
    return mask


def error_code(call, *arguments, **options):
    with pytest.raises(MedSAMSegError) as caught:
        call(*arguments, **options)
    return caught.value.code


def test_box_gives_the_object_in_it(engine, volume):
    result = segment(engine, volume)
    np.testing.assert_array_equal(result.masks[0].to_array((32, 32)), expected_square())
    assert result.masks[0].score == 0.75
    assert (result.model, result.weights_sha256) == ("litemedsam", FAKE_SHA256)
    assert (result.window.lower, result.window.upper) == (0, 255)


@pytest.mark.parametrize("axis", [0, 1, 2])
def test_object_is_found_along_every_axis(engine, axis):
    array = np.zeros((20, 24, 28), np.uint8)
    array[5:9, 10:17, 12:22] = 250
    index = (6, 12, 15)[axis]
    expected = array.take(index, axis) > 0
    rows, columns = np.nonzero(expected)
    box = (columns.min() - 1, rows.min() - 1, columns.max() + 1, rows.max() + 1)
    result = segment(engine, Volume.from_array(array), index, [Prompt(box)], axis)
    np.testing.assert_array_equal(result.masks[0].to_array(expected.shape), expected)


def test_second_click_on_a_slice_is_not_encoded_again(engine, volume, watch):
    first, second = segment(engine, volume), segment(engine, volume, prompts=[Prompt((7, 9, 12, 12))])
    assert (first.was_cached, second.was_cached) == (False, True)
    assert watch.encoded == [205]


def test_second_click_gives_the_identical_mask(store):
    class Unround(FakePredictor):
        """Its embedding does not fit into half precision, and its mask shows the last bit."""

        def encode_prepared(self, prepared):
            return super().encode_prepared(prepared) + np.float32(1e-4)

        def decode(self, embedding, image_size, *prompts):
            result = super().decode(embedding, image_size, *prompts)
            result.scores[:] = np.float32(embedding.astype(np.float64).sum())
            return result

    engine = Engine(store, load_predictor=lambda specification, *_: Unround(specification))
    volume = Volume.from_array(rod())
    assert segment(engine, volume).masks == segment(engine, volume).masks


@pytest.mark.parametrize("change", ["voxel", "window", "slice"])
def test_anything_that_changes_the_encoders_input_is_encoded_anew(engine, volume, watch, change):
    segment(engine, volume)
    if change == "voxel":
        array = rod()
        array[5, 12, 12] -= 1
        volume = Volume.from_array(array)
    result = segment(
        engine,
        volume,
        index=6 if change == "slice" else 5,
        window="250,125" if change == "window" else IDENTITY_WINDOW,
    )
    assert not result.was_cached
    assert len(watch.encoded) == 2


def test_other_weights_or_precision_are_encoded_anew(store, watch):
    cache = EmbeddingCache()
    volume = Volume.from_array(rod())
    for name, value in (("weights_sha256", "bb" * 32), ("precision", "bf16"), ("device", "cpu")):

        def load(specification, *_, name=name, value=value):
            predictor = FakePredictor(specification, watch)
            setattr(predictor, name, value)
            return predictor

        segment(Engine(store, cache, load_predictor=load), volume)
    assert len(watch.encoded) == 3


def test_window_out_of_the_range_does_not_matter_to_the_cache(engine, volume, watch):
    # The same gray levels come from another window text, so the embedding is the same.
    segment(engine, volume, window="255,127.5")
    assert segment(engine, volume, window="255.0, 127.50").was_cached


def test_disk_cache_serves_the_next_process(store, watch, tmp_path):
    def fresh():
        cache = EmbeddingCache(folder=tmp_path / "cache")
        return Engine(store, cache, load_predictor=lambda specification, *_: FakePredictor(specification, watch))

    volume = Volume.from_array(rod())
    first, second = segment(fresh(), volume), segment(fresh(), volume)
    assert second.was_cached
    assert first.masks == second.masks


def test_masks_come_in_the_order_of_mixed_prompts(engine, volume):
    prompts = [
        Prompt((7, 9, 12, 12)),
        Prompt(points=((14, 14, 1),)),
        Prompt((7, 9, 18, 20), points=((12, 12, 0),)),
        Prompt((7, 15, 18, 20)),
        Prompt(points=((12, 14, 1), (13, 15, 1))),
    ]
    together = segment(engine, volume, prompts=prompts).masks
    alone = [segment(engine, volume, prompts=[prompt]).masks[0] for prompt in prompts]
    assert together == alone
    assert len({mask.pixels.tobytes() for mask in alone}) == len(prompts)


def test_boxes_of_one_kind_are_decoded_in_one_batch(store, watch):
    batches = []

    class Counting(FakePredictor):
        def decode(
            self, embedding, image_size, boxes=None, points=None, labels=None, answer=0, coarse_surroundings=False
        ):
            batches.append(len(boxes))
            return super().decode(embedding, image_size, boxes, points, labels)

    engine = Engine(store, load_predictor=lambda specification, *_: Counting(specification, watch))
    boxes = [(7, 9, 8 + number / 2, 12) for number in range(20)]
    result = engine.segment_whole(SliceRequest(Volume.from_array(rod()), 0, 5, IDENTITY_WINDOW), boxes)
    assert batches == [4] * 5
    assert [mask.extent[2] for mask in result.masks] == [min(int(8 + number / 2), 17) for number in range(20)]


@pytest.mark.parametrize(
    ("device", "input_size", "size", "prompts", "batches"),
    [
        ("cuda", 256, 32, [Prompt((7, 9, 18, 20))] * 20, [10, 10]),
        ("cpu", 256, 32, [Prompt((7, 9, 18, 20))] * 20, [4] * 5),
        ("cpu", 128, 32, [Prompt((7, 9, 18, 20))] * 20, [5] * 4),
        ("cuda", 256, 32, [Prompt(points=((12, 12, 1),) * 3)] * 8, [4, 4]),
        ("cuda", 256, 32, [Prompt((7, 9, 18, 20), ((12, 12, 1),) * 8)] * 8, [4, 4]),
        ("cpu", 256, 32, [Prompt(points=((12, 12, 1),) * 9)] * 3, [1, 1, 1]),
        ("cpu", 256, 32, [Prompt(points=((12, 12, 1),) * 64)] * 2, [1, 1]),
        ("cpu", 128, 2**11, [Prompt((7, 9, 18, 20))] * 5, [3, 2]),
        ("cpu", 256, 2**12 + 1, [Prompt((7, 9, 18, 20))] * 2, [1, 1]),
    ],
    ids=[
        "boxes",
        "whole slice on the processor",
        "close-up on the processor",
        "few points",
        "boxes with points",
        "more points",
        "most points",
        "large slice",
        "huge slice",
    ],
)
def test_batches_have_a_bounded_size(engine, device, input_size, size, prompts, batches):
    found = []

    class Sizes(FakePredictor):
        def decode(
            self, embedding, image_size, boxes=None, points=None, labels=None, answer=0, coarse_surroundings=False
        ):
            found.append(len(points if boxes is None else boxes))
            return FakePrediction(np.zeros((found[-1], 1, 1), bool), np.zeros(found[-1]))

    predictor = Sizes(get_specification("litemedsam").at(input_size))
    predictor.device = device
    embedded = Embedded(None, Framing(View(0, 0, size, size, input_size), None), True, 0.0, predictor)
    assert len(engine.decode([embedded] * len(prompts), prompts, quick=True).masks) == len(prompts)
    assert found == batches


@pytest.mark.parametrize(
    ("points", "number"), [([65], "65 points"), ([1, 2000], "2000 points"), ([64] * 16 + [1], "1025 points together")]
)
def test_too_many_points_are_refused_with_the_number(engine, volume, watch, points, number):
    prompts = [Prompt(points=((12.0, 12.0, 1),) * count) for count in points]
    with pytest.raises(MedSAMSegError, match=number) as caught:
        segment(engine, volume, prompts=prompts)
    assert caught.value.code == "points_too_many"
    assert watch.encoded == []


@pytest.mark.parametrize(
    ("box", "code"),
    [
        ((5, 5, 5, 9), "box_empty"),
        ((5, 9, 8, 9), "box_empty"),
        ((8, 5, 5, 9), "box_reversed"),
        ((5, 9, 8, 5), "box_reversed"),
        ((-1, 5, 8, 9), "box_outside_image"),
        ((5, -1, 8, 9), "box_outside_image"),
        ((5, 5, 32, 9), "box_outside_image"),
        ((5, 5, 8, 32), "box_outside_image"),
        ((500, 500, 600, 600), "box_outside_image"),
        ((float("nan"), 5, 8, 9), "box_not_finite"),
        ((5, 5, float("inf"), 9), "box_not_finite"),
    ],
)
def test_unusable_box_is_an_error_before_anything_is_encoded(engine, volume, watch, box, code):
    assert error_code(segment, engine, volume, prompts=[BOX, Prompt(box)]) == code
    assert watch.encoded == []


def test_box_errors_name_the_box_and_the_slice():
    with pytest.raises(MedSAMSegError) as caught:
        check_box((5, 6, 70.5, 9), (32, 48))
    assert "5, 6, 70.5, 9" in caught.value.message
    assert "x 0 to 47 and y 0 to 31" in caught.value.message


def test_box_may_reach_the_outer_edges_of_the_border_pixels():
    check_box((-0.5, -0.5, 31.5, 23.5), (24, 32))


def test_box_bounds_are_those_of_a_slice_that_is_not_square(engine):
    volume = Volume.from_array(np.zeros((4, 10, 20), np.uint8))
    segment(engine, volume, 0, [Prompt((0, 0, 19, 9))])
    assert error_code(segment, engine, volume, 0, [Prompt((0, 0, 9, 19))]) == "box_outside_image"
    segment(engine, volume, 0, [Prompt((0, 0, 19, 3))], axis=1)
    segment(engine, volume, 0, [Prompt((0, 0, 9, 3))], axis=2)


@pytest.mark.parametrize(
    ("prompts", "code"),
    [
        ([], "prompt_missing"),
        ([Prompt()], "prompt_empty"),
        ([Prompt(points=((40, 3, 1),))], "point_outside_image"),
        ([Prompt(points=((float("nan"), 3, 1),))], "point_outside_image"),
        ([Prompt(points=((4, 3, 2),))], "point_label_invalid"),
    ],
)
def test_other_unusable_prompts_are_errors(engine, volume, prompts, code):
    assert error_code(segment, engine, volume, prompts=prompts) == code


def test_wrong_slice_axis_or_window_is_an_error(engine, volume):
    assert error_code(segment, engine, volume, index=12) == "slice_out_of_range"
    assert error_code(segment, engine, volume, axis=3) == "axis_invalid"
    assert error_code(segment, engine, volume, window="lungs") == "window_invalid"


def test_unknown_or_missing_model_is_an_error_that_says_what_to_do(engine, volume):
    assert error_code(segment, engine, volume, model="unet") == "model_unknown"
    with pytest.raises(MedSAMSegError) as caught:
        segment(engine, volume, model="medsam")
    assert caught.value.code == "model_missing"
    assert "medsamseg models download medsam" in caught.value.hint


def test_check_model_loads_nothing(store):
    engine = Engine(store, load_predictor=None)
    assert engine.check_model() == "litemedsam"
    assert error_code(engine.check_model, "medsam") == "model_missing"
    assert error_code(engine.check_model, "unet") == "model_unknown"
    assert not engine.is_loaded()


def test_model_is_loaded_once_with_its_file_and_device(store):
    loaded = []

    def load(specification, path, device):
        loaded.append((specification.name, path, device))
        return FakePredictor(specification)

    engine = Engine(store, device="auto", load_predictor=load)
    volume = Volume.from_array(rod())
    segment(engine, volume, 5)
    segment(engine, volume, 6)
    assert loaded == [("litemedsam", store.final_path("litemedsam"), "auto")]
    assert engine.is_loaded()
    assert engine.device == "cpu"


def test_a_third_model_replaces_the_one_unused_for_longest(store):
    for name in ("mobilesam", "medsam"):
        store.final_path(name).write_bytes(b"")
    engine = Engine(store, load_predictor=lambda specification, *_: FakePredictor(specification))
    for name in ("litemedsam", "mobilesam", "litemedsam", "medsam"):
        engine.predictor(name)
    assert [engine.is_loaded(name) for name in ("litemedsam", "mobilesam", "medsam")] == [True, False, True]


def test_failed_load_is_tried_again(store):
    answers = [RuntimeError("damaged"), FakePredictor(get_specification("litemedsam"))]

    def load(*_):
        answer = answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer

    engine = Engine(store, load_predictor=load)
    with pytest.raises(RuntimeError):
        engine.predictor()
    assert engine.predictor() is engine.predictor()


def test_embedding_that_is_no_number_is_an_error_and_not_kept(store):
    class Broken(FakePredictor):
        def encode_prepared(self, prepared):
            return np.full((256, 64, 64), np.nan, np.float32)

    cache = EmbeddingCache()
    engine = Engine(store, cache, load_predictor=lambda specification, *_: Broken(specification))
    assert error_code(segment, engine, Volume.from_array(rod())) == "embedding_invalid"
    assert error_code(segment, engine, Volume.from_array(rod())) == "embedding_invalid"


def test_embedding_beyond_half_precision_stays_finite(store):
    class Large(FakePredictor):
        def encode_prepared(self, prepared):
            return np.full((256, 64, 64), 1e6, np.float32)

    engine = Engine(store, load_predictor=lambda specification, *_: Large(specification))
    assert np.isfinite(engine.embed(SliceRequest(Volume.from_array(rod()), 0, 0)).embedding).all()


def test_default_engine_needs_no_weights_to_be_made():
    assert not Engine(ModelStore()).is_loaded()


def test_encoding_ahead_fills_the_cache_once(engine, volume, watch):
    assert [engine.precompute(SliceRequest(volume, 0, 5, IDENTITY_WINDOW)) for _ in range(2)] == [True, False]
    assert segment(engine, volume).was_cached
    assert watch.encoded == [205]


def test_known_slice_is_not_prepared_again(engine, volume, monkeypatch):
    segment(engine, volume)
    engine.embed(SliceRequest(volume, 0, 5, IDENTITY_WINDOW))
    monkeypatch.setattr(FakePredictor, "prepare", lambda *_: pytest.fail("the encoder's input was made again"))
    assert segment(engine, volume).was_cached
    assert engine.find(SliceRequest(volume, 0, 5, IDENTITY_WINDOW)).was_cached


def test_slice_that_the_cache_lost_is_encoded_again(store, volume, watch):
    engine = Engine(store, EmbeddingCache(memory_bytes=0), load_predictor=lambda s, *_: FakePredictor(s, watch))
    assert [segment(engine, volume).was_cached for _ in range(2)] == [False, False]
    assert engine.find(SliceRequest(volume, 0, 5, IDENTITY_WINDOW)) is None
    assert watch.encoded == [205, 205]


def test_forgotten_volume_leaves_no_keys(engine):
    volume = Volume.from_array(rod())
    segment(engine, volume)
    gone = weakref.ref(volume)
    del volume
    assert gone() is None
    assert len(engine._embeddings._keys._keys) == 0
