"""A specialist network: a 2D U-Net that sees the slice and the box, as the MedSAM paper compares with.

Ma et al., Nat Commun 15:654 (2024), Methods: the box becomes a binary mask, and a further channel of the input. The
network itself is MONAI's. There is no embedding: what stands in its place is the prepared slice, so that a specialist
is used by the same calls as the SAM family.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn

from medsamseg_server.errors import ErrorKind, MedSAMSegError
from medsamseg_server.models.specification import ModelSpecification, UNetParameters

#: Of the image and the box.
_INPUT_CHANNELS = 2


class SpecialistNetwork(nn.Module):
    """A U-Net with the box as second channel.

    Attributes:
        u_net: (B, 2, S, S) to logits (B, 1, S, S).
    """

    def __init__(self, parameters: UNetParameters) -> None:
        super().__init__()
        self.u_net = _build_u_net(parameters)

    def encode(self, images: Tensor) -> Tensor:
        """Return what stands for the embeddings of prepared images (B, 3, S, S): one channel of them, (B, 1, S, S)."""
        return images[:, :1]

    def decode(
        self, embedding: Tensor, boxes: Tensor | None, points: tuple[Tensor, Tensor] | None
    ) -> tuple[Tensor, Tensor]:
        """Return the logits (B, S, S) of B objects on one image, and 0 (B,): a U-Net does not estimate its IoU.

        Args:
            embedding: the image's (1, 1, S, S).
            boxes: (B, 4) as x0, y0, x1, y1 in the frame of the S×S input.
            points: must be None.

        Raises:
            MedSAMSegError: ``specialist_needs_boxes``.
        """
        if boxes is None or points is not None:
            raise MedSAMSegError(
                ErrorKind.INVALID_INPUT,
                "specialist_needs_boxes",
                "This model is a specialist network, which understands boxes only.",
                "Draw a box without points, or choose another model.",
            )
        logits = self(embedding.expand(len(boxes), -1, -1, -1), boxes)
        return logits, logits.new_zeros(len(logits))

    def forward(self, images: Tensor, boxes: Tensor) -> Tensor:
        """Return the logits (B, S, S) of one object on each of the images (B, 1, S, S), by its box (B, 4)."""
        logits: Tensor = self.u_net(torch.cat((images, box_masks(boxes, images.shape[-1])), dim=1))
        return logits[:, 0]


def box_masks(boxes: Tensor, size: int) -> Tensor:
    """Return boxes (B, 4), as x0, y0, x1, y1 with pixel centers at integers, as masks (B, 1, size, size) of 0 and 1."""
    positions = torch.arange(size, device=boxes.device)
    x0, y0, x1, y1 = (boxes[:, side, None] for side in range(4))
    columns = (positions >= x0) & (positions <= x1)
    rows = (positions >= y0) & (positions <= y1)
    return (rows[:, None, :, None] & columns[:, None, None, :]).to(boxes.dtype)


def build_specialist(specification: ModelSpecification) -> SpecialistNetwork:
    """Return the U-Net of ``specification`` with random weights, in evaluation mode.

    Raises:
        MedSAMSegError: ``monai_missing``.
    """
    if not isinstance(specification.decoder, UNetParameters):
        raise ValueError(f"{specification.title} is no specialist: {specification.decoder}")
    return SpecialistNetwork(specification.decoder).eval().requires_grad_(False)


def _build_u_net(parameters: UNetParameters) -> nn.Module:
    try:
        # An extra of the package: only specialists need it.
        from monai.networks.nets.unet import UNet
    except ImportError as error:
        raise MedSAMSegError(
            ErrorKind.INVALID_INPUT,
            "monai_missing",
            "A specialist network needs the package MONAI, which is not installed.",
            "Install it with: pip install 'medsamseg-server[train]'",
        ) from error
    # The class is typed as a function by its decorator.
    make: Any = UNet
    network: nn.Module = make(
        spatial_dims=2,
        in_channels=_INPUT_CHANNELS,
        out_channels=1,
        channels=parameters.widths,
        strides=parameters.strides,
        num_res_units=parameters.residual_units,
        norm=("instance", {"affine": True}),
    )
    return network
