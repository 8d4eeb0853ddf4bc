"""segment-anything's own automatic mask generator, on a network of ours.

It imports four functions of torchvision, whose wheel on PyPI does not load beside a torch without CUDA; here they are,
in the few lines that their documentation comes to. All else is the installed package, as it is.
"""

import contextlib
import sys
from types import ModuleType

import torch
from PIL import Image
from torch import nn


def generate(network, pixels, **options):
    """Return what ``SamAutomaticMaskGenerator.generate`` does, best first.

    :param network: a ``SamNetwork``.
    :param pixels: uint8 (H, W, 3).
    :param options: of ``SamAutomaticMaskGenerator``.
    """
    with sam_of(network) as sam:
        from segment_anything import SamAutomaticMaskGenerator

        return SamAutomaticMaskGenerator(sam, **options).generate(pixels)


@contextlib.contextmanager
def sam_of(network):
    """Give a network of ours as segment-anything's, which can be imported inside the ``with`` block."""
    with _torchvision():
        from segment_anything.modeling import Sam

        # The mean and deviation of ImageNet are Sam's defaults.
        yield Sam(_Encoder(network), network.prompt_encoder, network.mask_decoder).eval()


class _Encoder(nn.Module):
    """An image encoder that says the side of its input, as the predictor asks it to."""

    def __init__(self, network):
        super().__init__()
        self.encoder = network.image_encoder
        self.img_size = network.prompt_encoder.input_image_size[0]

    def forward(self, images):
        return self.encoder(images)


def _nms(boxes, scores, iou_threshold):
    left = torch.sort(scores, descending=True, stable=True).indices
    kept = []
    while len(left):
        best, left = left[0], left[1:]
        kept.append(best)
        corners, others = boxes[best], boxes[left]
        sides = torch.minimum(corners[2:], others[:, 2:]) - torch.maximum(corners[:2], others[:, :2])
        shared = sides.clamp(min=0).prod(dim=1)
        left = left[~(shared / (_area(corners[None]) + _area(others) - shared) > iou_threshold)]
    return torch.stack(kept) if kept else torch.empty(0, dtype=torch.int64)


def _area(boxes):
    return (boxes[:, 2:] - boxes[:, :2]).prod(dim=1)


@contextlib.contextmanager
def _torchvision():
    """While the block runs, what segment-anything imports of torchvision can be imported."""
    members = {
        "torchvision": {},
        "torchvision.ops": {},
        # All categories are one: the generator knows no others.
        "torchvision.ops.boxes": {
            "batched_nms": lambda boxes, scores, _categories, iou_threshold: _nms(boxes, scores, iou_threshold),
            "box_area": _area,
        },
        "torchvision.transforms": {},
        "torchvision.transforms.functional": {
            "to_pil_image": Image.fromarray,
            "resize": lambda image, size: image.resize((size[1], size[0]), Image.Resampling.BILINEAR),
        },
    }
    before = {name: sys.modules.get(name) for name in members}
    for name, functions in members.items():
        module = ModuleType(name)
        module.__dict__.update(functions)
        sys.modules[name] = module
    try:
        yield
    finally:
        for name, module in before.items():
            if module is None:
                del sys.modules[name]
            else:
                sys.modules[name] = module
