"""A student learns its teacher's embeddings of whole slices, and of close-ups where it has them."""

import dataclasses

import numpy as np
import pytest
import torch

from medsamseg_server.engine.masks import SliceMask
from medsamseg_server.training.cases import TrainingSlice
from medsamseg_server.training.distill import EmbeddingTask, stretched
from medsamseg_server.weights.catalog import get_specification

LITEMEDSAM = get_specification("litemedsam")


class Teacher:
    """Whose embedding of a picture are its gray levels, each the mean of what is in its place."""

    def __init__(self, specification, side):
        self.specification = specification
        self._side = side

    def get(self, gray, input_size=None):
        side = self._side if input_size is None else 32
        return shrink(torch.from_numpy(gray.astype(np.float32))[None], side).numpy().astype(np.float16)


class Student(torch.nn.Module):
    """That answers what the teacher would; remembers the sides of its inputs."""

    def __init__(self):
        super().__init__()
        self.unused = torch.nn.Parameter(torch.zeros(1))
        self.sides = []

    def forward(self, images):
        self.sides += [images.shape[-1]] * len(images)
        return shrink(images[:, :1], images.shape[-1] // 4)


def shrink(images, side):
    return torch.nn.functional.adaptive_avg_pool2d(images, side).expand(*images.shape[:-3], 256, side, side)


@pytest.fixture
def slices():
    """Noise between black and white, so that it is scaled by 255 alone, with a small object."""
    gray = np.random.default_rng(0).integers(0, 2, (256, 256)).astype(np.uint8) * 255
    mask = np.zeros(gray.shape, bool)
    mask[100:120, 100:120] = True
    return [TrainingSlice("a", number, gray, {"1": SliceMask.from_mask(mask, 1.0)}) for number in range(24)]


def task(student, teacher, slices, close_up_size):
    specification = stretched(dataclasses.replace(LITEMEDSAM, close_up_size=close_up_size))
    return EmbeddingTask(student, specification, teacher, slices, slices[:2], seed=0)


@pytest.mark.parametrize(("close_up_size", "sides"), [(128, {128, 256}), (None, {256})], ids=["close-ups", "without"])
def test_the_student_sees_close_ups_every_other_time_where_it_has_them(slices, close_up_size, sides):
    student = Student()
    subject = task(student, Teacher(LITEMEDSAM, 64), slices, close_up_size)
    subject.loss(subject.module, range(24), 0)
    assert set(student.sides) == sides and len(student.sides) == 24
    assert close_up_size is None or 6 <= student.sides.count(128) <= 18
    student.sides.clear()
    subject.validate(subject.module)
    assert student.sides == sorted(sides, reverse=True) * 2


@pytest.mark.parametrize("close_up_size", [128, None], ids=["teacher with close-ups", "teacher without"])
def test_both_see_the_same_place(slices, close_up_size):
    teacher = Teacher(dataclasses.replace(LITEMEDSAM, close_up_size=close_up_size), 64)
    subject = task(Student(), teacher, slices, 128)
    # The student's input goes from 0 to 1, the teacher's picture to 255.
    subject.module.register_forward_hook(lambda module, inputs, outputs: [255 * each for each in outputs])
    error = float(subject.loss(subject.module, range(24), 0))
    spread = float(np.var(slices[0].gray / 1.0)) / 16
    assert error < spread / 4
