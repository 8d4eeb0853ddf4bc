"""What a click head learns: from one click on an object to how far it reaches, in whole slices and in close-ups."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from medsamseg_server.engine.close_ups import View, whole_slice
from medsamseg_server.models.click_frames import reach_of, to_cells, to_pixels
from medsamseg_server.models.click_head import ClickHead, ray_places, reach
from medsamseg_server.models.specification import ModelSpecification
from medsamseg_server.training.box_task import Sample, to_samples
from medsamseg_server.training.boxes import tight_box
from medsamseg_server.training.cases import TrainingSlice
from medsamseg_server.training.clicks import random_click
from medsamseg_server.training.embeddings_on_disk import EmbeddingsOnDisk
from medsamseg_server.training.views import Views

#: How much more or less round an object is seen than in use, as a power of two: the first box may be far off.
FAR_ZOOMS = (-0.5, 1.0)
_KEPT_VIEWS = 2
# Clicks of validation are drawn with this in their seed, so that training never sees them.
_VALIDATION = 1_000_003


@dataclass(frozen=True)
class _Example:
    """One click: the embedding it is on, where, what is on the rays (D, R), and how far the object reaches (4,)."""

    embedding: NDArray[np.float16]
    click: NDArray[np.float32]
    inside: NDArray[np.float32]
    reach: NDArray[np.float32]


class ClickTask:
    """Boxes from clicks; see ``loop.TrainingTask``. The loss is that of the rays, of the distances and of the box.

    Args:
        specification: of the model whose embeddings the head takes.
        embeddings: give these.
        training: slices to train on.
        validation: slices to measure on; the score is the mean IoU of the boxes in whole slices and close-ups.
        seed: of all that is random.
    """

    def __init__(
        self,
        specification: ModelSpecification,
        embeddings: EmbeddingsOnDisk,
        training: Sequence[TrainingSlice],
        validation: Sequence[TrainingSlice],
        seed: int,
    ) -> None:
        torch.manual_seed(seed)
        self.module = ClickHead()
        self._specification = specification
        self._embeddings = embeddings
        self._views = Views(specification, seed, _KEPT_VIEWS, FAR_ZOOMS)
        self._training = to_samples(training)
        self._validation = to_samples(validation)
        self._seed = seed

    @property
    def size(self) -> int:
        """Number of objects on slices."""
        return len(self._training)

    def seen(self) -> list[tuple[NDArray[np.uint8], int]]:
        """Return all gray levels that are looked at, each once, with the side of the encoder's input."""
        samples = [*enumerate(self._training), *enumerate(self._validation, _VALIDATION)]
        found = {
            (id(sample.slice), view): (view.cut(sample.slice.gray), view.input_size)
            for number, sample in samples
            for view in self._looks(sample, number)
        }
        return list(found.values())

    def loss(self, module: nn.Module, samples: Sequence[int], epoch: int) -> Tensor:
        """Return the mean loss of a click on each of some objects."""
        examples = []
        for number in samples:
            sample = self._training[number]
            looks = self._looks(sample, number)
            turn = int(np.random.default_rng((self._seed, epoch, number, 1)).integers(len(looks)))
            examples.append(self._example(sample, looks[turn], (self._seed, epoch, number)))
        return torch.cat([_losses(*group) for group in self._ask(module, examples)]).mean()

    @torch.inference_mode()
    def validate(self, module: nn.Module) -> dict[str, float]:
        """Return the mean IoU of the boxes round one click on each object, in each of its views."""
        examples = [
            self._example(sample, view, (self._seed, _VALIDATION, number))
            for number, sample in enumerate(self._validation, _VALIDATION)
            for view in self._looks(sample, number)
        ]
        ious = torch.cat([_box_iou(reach(logits), wanted)[0] for logits, _, wanted in self._ask(module, examples)])
        return {"score": float(ious.mean()), "box_iou": float(ious.mean())}

    def _looks(self, sample: Sample, number: int) -> list[View]:
        whole = whole_slice(self._specification, sample.size)
        return list(dict.fromkeys([whole, *self._views.every(sample.mask, sample.size, number)]))

    def _example(self, sample: Sample, view: View, seed: tuple[int, ...]) -> _Example:
        specification = self._specification.at(view.input_size)
        corner = np.array([view.x0, view.y0])
        click = random_click(sample.mask, seed) - corner
        cells = to_cells(specification, click, view.shape)
        places = to_pixels(specification, cells + ray_places().numpy(), view.shape) + corner
        mask = np.pad(sample.mask.to_array(sample.size), 1)
        columns, rows = np.moveaxis(np.clip(np.rint(places).astype(int) + 1, 0, np.array(mask.shape[::-1]) - 1), -1, 0)
        box = tight_box(sample.mask) - np.tile(corner, 2)
        embedding = self._embeddings.get(view.cut(sample.slice.gray), view.input_size)
        inside = mask[rows, columns].astype(np.float32)
        return _Example(embedding, cells, inside, reach_of(specification, click, box, view.shape))

    def _ask(self, module: nn.Module, examples: list[_Example]) -> list[tuple[Tensor, Tensor, Tensor]]:
        """Return logits, what is on the rays and the reach of groups of examples, each with inputs of one size."""
        device = next(self.module.parameters()).device

        def side(each: _Example) -> int:
            return int(each.embedding.shape[-1])

        answers = []
        for _, group in groupby(sorted(examples, key=side), key=side):
            alike = list(group)
            embeddings, clicks, inside, wanted = (
                torch.from_numpy(np.stack([getattr(each, name) for each in alike]).astype(np.float32)).to(device)
                for name in ("embedding", "click", "inside", "reach")
            )
            answers.append((module(embeddings, clicks), inside, wanted))
        return answers


def _losses(logits: Tensor, inside: Tensor, wanted: Tensor) -> Tensor:
    """Return the loss of each click (B,): cross-entropy on the rays, ratio of the distances, and GIoU of the boxes."""
    rays = functional.binary_cross_entropy_with_logits(logits.float(), inside, reduction="none").mean((1, 2))
    found = reach(logits.float())
    ratios = ((found + 0.5) / (wanted.clamp(min=0) + 0.5)).log().abs().mean(1)
    return rays + ratios + 1 - _box_iou(found, wanted)[1]


def _box_iou(found: Tensor, wanted: Tensor) -> tuple[Tensor, Tensor]:
    """Return IoU and GIoU (Rezatofighi et al., CVPR 2019), (B,) each, of boxes as their reach from one point."""
    common = torch.minimum(found, wanted)
    around = torch.maximum(found, wanted)
    areas = [(reach[:, 0] + reach[:, 2]) * (reach[:, 1] + reach[:, 3]) for reach in (found, wanted, common, around)]
    union = areas[0] + areas[1] - areas[2]
    iou = areas[2] / union
    return iou, iou - (areas[3] - union) / areas[3]
