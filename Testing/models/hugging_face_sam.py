"""The independent implementation: transformers' SAM ViT-B, driven with numpy arrays."""

import torch
from transformers import SamConfig, SamModel, SamPromptEncoderConfig, SamVisionConfig


class HuggingFaceSam:
    """``SamModel`` with the default configuration, which is ViT-B's.

    :param side: S, of the encoder's input.
    :param measures: of another encoder, as ``SamVisionConfig`` names them.
    """

    def __init__(self, side=1024, **measures):
        encoder = SamVisionConfig(image_size=side, **measures)
        self.model = SamModel(
            SamConfig(vision_config=encoder, prompt_encoder_config=SamPromptEncoderConfig(image_size=side))
        ).eval()

    @torch.inference_mode()
    def encode(self, prepared):
        """(3, S, S) to (256, S / 16, S / 16)."""
        return self.model.get_image_embeddings(torch.from_numpy(prepared)[None])[0].numpy()

    @torch.inference_mode()
    def decode(self, embedding, boxes=None, points=None, labels=None):
        """Prompts in the frame of the S×S input to logits (B, S / 4, S / 4) and scores (B,)."""
        output = self.model(
            image_embeddings=torch.from_numpy(embedding)[None],
            input_boxes=_batch(boxes),
            input_points=_batch(points),
            input_labels=_batch(labels),
            multimask_output=False,
        )
        return output.pred_masks[0, :, 0].numpy(), output.iou_scores[0, :, 0].numpy()


def _batch(array):
    """One image's prompts; None stays None."""
    return None if array is None else torch.from_numpy(array)[None]
