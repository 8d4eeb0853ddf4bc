"""Distillation: a small encoder learns to see what a large one sees, as LiteMedSAM learned it from MedSAM.

The published first stage (branch LiteMedSAM of bowang-lab/MedSAM): slices stretched to both networks' inputs, turned
over at random; the mean squared error of the embeddings. A student with close-ups sees one of these instead of the
slice every other time. The second stage is ``finetune``.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from medsamseg_server.engine.close_ups import View, whole_slice
from medsamseg_server.models.networks import SamNetwork, build_network
from medsamseg_server.models.preprocessing import prepare_image
from medsamseg_server.models.specification import ModelSpecification, Resize
from medsamseg_server.training.box_task import flip
from medsamseg_server.training.cases import TrainingSlice
from medsamseg_server.training.embeddings_on_disk import EmbeddingsOnDisk
from medsamseg_server.training.loop import History, Schedule, Step, train
from medsamseg_server.training.views import KEPT_VIEWS, Views

if TYPE_CHECKING:
    from collections.abc import Callable

    from lightning_fabric import Fabric

# How often a student that has close-ups sees one instead of the whole slice.
_CLOSE_UPS = 0.5


def stretched(specification: ModelSpecification) -> ModelSpecification:
    """Return a model whose slices fill the whole input, so that two models' embeddings show the same places."""
    return replace(specification, resize=Resize.STRETCH_BICUBIC)


def make_student(specification: ModelSpecification, teacher: SamNetwork, start: SamNetwork | None) -> SamNetwork:
    """Return a student with the teacher's prompt encoder and decoder.

    Args:
        specification: the student's.
        teacher: of the SAM family, so that these two fit.
        start: a network whose encoder the student's begins with, as far as tensors have the same name and shape; None
            to begin at random.
    """
    student = build_network(specification)
    student.prompt_encoder.load_state_dict(teacher.prompt_encoder.state_dict())
    student.mask_decoder.load_state_dict(teacher.mask_decoder.state_dict())
    if start is not None:
        own = student.image_encoder.state_dict()
        theirs = start.image_encoder.state_dict()
        fitting = {name: theirs[name] for name in own if name in theirs and theirs[name].shape == own[name].shape}
        student.image_encoder.load_state_dict(fitting, strict=False)
    return student


def distill(
    student: SamNetwork,
    specification: ModelSpecification,
    teacher: EmbeddingsOnDisk,
    slices: Sequence[TrainingSlice],
    validation: Sequence[TrainingSlice],
    schedule: Schedule,
    folder: Path,
    fabric: Fabric,
    progress: Callable[[Step], None] = lambda step: None,
) -> History:
    """Teach the student's encoder the teacher's embeddings, in place.

    Args:
        student: learns.
        specification: of the student. With close-ups, it learns them too.
        teacher: gives the embeddings of slices, stretched to the teacher's input.
        slices: what is learned from.
        validation: what is measured on.
        schedule: how long and how fast.
        folder: for state and curves.
        fabric: devices and precision.
        progress: called after each step and epoch.

    Raises:
        MedSAMSegError: as ``EmbeddingsOnDisk.get`` and ``loop.train``.
    """
    student.requires_grad_(False)
    # Batch normalization learns its statistics too where the encoder begins at random.
    student.image_encoder.requires_grad_(True).train()
    task = EmbeddingTask(student.image_encoder, stretched(specification), teacher, slices, validation, schedule.seed)
    history = train(task, schedule, folder, fabric, progress)
    student.eval()
    return history


@dataclass(frozen=True)
class _Look:
    """A view of a slice, turned over or not."""

    slice: TrainingSlice
    view: View
    flips: tuple[bool, bool] = (False, False)

    @property
    def gray(self) -> NDArray[np.uint8]:
        """What is seen, (h, w)."""
        return flip(self.view.cut(self.slice.gray), self.flips)


class _Encoder(nn.Module):
    """An encoder for groups of images, each of one size, in one call, as networks on several devices want it."""

    def __init__(self, encoder: nn.Module) -> None:
        super().__init__()
        self.encoder = encoder

    def forward(self, images: Sequence[Tensor]) -> list[Tensor]:
        """Return the embeddings (B, 256, G, G) of each group (B, 3, S, S)."""
        return [self.encoder(group) for group in images]


