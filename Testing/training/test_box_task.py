"""What learns in a network and what does not, the losses, and boxes on several images in one batch."""

import numpy as np
import pytest
import torch

from medsamseg_server.models.upsampling import upsample_masks
from medsamseg_server.training.adapting import Parts, choose_parts, merge_adapters
from medsamseg_server.training.box_task import flip, flip_box
from medsamseg_server.training.decoding import BoxToMask, decode_each, mask_target
from medsamseg_server.training.losses import MaskLoss, iou_loss
from medsamseg_server.weights.catalog import get_specification

BOXES = torch.tensor([[10.0, 15, 45, 55], [50, 45, 100, 80]])


@pytest.mark.parametrize("parts", Parts)
def test_a_step_changes_the_chosen_parts_and_nothing_else(own_tiny, parts):
    before = {name: tensor.clone() for name, tensor in own_tiny.state_dict().items()}
    images = torch.rand(2, 3, 128, 128, generator=torch.Generator().manual_seed(0))
    choose_parts(own_tiny, parts)
    module = BoxToMask(own_tiny, encodes=parts is not Parts.DECODER)
    inputs = images if module.encodes else own_tiny.encode(images)
    optimizer = torch.optim.AdamW([value for value in module.parameters() if value.requires_grad], lr=1e-3)
    logits, scores = module([inputs], [BOXES])[0]
    (logits.mean() + scores.mean()).backward()
    optimizer.step()
    with torch.inference_mode():
        learned, _ = module([inputs], [BOXES])[0]
        merge_adapters(own_tiny)
        merged, _ = module([inputs], [BOXES])[0]
    torch.testing.assert_close(merged, learned, atol=1e-3, rtol=1e-3)
    assert not torch.allclose(merged, logits, atol=1e-3)
    after = own_tiny.state_dict()
    assert list(after) == list(before), "what is saved has the tensors of the published checkpoints"
    changed = {name for name in before if not torch.equal(before[name], after[name])}
    assert {name.split(".")[0] for name in changed} == {
        Parts.DECODER: {"mask_decoder"},
        Parts.ALL: {"image_encoder", "mask_decoder"},
        Parts.LORA: {"image_encoder", "mask_decoder"},
    }[parts]
    assert not any("running_" in name for name in changed)


def test_a_batch_of_images_gives_what_each_gives_alone(tiny):
    embeddings = torch.randn(2, 256, 32, 32, generator=torch.Generator().manual_seed(1))
    with torch.inference_mode():
        logits, scores = decode_each(tiny, embeddings, BOXES)
        for number in range(2):
            alone, score = tiny.decode(embeddings[number : number + 1], BOXES[number : number + 1], None)
            torch.testing.assert_close(logits[number], alone[0], atol=1e-3, rtol=1e-3)
            torch.testing.assert_close(scores[number], score[0], atol=1e-4, rtol=1e-3)


@pytest.mark.parametrize("model", ["litemedsam", "medsam", "mobilesam"])
@pytest.mark.parametrize("size", [(40, 48), (300, 512)], ids=["small", "large"])
def test_a_decoder_that_answers_the_target_gives_the_mask(model, size):
    rows, columns = np.ogrid[: size[0], : size[1]]
    mask = (rows - size[0] * 0.4) ** 2 + (columns - size[1] * 0.6) ** 2 < (0.2 * size[0]) ** 2
    specification = get_specification(model)
    logits = 20 * mask_target(specification, mask)[None] - 10
    found = upsample_masks(specification, logits, size)[0] > specification.mask_threshold
    assert 2 * (found & mask).sum() / (found.sum() + mask.sum()) > 0.97


def test_the_loss_is_dice_with_squares_plus_cross_entropy():
    generator = np.random.default_rng(2)
    logits = generator.normal(size=(2, 9, 9)).astype(np.float32)
    masks = (generator.random((2, 9, 9)) > 0.6).astype(np.float32)
    p = 1 / (1 + np.exp(-logits.astype(np.float64)))
    squares = (p**2).sum((1, 2)) + masks.sum((1, 2))
    dice = 1 - (2 * (p * masks).sum((1, 2)) + 1e-5) / (squares + 1e-5)
    entropy = -(masks * np.log(p) + (1 - masks) * np.log(1 - p)).mean()
    found = MaskLoss()(torch.from_numpy(logits), torch.from_numpy(masks))
    assert float(found) == pytest.approx(dice.mean() + entropy, rel=1e-5)


def test_the_predicted_iou_is_measured_against_that_of_the_mask():
    logits = torch.full((1, 4, 4), -1.0)
    logits[0, :2] = 1
    masks = torch.zeros(1, 4, 4)
    masks[0, 1:3] = 1
    assert float(iou_loss(torch.tensor([1 / 3]), logits, masks)) == pytest.approx(0, abs=1e-9)
    assert float(iou_loss(torch.tensor([1.0]), logits, masks)) == pytest.approx(4 / 9)


@pytest.mark.parametrize("flips", [(False, False), (True, False), (False, True), (True, True)])
def test_a_slice_and_its_box_turn_over_together(flips):
    mask = np.zeros((7, 11), bool)
    mask[1:4, 2:9] = True
    x0, y0, x1, y1 = flip_box(np.array([2.0, 1, 8, 3]), (7, 11), flips).astype(int)
    turned = flip(mask, flips)
    assert turned[y0 : y1 + 1, x0 : x1 + 1].all() and turned.sum() == mask.sum()
