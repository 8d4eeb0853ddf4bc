"""Rings with the real network: one box gives the disc and says that it is unsure, two boxes give the ring."""

from pathlib import Path

import cv2
import numpy as np
import pytest
import SimpleITK as sitk
from realNetwork import loadOnce

from medsamseg_server.engine.engine import Engine
from medsamseg_server.engine.prompts import Prompt
from medsamseg_server.engine.slice_request import SliceRequest
from medsamseg_server.propagation.insides import similarity_of_inside
from medsamseg_server.propagation.trust import LEAST_IN_BOX
from medsamseg_server.propagation.whole_volume import Task, WholeVolume
from medsamseg_server.volumes.volume import Volume
from medsamseg_server.weights.store import ModelStore

# Made before any test gets a home of its own: where `make weights` put the real weights.
DEVELOPMENT_STORE = ModelStore()
CT = Path(__file__).parents[2] / "MedSAMSeg" / "Resources" / "SampleData" / "RiderChestCT.nrrd"
GRAYS = "255,127.5"
#: Boxes on a slice of the CT with a closed arch.
VERTEBRA, CANAL, VERTEBRA_SLICE = (111.0, 163.0, 155.0, 211.0), (123.0, 186.0, 139.0, 202.0), 24


@pytest.fixture(scope="module")
def engine():
    return Engine(DEVELOPMENT_STORE, load_predictor=loadOnce)


def tube(slices=5, size=192):
    """:return: gray levels, the wall, and what is in it, (K, J, I), of a bright tube in uneven surroundings."""
    rng = np.random.default_rng(1)
    k, y, x = np.mgrid[:slices, :size, :size]
    across, down = x - 96 - 0.8 * k, (y - 92 - 0.5 * k) * 1.1
    radius = np.hypot(across, down) * (1 + 0.06 * np.cos(2 * np.arctan2(down, across)))
    outer, hole = radius <= 38, radius <= 28 - k
    texture = [cv2.GaussianBlur(rng.normal(0, 200, (size, size)), (0, 0), 6) for _ in range(slices)]
    clear = np.where(hole, 60.0, np.where(outer, 180.0, 90.0 + np.array(texture)))
    blurred = np.array([cv2.GaussianBlur(each, (0, 0), 0.8) for each in clear])
    gray = np.clip(blurred + rng.normal(0, 10, blurred.shape), 0, 255).astype(np.uint8)
    return gray, outer & ~hole, hole


def tight(mask):
    rows, columns = np.nonzero(mask)
    return float(columns.min()), float(rows.min()), float(columns.max()), float(rows.max())


def dice(first, second):
    return 2 * np.count_nonzero(first & second) / (np.count_nonzero(first) + np.count_nonzero(second))


def test_two_boxes_give_a_ring_on_all_slices_and_one_gives_a_disc_that_is_doubted(engine):
    gray, ring, hole = tube()
    boxes = {2: tight(ring[2])}
    task = Task(0, boxes, window=GRAYS, first=0, last=4)
    alone = WholeVolume(Volume.from_array(gray), task).run(engine)
    both = WholeVolume(
        Volume.from_array(gray), Task(0, boxes, window=GRAYS, first=0, last=4, exclude={2: (tight(hole[2]),)})
    ).run(engine)
    assert dice(alone.mask > 0, ring) < 0.8
    assert dice(both.mask > 0, ring) > 0.9
    assert min(dice(both.mask[index] > 0, ring[index]) for index in range(5)) > 0.85
    (sentence,) = alone.doubts
    assert "its inside looks unlike its rim" in sentence
    assert both.doubts == ()
    # Also where that slice is all that is asked for.
    only = Task(0, boxes, window=GRAYS, propagates=False)
    assert WholeVolume(Volume.from_array(gray), only).run(engine).doubts == (sentence,)
    # What is left out may look like something else.
    assert all(
        "excluded" in parts and "inside" not in parts for parts in (each.confidence.parts for each in both.results)
    )
    sure = {name: [each.confidence.value for each in found.results] for name, found in (("1", alone), ("2", both))}
    assert max(sure["1"]) < LEAST_IN_BOX < min(sure["2"])


def test_a_vertebra_is_found_without_its_canal(engine):
    volume = Volume.from_array(sitk.GetArrayFromImage(sitk.ReadImage(str(CT))))
    request = SliceRequest(volume, 0, VERTEBRA_SLICE, "soft", None)
    found = engine.segment(request, [Prompt(VERTEBRA), Prompt(CANAL), Prompt(VERTEBRA, exclude=(CANAL,))])
    whole, canal, rest = (mask.to_array((256, 256)) for mask in found.masks)
    # The canal alone is asked with other margins than what is excluded.
    assert dice(whole & ~rest, canal) > 0.9
    # Bone is bright, and the canal is not.
    pixels = volume.slice(0, VERTEBRA_SLICE)
    assert (pixels[rest] > 150).mean() > (pixels[whole] > 150).mean() + 0.05
    assert np.median(pixels[canal]) < 100


@pytest.mark.parametrize(("inside", "is_alike"), [(180, True), (60, False)])
def test_an_inside_is_alike_if_it_has_the_gray_levels_of_the_rim(inside, is_alike):
    gray, ring, hole = tube()
    gray[hole] = np.clip(gray[hole].astype(int) + inside - 60, 0, 255).astype(np.uint8)
    similarity = similarity_of_inside(gray[2], ring[2] | hole[2])
    assert (similarity > 0.95) == is_alike
    assert (similarity < 0.7) != is_alike


def test_of_too_few_pixels_nothing_is_said():
    gray = np.zeros((9, 9), np.uint8)
    assert similarity_of_inside(gray, np.zeros((9, 9), bool)) == 1.0
    gray[4, 4] = 255
    assert similarity_of_inside(gray, np.pad(np.ones((3, 3), bool), 3)) == 1.0