class EmbeddingTask:
    """Another encoder's embeddings; see ``loop.TrainingTask``.

    Args:
        encoder: learns; (B, 3, S, S) to (B, 256, G, G).
        specification: the student's, stretched. With close-ups, every other time one of these is seen, and both count
            in what is measured.
        teacher: gives the embeddings. Of a close-up, those of its own close-ups; of a teacher that has none, the mean
            of what it sees in the place of each embedding of the student.
        slices: what is learned from.
        validation: what is measured on.
        seed: of all that is random.
    """

    def __init__(
        self,
        encoder: nn.Module,
        specification: ModelSpecification,
        teacher: EmbeddingsOnDisk,
        slices: Sequence[TrainingSlice],
        validation: Sequence[TrainingSlice],
        seed: int,
    ) -> None:
        self.module = _Encoder(encoder)
        self._specification = specification
        self._teacher = teacher
        self._slices = slices
        self._views = Views(specification, seed, KEPT_VIEWS)
        self._validation = [look for each in validation for look in self._used(each)]
        self._seed = seed

    @property
    def size(self) -> int:
        """Number of slices."""
        return len(self._slices)

    def loss(self, module: nn.Module, samples: Sequence[int], epoch: int) -> Tensor:
        """Return the mean squared error on some slices or close-ups in them, turned over at random."""
        looks = [self._look(number, epoch) for number in samples]
        return torch.stack(self._errors(module, looks)).mean()

    @torch.inference_mode()
    def validate(self, module: nn.Module) -> dict[str, float]:
        """Return the mean squared error on the validation slices; less is better, so the score is its negative."""
        self.module.eval()
        error = float(np.mean([float(self._errors(module, [look])[0]) for look in self._validation]))
        self.module.train()
        return {"score": -error, "embedding_error": error}

    def _used(self, each: TrainingSlice) -> list[_Look]:
        """Return a slice as it is seen in use: as a whole, and closer round its objects."""
        size = (each.gray.shape[0], each.gray.shape[1])
        views = [
            whole_slice(self._specification, size),
            *(self._views.used(mask, size) for mask in each.masks.values()),
        ]
        return [_Look(each, view) for view in dict.fromkeys(views)]

    def _look(self, number: int, epoch: int) -> _Look:
        each = self._slices[number]
        random = np.random.default_rng((self._seed, epoch, number))
        down, across = random.integers(0, 2, 2).astype(bool).tolist()
        size = (each.gray.shape[0], each.gray.shape[1])
        view = whole_slice(self._specification, size)
        if random.random() < _CLOSE_UPS:
            mask = list(each.masks.values())[int(random.integers(len(each.masks)))]
            view = self._views.learned(mask, size, number, epoch)
        return _Look(each, view, (down, across))

    def _errors(self, module: nn.Module, looks: Sequence[_Look]) -> list[Tensor]:
        """Return the mean squared error of each."""
        device = next(self.module.parameters()).device
        looks = sorted(looks, key=lambda look: look.view.input_size)
        groups = [list(group) for _, group in groupby(looks, key=lambda look: look.view.input_size)]
        images = [torch.from_numpy(np.stack([self._prepare(look) for look in group])).to(device) for group in groups]
        errors: list[Tensor] = []
        for group, found in zip(groups, module(images), strict=True):
            wanted = torch.stack([self._wanted(look, found.shape[-1]) for look in group]).to(device)
            errors += functional.mse_loss(found.float(), wanted, reduction="none").mean((1, 2, 3)).unbind()
        return errors

    def _prepare(self, look: _Look) -> NDArray[np.float32]:
        return prepare_image(self._specification.at(look.view.input_size), look.gray)

    def _wanted(self, look: _Look, side: int) -> Tensor:
        """Return the teacher's embedding with the side of the student's."""
        is_whole = look.view.input_size == self._specification.input_size
        size = None if is_whole else self._teacher.specification.close_up_size
        embedding = torch.from_numpy(self._teacher.get(look.gray, size).astype(np.float32))
        return functional.adaptive_avg_pool2d(embedding, side) if embedding.shape[-1] > side else embedding
