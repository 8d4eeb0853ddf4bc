"""An average of the weights over the last steps, which generalizes better than wherever the last step happens to lead.

Exponential averaging as `torch.optim.swa_utils` has it, but of the trained parameters alone, which are few where only
the decoder is trained.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import torch
from torch import Tensor

# The average begins short, so that it does not hang on to where training started.
_WARM_UP = 10


class WeightAverage:
    """The running average of some parameters.

    Args:
        parameters: that are trained.
        memory: how much of the average each step leaves, 0 for no averaging; 0.99 is an average over about 100 steps.
    """

    def __init__(self, parameters: Sequence[Tensor], memory: float) -> None:
        self._parameters = list(parameters)
        self._memory = memory
        self._steps = 0
        self._values = [parameter.detach().clone() for parameter in parameters]

    @torch.no_grad()
    def update(self) -> None:
        """Take the present weights into the average."""
        self._steps += 1
        memory = min(self._memory, self._steps / (self._steps + _WARM_UP))
        for value, parameter in zip(self._values, self._parameters, strict=True):
            value.lerp_(parameter.detach(), 1 - memory)

    @contextmanager
    def in_use(self) -> Iterator[None]:
        """Let the parameters be their average for a while."""
        self._exchange()
        try:
            yield
        finally:
            self._exchange()

    def state(self) -> dict[str, object]:
        """Return what ``restore`` takes."""
        return {"steps": self._steps, "values": self._values}

    @torch.no_grad()
    def restore(self, state: dict[str, object]) -> None:
        """Go on from a state."""
        steps, values = state["steps"], state["values"]
        assert isinstance(steps, int) and isinstance(values, list)
        self._steps = steps
        for value, kept in zip(self._values, values, strict=True):
            value.copy_(kept)

    @torch.no_grad()
    def _exchange(self) -> None:
        for value, parameter in zip(self._values, self._parameters, strict=True):
            kept = parameter.detach().clone()
            parameter.copy_(value)
            value.copy_(kept)
