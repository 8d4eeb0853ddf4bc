"""The training loop that all kinds of training share: progress, validation, best state, early stop, resuming.

Everything random in an epoch follows from the seed, the epoch and the sample, so that a run that was killed goes on to
the same result. Devices, several of them, and mixed precision are Lightning Fabric's.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
import torch
from torch import Tensor, nn

from medsamseg_server.errors import ErrorKind, MedSAMSegError
from medsamseg_server.system.safe_files import replacing
from medsamseg_server.training.averaging import WeightAverage
from medsamseg_server.training.curves import write_curves

if TYPE_CHECKING:
    from lightning_fabric import Fabric

_STATE = "state.pt"


class TrainingTask(Protocol):
    """What is learned: the loss of some samples, and how good the result is."""

    @property
    def module(self) -> nn.Module:
        """The network; what requires gradients in it is trained."""

    @property
    def size(self) -> int:
        """Number of training samples in an epoch."""

    def loss(self, module: nn.Module, samples: Sequence[int], epoch: int) -> Tensor:
        """Return the mean loss of some samples; ``module`` is the network as Fabric has wrapped it."""

    def validate(self, module: nn.Module) -> dict[str, float]:
        """Return measures of the present state; the one called ``score`` says how good it is, more is better."""


@dataclass(frozen=True)
class Schedule:
    """How long and how fast.

    Attributes:
        epochs: at most so many passes over the samples.
        batch_size: samples per step, over all devices.
        learning_rate: of AdamW, constant as in the paper.
        weight_decay: of AdamW.
        patience: stop after so many epochs without a better score.
        average: memory of the running average of the weights, which is measured and kept; 0 for the weights themselves.
        seed: of all that is random.
        save_steps: keep the state after so many steps, and at the end of each epoch.
    """

    epochs: int = 8
    batch_size: int = 8
    learning_rate: float = 1e-4
    weight_decay: float = 0.01
    patience: int = 3
    average: float = 0.0
    seed: int = 0
    save_steps: int = 50


@dataclass
class History:
    """How a run has gone.

    Attributes:
        rows: one per validation: epoch, loss (NaN before the first), and the measures of ``TrainingTask.validate``.
        best: index of the row with the best score.
    """

    rows: list[dict[str, float]] = field(default_factory=list)
    best: int = 0

    def add(self, row: dict[str, float]) -> bool:
        """Add a row; return whether it is the best one so far."""
        self.rows.append(row)
        is_best = len(self.rows) == 1 or row["score"] > self.rows[self.best]["score"]
        if is_best:
            self.best = len(self.rows) - 1
        return is_best

    @property
    def since_best(self) -> int:
        """Number of epochs since the best one."""
        return len(self.rows) - 1 - self.best


@dataclass(frozen=True)
class Step:
    """How far a run is, for a progress bar.

    Attributes:
        epoch: present epoch, from 0.
        step: steps done in it.
        steps: steps of an epoch.
        loss: mean loss of the epoch so far.
        row: measures at the end of an epoch, else None.
    """

    epoch: int
    step: int
    steps: int
    loss: float
    row: dict[str, float] | None = None


def make_fabric(device: str, devices: int, precision: str) -> Fabric:
    """Return a Lightning Fabric, launched.

    Args:
        device: ``auto``, ``cuda``, ``mps`` or ``cpu``.
        devices: how many of them.
        precision: as Fabric names it: ``32-true``, ``bf16-mixed``, ``16-mixed``.
    """
    from lightning_fabric import Fabric

    # It tells on standard error what it was asked for.
    logging.getLogger("lightning_fabric").setLevel(logging.WARNING)
    strategy = "ddp" if devices > 1 else "auto"
    precision_name: Any = precision
    fabric = Fabric(accelerator=device, devices=devices, strategy=strategy, precision=precision_name)
    fabric.launch()
    return fabric


def train(
    task: TrainingTask,
    schedule: Schedule,
    folder: Path,
    fabric: Fabric,
    progress: Callable[[Step], None] = lambda step: None,
) -> History:
    """Train, and leave the task's module with its best weights.

    Args:
        task: what is learned.
        schedule: how long and how fast.
        folder: gets the state to go on from, and the curves; a state that is there is continued.
        fabric: devices and precision.
        progress: called after every step and epoch.

    Raises:
        MedSAMSegError: ``state_unreadable``, ``loss_not_finite``.
    """
    run = _Run(task, schedule, folder, fabric, progress)
    run.restore()
    while not run.is_over:
        run.epoch()
    task.module.load_state_dict(run.best_weights, strict=False)
    return run.history


class _Run:
    """One run of the loop, and its state on disk."""

    def __init__(
        self, task: TrainingTask, schedule: Schedule, folder: Path, fabric: Fabric, progress: Callable[[Step], None]
    ) -> None:
        self._task = task
        self._schedule = schedule
        self._folder = folder
        self._fabric = fabric
        self._progress = progress
        frozen = {name for name, value in task.module.named_parameters() if not value.requires_grad}
        # With the statistics of batch normalization, which are no parameters.
        self._trained = [name for name in task.module.state_dict() if name not in frozen]
        parameters = [value for value in task.module.parameters() if value.requires_grad]
        optimizer = torch.optim.AdamW(parameters, lr=schedule.learning_rate, weight_decay=schedule.weight_decay)
        self._module, self._optimizer = fabric.setup(task.module, optimizer)
        self._average = WeightAverage(parameters, schedule.average)
        self.history = History()
        self.best_weights: dict[str, Tensor] = {}
        self._epoch = 0
        self._step = 0
        self._losses: list[float] = []

    @property
    def is_over(self) -> bool:
        return self._epoch >= self._schedule.epochs or self.history.since_best >= self._schedule.patience

    def restore(self) -> None:
        """Go on from the state on disk; without one, validate what training starts from."""
        path = self._folder / _STATE
        if not path.exists():
            self._validate(float("nan"))
            self._save()
            return
        try:
            state = torch.load(path, map_location="cpu", weights_only=True)
            self._task.module.load_state_dict(state["weights"], strict=False)
            self._optimizer.load_state_dict(state["optimizer"])
            self._average.restore(state["average"])
            self.history = History(state["rows"], state["best"])
            self.best_weights = state["best_weights"]
            self._epoch, self._step, self._losses = state["epoch"], state["step"], state["losses"]
        except Exception as error:
            raise MedSAMSegError(
                ErrorKind.UNREADABLE,
                "state_unreadable",
                f"The state of the training in {path} cannot be continued: {error}.",
                "Begin anew with --restart.",
            ) from error

    def epoch(self) -> None:
        """Do what is left of the present epoch, and validate."""
        batches = self._batches()
        for number in range(self._step, len(batches)):
            self._losses.append(self._train_on(batches[number]))
            self._step = number + 1
            self._progress(Step(self._epoch, self._step, len(batches), float(np.mean(self._losses))))
            if self._step % self._schedule.save_steps == 0:
                self._save()
        loss, steps = float(np.mean(self._losses)), self._step
        self._epoch, self._step, self._losses = self._epoch + 1, 0, []
        row = self._validate(loss)
        self._save()
        self._progress(Step(self._epoch - 1, steps, steps, loss, row))

    def _batches(self) -> list[list[int]]:
        order = np.random.default_rng([self._schedule.seed, self._epoch]).permutation(self._task.size)
        size = self._schedule.batch_size
        # Each device takes its part of a batch, so a batch that is smaller than the devices' number cannot be shared.
        starts = range(0, max(1, len(order) - self._fabric.world_size + 1), size)
        return [order[start : start + size].tolist() for start in starts]

    def _train_on(self, batch: list[int]) -> float:
        own = batch[self._fabric.global_rank :: self._fabric.world_size]
        loss = self._task.loss(self._module, own, self._epoch)
        if not torch.isfinite(loss):
            raise MedSAMSegError(
                ErrorKind.INTERNAL,
                "loss_not_finite",
                "The training has become unstable: its loss is not a number any more.",
                "Try a smaller --learning-rate, or --precision 32-true.",
            )
        self._optimizer.zero_grad()
        self._fabric.backward(loss)
        self._optimizer.step()
        self._average.update()
        mean: Any = self._fabric.all_reduce(loss.detach(), reduce_op="mean")
        return float(mean)

    def _validate(self, loss: float) -> dict[str, float]:
        with self._average.in_use():
            row = {"epoch": float(self._epoch), "loss": loss, **self._task.validate(self._module)}
            if self.history.add(row):
                weights = self._task.module.state_dict()
                self.best_weights = {name: weights[name].detach().cpu().clone() for name in self._trained}
        if self._fabric.is_global_zero:
            write_curves(self._folder, self.history.rows)
        return row

    def _save(self) -> None:
        if not self._fabric.is_global_zero:
            return
        weights = self._task.module.state_dict()
        state = {
            "weights": {name: weights[name] for name in self._trained},
            "optimizer": self._optimizer.state_dict(),
            "average": self._average.state(),
            "rows": self.history.rows,
            "best": self.history.best,
            "best_weights": self.best_weights,
            "epoch": self._epoch,
            "step": self._step,
            "losses": self._losses,
        }
        with replacing(self._folder / _STATE) as temporary:
            torch.save(state, temporary)
