"""What a network of the SAM family, or a specialist, learns: from a box on a slice to the object in it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from medsamseg_server.engine.close_ups import View
from medsamseg_server.engine.masks import SliceMask
from medsamseg_server.models.frames import boxes_to_network
from medsamseg_server.models.specification import ModelSpecification
from medsamseg_server.models.upsampling import upsample_masks
from medsamseg_server.training.boxes import LARGEST_SHIFT, jittered_box
from medsamseg_server.training.cases import TrainingSlice
from medsamseg_server.training.decoding import mask_target
from medsamseg_server.training.losses import MaskLoss, iou_loss
from medsamseg_server.training.views import Views

#: Boxes of validation are drawn with this in their seed, so that training never sees them.
_VALIDATION = 1_000_003


@dataclass(frozen=True)
class Sample:
    """One object on one slice."""

    slice: TrainingSlice
    target: str

    @property
    def mask(self) -> SliceMask:
        """The object."""
        return self.slice.masks[self.target]

    @property
    def size(self) -> tuple[int, int]:
        """(H, W) of the slice."""
        height, width = self.slice.gray.shape
        return height, width


@dataclass(frozen=True)
class Example:
    """One object as the network is asked for it.

    Attributes:
        input: an image or an embedding, without the batch dimension.
        box: (4,) in the frame of the network's input.
        target: as the decoder should answer.
    """

    input: NDArray[np.float32]
    box: NDArray[np.float32]
    target: NDArray[np.float32]

    @property
    def side(self) -> int:
        """Side of the input; those of one batch are of one size."""
        return int(self.input.shape[-1])


#: Returns a view of a slice as the network takes it, without the batch dimension: an image or an embedding; flips are
#: (upside down, left to right).
Prepare = Callable[[TrainingSlice, View, tuple[bool, bool]], NDArray[Any]]


@dataclass(frozen=True)
class BoxTaskOptions:
    """How a network is trained for objects in boxes.

    Attributes:
        largest_shift: how far boxes are pushed outward, in pixels of an input of 1024.
        with_iou_loss: whether the error of the predicted IoU is part of the loss, as for LiteMedSAM.
        flips: whether slices are turned over at random.
        seed: of all that is random.
    """

    largest_shift: int = LARGEST_SHIFT
    with_iou_loss: bool = True
    flips: bool = False
    seed: int = 0


class BoxTask:
    """Objects on slices from their boxes; see ``loop.TrainingTask``.

    Args:
        module: takes groups of prepared slices (B, …) and of boxes (B, 4) in the frame of the network's input, and
            returns logits (B, h, w) and predicted IoU (B,) of each group; see ``decoding.BoxToMask``.
        specification: the network's protocol.
        views: what is seen of an object.
        prepare: makes the network's input of a view of a slice.
        training: slices to train on.
        validation: slices to measure on, by name of the set; the first set's Dice is the score.
        options: how.
    """

    def __init__(
        self,
        module: nn.Module,
        specification: ModelSpecification,
        views: Views,
        prepare: Prepare,
        training: Sequence[TrainingSlice],
        validation: Mapping[str, Sequence[TrainingSlice]],
        options: BoxTaskOptions,
    ) -> None:
        self.module = module
        self._specification = specification
        self._views = views
        self._prepare = prepare
        self._samples = to_samples(training)
        self._validation = {name: to_samples(slices) for name, slices in validation.items()}
        self._options = options
        self._mask_loss = MaskLoss()

    @property
    def size(self) -> int:
        """Number of objects on slices."""
        return len(self._samples)

    def loss(self, module: nn.Module, samples: Sequence[int], epoch: int) -> Tensor:
        """Return the mean loss of some objects."""
        device = _device(self.module)
        examples = sorted((self._example(number, epoch) for number in samples), key=lambda each: each.side)
        groups = [list(group) for _, group in groupby(examples, key=lambda each: each.side)]
        inputs = [_stack([each.input for each in group]).to(device) for group in groups]
        boxes = [_stack([each.box for each in group]).to(device) for group in groups]
        losses = []
        for group, (logits, scores) in zip(groups, module(inputs, boxes), strict=True):
            masks = _stack([each.target for each in group]).to(device)
            loss: Tensor = self._mask_loss(logits.float(), masks)
            # Several devices wait for each other's gradients, also for those that are zero.
            loss = loss + (iou_loss(scores.float(), logits, masks) if self._options.with_iou_loss else 0 * scores.sum())
            losses.append(loss * (len(group) / len(examples)))
        return torch.stack(losses).sum()

    def validate(self, module: nn.Module) -> dict[str, float]:
        """Return the mean Dice per slice of each set, with boxes pushed outward at random, always the same way."""
        scores = {name: float(np.mean(self.dice(samples, module))) for name, samples in self._validation.items()}
        return {"score": next(iter(scores.values())), **{f"dice_{name}": value for name, value in scores.items()}}

    @torch.inference_mode()
    def dice(self, samples: Sequence[Sample], module: nn.Module | None = None) -> list[float]:
        """Return the Dice coefficient of each object's mask on the slice's own pixels, as the product makes it."""
        module = module or self.module
        device = _device(self.module)
        found = []
        for number, sample in enumerate(samples):
            view = self._views.used(sample.mask, sample.size)
            specification = self._specification.at(view.input_size)
            box = self._box(sample, view, (self._options.seed, _VALIDATION, number))
            inputs = torch.from_numpy(self._prepare(sample.slice, view, (False, False)).astype(np.float32))[None]
            boxes = torch.from_numpy(boxes_to_network(specification, box[None], view.shape))
            ((logits, _),) = module([inputs.to(device)], [boxes.to(device)])
            values = upsample_masks(specification, logits.float().cpu().numpy(), view.shape)[0]
            mask = np.zeros(sample.size, bool)
            view.cut(mask)[:] = values > specification.mask_threshold
            found.append(_dice(mask, sample.mask.to_array(sample.size)))
        return found

    def _example(self, number: int, epoch: int) -> Example:
        """Return one object with what is random about it in an epoch."""
        sample = self._samples[number]
        view = self._views.learned(sample.mask, sample.size, number, epoch)
        specification = self._specification.at(view.input_size)
        seed = (self._options.seed, epoch, number)
        box = self._box(sample, view, seed)
        mask = view.cut(sample.mask.to_array(sample.size))
        flips = (False, False)
        if self._options.flips:
            down, across = np.random.default_rng((*seed, 1)).integers(0, 2, 2).astype(bool).tolist()
            flips = (down, across)
            mask, box = flip(mask, flips), flip_box(box, view.shape, flips)
        prepared = self._prepare(sample.slice, view, flips).astype(np.float32)
        network_box = boxes_to_network(specification, box[None], view.shape)[0]
        return Example(prepared, network_box, mask_target(specification, mask))

    def _box(self, sample: Sample, view: View, seed: tuple[int, ...]) -> NDArray[np.float64]:
        """Return a box (4,) of an object, pushed outward at random, in pixels of a view."""
        seen = max(view.shape)
        x0, y0, x1, y1 = jittered_box(sample.mask, sample.size, seed, self._options.largest_shift, seen)
        return np.array(view.box_inside((x0, y0, x1, y1)))


def to_samples(slices: Sequence[TrainingSlice]) -> list[Sample]:
    """Return every object of every slice."""
    return [Sample(each, target) for each in slices for target in each.masks]


def flip(image: NDArray[Any], flips: tuple[bool, bool]) -> NDArray[Any]:
    """Return an image (H, W) turned over: upside down, left to right."""
    down, across = flips
    return image[:: -1 if down else 1, :: -1 if across else 1]


def flip_box(box: NDArray[np.float64], size: tuple[int, int], flips: tuple[bool, bool]) -> NDArray[np.float64]:
    """Return a box (4,) on a slice of ``size`` (H, W) that is turned over."""
    x0, y0, x1, y1 = box
    down, across = flips
    if down:
        y0, y1 = size[0] - 1 - y1, size[0] - 1 - y0
    if across:
        x0, x1 = size[1] - 1 - x1, size[1] - 1 - x0
    return np.array([x0, y0, x1, y1])


def _dice(mask: NDArray[np.bool_], reference: NDArray[np.bool_]) -> float:
    return 2.0 * float(np.count_nonzero(mask & reference)) / (np.count_nonzero(mask) + np.count_nonzero(reference))


def _device(module: nn.Module) -> torch.device:
    return next(module.parameters()).device


def _stack(arrays: Sequence[NDArray[Any]]) -> Tensor:
    return torch.from_numpy(np.stack(arrays))
