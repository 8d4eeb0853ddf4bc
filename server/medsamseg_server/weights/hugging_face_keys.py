"""Tensor names of the transformers library's ``SamModel``, translated to those of the authors' checkpoints."""

from __future__ import annotations

import re

#: Beginning of names that only transformers uses.
HUGGING_FACE_ENCODER = "vision_encoder."

_MLP = r"(iou_prediction_head|output_hypernetworks_mlps\.\d+)"

# Applied one after the other. The general rules at the end meet what the special ones before them have left.
_RULES = tuple(
    (re.compile(pattern), replacement)
    for pattern, replacement in (
        # One matrix that transformers stores for the image and for the prompts.
        (
            r"^(shared_image_embedding|prompt_encoder\.shared_embedding)\.positional_embedding$",
            "prompt_encoder.pe_layer.positional_encoding_gaussian_matrix",
        ),
        (r"^vision_encoder\.layers\.", "image_encoder.blocks."),
        (r"^vision_encoder\.patch_embed\.projection\.", "image_encoder.patch_embed.proj."),
        (r"^vision_encoder\.", "image_encoder."),
        (r"\.neck\.conv1\.", ".neck.0."),
        (r"\.neck\.layer_norm1\.", ".neck.1."),
        (r"\.neck\.conv2\.", ".neck.2."),
        (r"\.neck\.layer_norm2\.", ".neck.3."),
        (r"\.point_embed\.", ".point_embeddings."),
        (r"\.mask_embed\.conv1\.", ".mask_downscaling.0."),
        (r"\.mask_embed\.layer_norm1\.", ".mask_downscaling.1."),
        (r"\.mask_embed\.conv2\.", ".mask_downscaling.3."),
        (r"\.mask_embed\.layer_norm2\.", ".mask_downscaling.4."),
        (r"\.mask_embed\.conv3\.", ".mask_downscaling.6."),
        (r"\.upscale_conv1\.", ".output_upscaling.0."),
        (r"\.upscale_layer_norm\.", ".output_upscaling.1."),
        (r"\.upscale_conv2\.", ".output_upscaling.3."),
        (rf"\.{_MLP}\.layers\.0\.", r".\1.layers.1."),
        (rf"\.{_MLP}\.proj_in\.", r".\1.layers.0."),
        (rf"\.{_MLP}\.proj_out\.", r".\1.layers.2."),
        (r"\.layer_norm", ".norm"),
    )
)


def official_name(hugging_face_name: str) -> str:
    """Return the name that the tensor has in the authors' checkpoints.

    Not one to one: transformers stores the positional matrix twice.
    """
    name = hugging_face_name
    for pattern, replacement in _RULES:
        name = pattern.sub(replacement, name)
    return name
