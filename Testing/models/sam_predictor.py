"""segment-anything's own predictor, on a network of ours."""

import numpy as np
from automatic_masks import sam_of


def three_answers(network, pixels, prompts):
    """Yield for each prompt the masks, bool (3, H, W), and scores that ``SamPredictor`` gives with several answers.

    :param network: a ``SamNetwork``.
    :param pixels: uint8 (H, W, 3).
    :param prompts: (box x0, y0, x1, y1 or None, points as (x, y, label)) of each.
    """
    with sam_of(network) as sam:
        from segment_anything import SamPredictor

        predictor = SamPredictor(sam)
        predictor.set_image(pixels)
        for box, points in prompts:
            triples = np.array(points, float).reshape(-1, 3)
            masks, scores, _logits = predictor.predict(
                point_coords=triples[:, :2] if len(triples) else None,
                point_labels=triples[:, 2] if len(triples) else None,
                box=None if box is None else np.array(box),
                multimask_output=True,
            )
            yield masks, scores
