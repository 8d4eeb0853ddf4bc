"""The published losses: unweighted Dice and cross-entropy, and for LiteMedSAM the error of the predicted IoU.

``train_one_gpu.py`` of bowang-lab/MedSAM, on its branch LiteMedSAM also for the IoU.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from medsamseg_server.training.extras import require_training_packages


class MaskLoss(nn.Module):
    """Dice with squared predictions plus cross-entropy of logits (B, H, W) against masks (B, H, W) of 0 and 1."""

    def __init__(self) -> None:
        super().__init__()
        require_training_packages()
        from monai.losses.dice import DiceLoss

        # The class is typed as a function by its decorator.
        make: Any = DiceLoss
        self._dice: nn.Module = make(sigmoid=True, squared_pred=True, reduction="mean")

    def forward(self, logits: Tensor, masks: Tensor) -> Tensor:
        """Return the loss, a scalar."""
        dice: Tensor = self._dice(logits[:, None], masks[:, None])
        return dice + functional.binary_cross_entropy_with_logits(logits, masks)


def iou_loss(scores: Tensor, logits: Tensor, masks: Tensor) -> Tensor:
    """Return the mean squared error of the predicted IoU (B,) against that of the logits' mask (B, H, W)."""
    with torch.no_grad():
        predicted, wanted = logits > 0, masks > 0.5
        union = (predicted | wanted).sum((1, 2)).clamp(min=1)
        iou = (predicted & wanted).sum((1, 2)) / union
    return functional.mse_loss(scores, iou.to(scores.dtype))
