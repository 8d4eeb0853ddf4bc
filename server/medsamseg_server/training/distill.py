"""Distillation: a small encoder learns to see what a large one sees, as LiteMedSAM learned it from MedSAM.

The published first stage (branch LiteMedSAM of bowang-lab/MedSAM): slices stretched to both networks' inputs, turned
over at random; the mean squared error of the embeddings. The second stage is ``finetune``.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from medsamseg_server.models.networks import SamNetwork, build_network
from medsamseg_server.models.preprocessing import prepare_image
from medsamseg_server.models.specification import ModelSpecification, Resize
from medsamseg_server.training.box_lesson import flip
from medsamseg_server.training.cases import TrainingSlice
from medsamseg_server.training.embeddings_on_disk import EmbeddingsOnDisk
from medsamseg_server.training.loop import History, Schedule, Step, train

if TYPE_CHECKING:
    from collections.abc import Callable

    from lightning_fabric import Fabric


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
        specification: of the student.
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
    lesson = _EmbeddingLesson(
        student.image_encoder, stretched(specification), teacher, slices, validation, schedule.seed
    )
    history = train(lesson, schedule, folder, fabric, progress)
    student.eval()
    return history


class _EmbeddingLesson:
    """Learning another encoder's embeddings; see ``loop.Lesson``."""

    def __init__(
        self,
        module: nn.Module,
        specification: ModelSpecification,
        teacher: EmbeddingsOnDisk,
        slices: Sequence[TrainingSlice],
        validation: Sequence[TrainingSlice],
        seed: int,
    ) -> None:
        self.module = module
        self._specification = specification
        self._teacher = teacher
        self._slices = slices
        self._validation = validation
        self._seed = seed

    @property
    def size(self) -> int:
        """Number of slices."""
        return len(self._slices)

    def loss(self, module: nn.Module, samples: Sequence[int], epoch: int) -> Tensor:
        """Return the mean squared error on some slices, turned over at random."""
        flips = [np.random.default_rng((self._seed, epoch, number)).integers(0, 2, 2) for number in samples]
        turns = [(bool(down), bool(across)) for down, across in flips]
        return self._error(module, [self._slices[number] for number in samples], turns)

    @torch.inference_mode()
    def validate(self, module: nn.Module) -> dict[str, float]:
        """Return the mean squared error on the validation slices; less is better, so the score is its negative."""
        self.module.eval()
        errors = [float(self._error(module, [each], [(False, False)])) for each in self._validation]
        self.module.train()
        error = float(np.mean(errors))
        return {"score": -error, "embedding_error": error}

    def _error(self, module: nn.Module, slices: Sequence[TrainingSlice], turns: Sequence[tuple[bool, bool]]) -> Tensor:
        device = next(self.module.parameters()).device
        grays = [flip(each.gray, turn) for each, turn in zip(slices, turns, strict=True)]
        images = np.stack([prepare_image(self._specification, gray) for gray in grays])
        wanted = np.stack([self._teacher.get(gray).astype(np.float32) for gray in grays])
        found: Tensor = module(torch.from_numpy(images).to(device))
        return functional.mse_loss(found.float(), torch.from_numpy(wanted).to(device))
