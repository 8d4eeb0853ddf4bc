"""The probabilities behind a propagation's masks: on request, and cut wherever the masks were."""

import base64
import zlib

import numpy as np
import pytest
from server_fakes import IDENTITY_WINDOW, ROD_BOX, rod

from medsamseg_server.engine.masks import SliceMask
from medsamseg_server.engine.probabilities import ProbabilityMap
from medsamseg_server.serving import prompt_contract
from medsamseg_server.serving.propagation_contract import PropagateRequest
from medsamseg_server.serving.propagation_job import PropagationJob
from medsamseg_server.volumes.volume import Volume

#: Left and right part of the rod, which share its columns 10 to 12.
LEFT, RIGHT = (7.0, 9.0, 12.0, 20.0), (10.0, 9.0, 18.0, 20.0)


def graded():
    """A rod whose brightness, which is the probability, falls to the right."""
    volume = rod()
    volume[2:10, 10:20, 8:18] = np.linspace(250, 90, 10).astype(np.uint8)
    return volume


def slices_of(engine, **request):
    """:return: {(object, slice): the last event} of a propagation through the graded rod."""
    wanted = PropagateRequest.model_validate({"window": IDENTITY_WINDOW, **request})
    events = PropagationJob("mine", engine, Volume.from_array(graded()), wanted).steps()
    return {(event.object, event.slice): event for event in events if event.event == "slice"}


def mask_of(event):
    full = np.zeros((32, 32), bool)
    if event.mask.extent is not None:
        prompt_contract.DrawnMask(extent=event.mask.extent, bits=event.mask.bits).to_slice_mask((32, 32)).paint(
            full, True
        )
    return full


def levels_of(event):
    full = np.zeros((32, 32), np.uint8)
    x0, y0, x1, y1 = event.mask.probability.extent
    levels = np.frombuffer(zlib.decompress(base64.b64decode(event.mask.probability.levels)), np.uint8)
    full[y0 : y1 + 1, x0 : x1 + 1] = levels.reshape(y1 - y0 + 1, x1 - x0 + 1)
    return full


def one(prompts):
    return {"prompts": [{"slice": index, "box": box} for index, box in prompts.items()]}


@pytest.mark.parametrize("method", ["tracking", "reference", "film"])
@pytest.mark.parametrize("boxes", [{5: ROD_BOX}, {3: ROD_BOX, 8: ROD_BOX}], ids=["from one box", "between two"])
def test_every_slice_brings_the_map_that_its_mask_is_cut_from(engine, method, boxes):
    plain = slices_of(engine, method=method, **one(boxes))
    assert all(event.mask.probability is None for event in plain.values())
    found = slices_of(engine, method=method, probabilities=True, **one(boxes))
    assert found.keys() == plain.keys()
    for place, event in found.items():
        assert event.model_copy(update={"mask": plain[place].mask}) == plain[place]
        np.testing.assert_array_equal(levels_of(event) >= 128, mask_of(plain[place]))
        assert 0 < np.count_nonzero(levels_of(event) >= 180) < event.mask.voxels


def test_what_one_object_got_is_no_others_at_any_threshold(engine):
    objects = [{"id": name, **one({5: box})} for name, box in (("left", LEFT), ("right", RIGHT))]
    shared = slices_of(engine, objects=objects, probabilities=True, may_overlap=True)
    divided = slices_of(engine, objects=objects, probabilities=True, may_overlap=False)
    assert shared.keys() == divided.keys()
    contested = 0
    for place, event in divided.items():
        np.testing.assert_array_equal(levels_of(event) >= 128, mask_of(event))
        lost = mask_of(shared[place]) & ~mask_of(event)
        assert not levels_of(event)[lost].any()
        np.testing.assert_array_equal(levels_of(event)[~lost], levels_of(shared[place])[~lost])
        contested += lost.sum()
    assert contested


def test_a_drawn_mask_has_none(engine):
    drawn = {"extent": [8, 10, 17, 14], "bits": base64.b64encode(np.packbits(np.ones(50, bool))).decode()}
    prompts = [{"slice": 5, "box": ROD_BOX, "mask": drawn}]
    found = slices_of(engine, prompts=prompts, probabilities=True)
    assert found[None, 5].mask.probability is None
    assert found[None, 6].mask.probability is not None


def test_a_mask_that_lost_a_part_has_its_map_without_it_wherever_the_map_lies():
    values = np.full((4, 6), 0.75, np.float32)
    values[0] = 0.25
    mask = SliceMask.from_mask(values > 0.5, 1.0, ProbabilityMap(values)).moved(10, 20)
    assert mask.own_probability is mask.probability
    left = mask.to_array((32, 32))
    left[:, 13:] = False
    own = mask.limited_to(left).own_probability.to_array((32, 32))
    np.testing.assert_array_equal(own > 0.5, left)
    np.testing.assert_array_equal(own[20, 10:16], np.full(6, 0.25))
    assert not own[21:24, 13:].any()
