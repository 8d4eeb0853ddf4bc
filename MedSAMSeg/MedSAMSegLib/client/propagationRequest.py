"""What a propagation starts from, as the server's JSON has it."""

import base64

import numpy as np


def followed(prompts, first=None, last=None, locked=(), masks=None):
    """:return: the fields of a request that say what is followed; arguments as for :meth:`ServerClient.propagate`."""
    return {
        "prompts": [_slicePrompt(sliceIndex, box, (masks or {}).get(sliceIndex)) for sliceIndex, box in prompts],
        "first": first,
        "last": last,
        "locked": list(locked),
    }


def _slicePrompt(sliceIndex, box, mask):
    prompt = {"slice": sliceIndex, "box": list(box)}
    if mask is not None:
        x0, y0, pixels = mask
        rows, columns = pixels.shape
        prompt["mask"] = {
            "extent": [x0, y0, x0 + columns - 1, y0 + rows - 1],
            "bits": base64.b64encode(np.packbits(pixels).tobytes()).decode("ascii"),
        }
    return prompt
