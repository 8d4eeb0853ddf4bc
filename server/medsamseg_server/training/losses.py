"""The published losses: unweighted Dice and cross-entropy, and for LiteMedSAM the error of the predicted IoU.

``train_one_gpu.py`` of bowang-lab/MedSAM, on its branch LiteMedSAM also for the IoU.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

# Keeps the Dice of an empty mask defined; MONAI's default, with which both models were trained.
_SMOOTH = 1e-5


class MaskLoss(nn.Module):
    """Dice with squared predictions plus cross-entropy of logits (B, H, W) against masks (B, H, W) of 0 and 1.

    The Dice is that of MONAI's ``DiceLoss(sigmoid=True, squared_pred=True)``, which takes seconds to import.
    """

    def forward(self, logits: Tensor, masks: Tensor) -> Tensor:
        """Return the loss, a scalar."""
        shares = logits.sigmoid()
        common = (shares * masks).sum((1, 2))
        squares = shares.square().sum((1, 2)) + masks.square().sum((1, 2))
        dice = 1 - (2 * common + _SMOOTH) / (squares + _SMOOTH)
        return dice.mean() + functional.binary_cross_entropy_with_logits(logits, masks)


def iou_loss(scores: Tensor, logits: Tensor, masks: Tensor) -> Tensor:
    """Return the mean squared error of the predicted IoU (B,) against that of the logits' mask (B, H, W)."""
    with torch.no_grad():
        predicted, wanted = logits > 0, masks > 0.5
        union = (predicted | wanted).sum((1, 2)).clamp(min=1)
        iou = (predicted & wanted).sum((1, 2)) / union
    return functional.mse_loss(scores, iou.to(scores.dtype))
