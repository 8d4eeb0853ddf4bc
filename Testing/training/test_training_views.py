"""Close-ups in training: what is seen of an object, and that the trained model sees objects as it learned them."""

import dataclasses

import numpy as np
import pytest
import torch
from labeled_cases import ellipsoid, write_case

from medsamseg_server.cli.train_options import with_close_ups
from medsamseg_server.engine.close_ups import view_ahead, whole_slice
from medsamseg_server.engine.engine import Engine
from medsamseg_server.engine.masks import SliceMask
from medsamseg_server.engine.prompts import Prompt
from medsamseg_server.engine.slice_request import SliceRequest
from medsamseg_server.errors import MedSAMSegError
from medsamseg_server.image_io.reading import read_image
from medsamseg_server.training.box_task import BoxTask, BoxTaskOptions
from medsamseg_server.training.cases import TrainingSlice
from medsamseg_server.training.decoding import BoxToMask, mask_target
from medsamseg_server.training.finetune import prepare_images
from medsamseg_server.training.views import KEPT_VIEWS, Views
from medsamseg_server.volumes.volume import Volume
from medsamseg_server.weights.catalog import get_specification
from medsamseg_server.weights.trained import find_trained

SIZE = (300, 400)
LITEMEDSAM = get_specification("litemedsam")
WITHOUT = dataclasses.replace(LITEMEDSAM, close_up_size=None)


def ellipse(center=(120, 170), radii=(20, 26), size=SIZE):
    rows, columns = np.ogrid[: size[0], : size[1]]
    return ((rows - center[0]) / radii[0]) ** 2 + ((columns - center[1]) / radii[1]) ** 2 <= 1


SMALL = SliceMask.from_mask(ellipse(), 1.0)
CORNER = SliceMask.from_mask(ellipse(center=(8, 390), radii=(12, 12)), 1.0)
LARGE = SliceMask.from_mask(ellipse(center=(150, 200), radii=(140, 160)), 1.0)


@pytest.mark.parametrize("mask", [SMALL, CORNER], ids=["inside", "in a corner"])
def test_a_small_object_is_learned_from_many_places_and_sizes_that_all_hold_it(mask):
    seen = [Views(LITEMEDSAM, seed=0).learned(mask, SIZE, 3, epoch) for epoch in range(60)]
    box = tuple(map(float, mask.extent))
    assert all(view.input_size == 128 and view.holds(box) for view in seen)
    side = max(box[2] - box[0], box[3] - box[1]) + 1
    parts = [max(view.shape) / max(3 * side, 96) for view in seen]
    assert 0.7 < min(parts) < 0.9 and 1.3 < max(parts) < 1.7
    assert len(set(seen)) >= 5
    used = Views(LITEMEDSAM, seed=0).used(mask, SIZE)
    assert used.holds(box) and used.input_size == 128


def test_kept_views_are_few_and_come_again():
    views = Views(LITEMEDSAM, seed=0, kept=KEPT_VIEWS)
    every = views.every(SMALL, SIZE, 3)
    assert len(set(every)) == KEPT_VIEWS
    assert {views.learned(SMALL, SIZE, 3, epoch) for epoch in range(40)} == set(every)
    assert views.every(SMALL, SIZE, 4) != every


@pytest.mark.parametrize(
    ("specification", "mask", "expected"),
    [(LITEMEDSAM, LARGE, view_ahead(LITEMEDSAM, SIZE)), (WITHOUT, SMALL, whole_slice(WITHOUT, SIZE))],
    ids=["large", "without"],
)
def test_what_fills_the_slice_and_models_without_close_ups_are_learned_on_whole_slices(specification, mask, expected):
    views = Views(specification, seed=0)
    assert views.used(mask, SIZE) == expected == views.learned(mask, SIZE, 3, 1)


def test_a_close_ups_target_is_as_large_as_the_decoder_answers_it(tiny):
    mask = ellipse()[80:180, 100:220]
    target = mask_target(LITEMEDSAM.at(128), mask)
    (logits, _), *_ = BoxToMask(tiny, encodes=True)(
        [torch.zeros(1, 3, 128, 128)], [torch.tensor([[20.0, 30, 90, 110]])]
    )
    assert target.shape == logits.shape[1:] == (128, 128)
    assert target.sum() == pytest.approx(mask.sum() * (128 / 120) ** 2, rel=0.03)


def test_close_ups_and_whole_slices_of_one_batch_count_by_their_number(tiny, tiny_specification):
    gray = np.random.default_rng(0).integers(0, 255, SIZE).astype(np.uint8)
    slices = [TrainingSlice("a", number, gray, {"1": mask}) for number, mask in enumerate((SMALL, LARGE, CORNER))]
    views = Views(tiny_specification, seed=0)
    module = BoxToMask(tiny, encodes=True)
    prepare = prepare_images(tiny_specification)
    task = BoxTask(module, tiny_specification, views, prepare, slices, {"validation": slices}, BoxTaskOptions())
    with torch.inference_mode():
        together = float(task.loss(module, [0, 1, 2], 1))
        alone = [float(task.loss(module, [number], 1)) for number in range(3)]
    assert together == pytest.approx(np.mean(alone), rel=1e-4)


FAST = ("--slices-per-case", "1", "--batch-size", "3", "--device", "cpu", "--json", "--epochs", "1")


@pytest.mark.parametrize(
    ("options", "sees_close_ups"),
    [
        ((), True),
        (("--no-close-ups",), False),
        (("--close-ups", "--parts", "all"), True),
        (("--close-ups", "--parts", "lora"), True),
    ],
    ids=["as its base", "whole slices", "all", "lora"],
)
def test_a_tuned_model_sees_objects_as_it_learned_them(tiny, run, store, tmp_path, options, sees_close_ups):
    for number in range(3):
        labels = ellipsoid((7, 100, 120), (3, 50, 60 + number)).astype(np.uint8)
        scan, _ = write_case(tmp_path, f"case_{number}", seed=number, labels=labels)
    result = run("train", "finetune", tmp_path, "--base", "tiny", "--name", "near", *options, *FAST)
    assert result.status == 0, result.out + result.err
    base = get_specification("tiny")
    size = base.close_up_size if sees_close_ups else None
    assert find_trained("near").specification.close_up_size == size
    request = SliceRequest(Volume.from_array(read_image(scan).array), 0, 3, model="near")
    segmented = Engine(store, device="cpu", runtime="torch").segment(request, [Prompt((48.0, 41, 72, 59))])
    assert segmented.framings[0].view.input_size == (size or base.input_size)


def test_a_model_that_sees_whole_slices_only_cannot_learn_from_close_ups():
    assert with_close_ups(WITHOUT, None, None) == WITHOUT
    with pytest.raises(MedSAMSegError, match="LiteMedSAM sees whole slices only") as raised:
        with_close_ups(WITHOUT, True, None)
    assert raised.value.code == "close_ups_impossible"
