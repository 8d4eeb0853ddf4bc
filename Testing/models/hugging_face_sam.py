"""The independent implementation: transformers' SAM ViT-B, driven with numpy arrays."""

import torch
from transformers import SamConfig, SamModel, SamVisionConfig


class HuggingFaceSam:
    """``SamModel`` with the default configuration, which is ViT-B's.

    :param measures: of another encoder, as ``SamVisionConfig`` names them.
    """

    def __init__(self, **measures):
        self.model = SamModel(SamConfig(vision_config=SamVisionConfig(**measures))).eval()

    @torch.inference_mode()
    def encode(self, prepared):
        """(3, 1024, 1024) to (256, 64, 64)."""
        return self.model.get_image_embeddings(torch.from_numpy(prepared)[None])[0].numpy()

    @torch.inference_mode()
    def decode(self, embedding, boxes=None, points=None, labels=None):
        """Prompts in the frame of the 1024×1024 input to logits (B, 256, 256) and scores (B,)."""
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
