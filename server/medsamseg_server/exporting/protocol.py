"""What another program has to do round the exported parts, as data and in words: `protocol.json`."""

from __future__ import annotations

from typing import Any

from medsamseg_server import __version__
from medsamseg_server.exporting.onnx_parts import EMBEDDING, IMAGE, LABELS, LOGITS, POSITIONS, SCORES
from medsamseg_server.models.preprocessing import IMAGENET_DEVIATION, IMAGENET_MEAN
from medsamseg_server.models.specification import Coordinates, ModelSpecification, Resize, Scaling, Upsampling
from medsamseg_server.weights.registry import Checkpoint

#: Counts up when what a reader has to do changes.
PROTOCOL_VERSION = 1

_RESIZE = {
    Resize.STRETCH_BICUBIC: "to S×S, aspect ratio not kept; bicubic, smoothed before it is made smaller "
    "(scikit-image: order=3, anti_aliasing), then whole gray levels",
    Resize.LONGEST_SIDE_AREA: "longest side to S, the other round(side · S / longest side); mean of the covered pixels "
    "(OpenCV: INTER_AREA); zeros to the right and below, after scaling",
    Resize.LONGEST_SIDE_BILINEAR: "longest side to S, the other round(side · S / longest side); bilinear, widened when "
    "made smaller (Pillow: BILINEAR); zeros to the right and below, after scaling",
}
_SCALING = {
    Scaling.MIN_MAX: "(value - minimum) / (maximum - minimum) of the resized slice without padding; zeros where it is "
    "constant",
    Scaling.IMAGENET: "(value - mean) / deviation, for red, green and blue",
}
_COORDINATES = {
    Coordinates.RATIO_PER_AXIS: "x · resized width / width, y · resized height / height",
    Coordinates.ONE_RATIO_TRUNCATED: "x and y · S / longest side; the fraction of a box's corners is cut off",
}
_UPSAMPLING = {
    Upsampling.PROBABILITIES: "sigmoid of the logits, bilinear to the slice",
    Upsampling.CROPPED_LOGITS: "the first rows and columns of the logits, as many as the resized slice has; bilinear "
    "to the slice",
    Upsampling.LOGITS_AT_INPUT_SIZE: "logits bilinear to S×S, cropped to the resized slice, bilinear to the slice",
}


def describe_protocol(
    specification: ModelSpecification, checkpoint: Checkpoint, weights_sha256: str, files: dict[str, Any]
) -> dict[str, Any]:
    """Return the contents of `protocol.json`.

    Args:
        specification: the model.
        checkpoint: its weights' entry in the registry.
        weights_sha256: checksum of the weights' file.
        files: facts about the two files, as ``onnx_files.export_network`` gathers them.
    """
    channels, side, _ = specification.embedding_shape
    size, masks = specification.input_size, 4 * side
    scaling: dict[str, Any] = _rule(specification.scaling, _SCALING)
    if specification.scaling is Scaling.IMAGENET:
        scaling |= {"mean": IMAGENET_MEAN.tolist(), "deviation": IMAGENET_DEVIATION.tolist()}
    return {
        "protocol_version": PROTOCOL_VERSION,
        "made_by": f"medsamseg {__version__}",
        "model": {
            "name": specification.name,
            "title": specification.title,
            "license": checkpoint.license,
            "citation": checkpoint.citation,
            "weights_sha256": weights_sha256,
        },
        **files,
        "precision": "fp32",
        "shapes": {
            IMAGE: [1, 3, size, size],
            EMBEDDING: [1, channels, side, side],
            POSITIONS: ["objects", "points", 2],
            LABELS: ["objects", "points"],
            LOGITS: ["objects", 1, masks, masks],
            SCORES: ["objects", 1],
        },
        "input_size": size,
        "gray_levels": "0 to 255, whole, after the intensity window; one channel is written to all three",
        "resize": _rule(specification.resize, _RESIZE),
        "scaling": scaling,
        "coordinates": _rule(specification.coordinates, _COORDINATES)
        | {
            "frame": "pixel centers are integers, x to the right, y down; a box tight round the pixels i to j is [i, j]"
        },
        "labels": {"off_object": 0, "on_object": 1, "first_corner": 2, "second_corner": 3, "no_point": -1},
        "box": "two points, labels 2 and 3: the corner with the smaller x and y first",
        "points": "without a box, a point with the label -1 comes after them",
        "mask": _rule(specification.upsampling, _UPSAMPLING) | {"threshold": specification.mask_threshold},
    }


def _rule(choice: Any, texts: dict[Any, str]) -> dict[str, Any]:
    return {"rule": choice.name.lower(), "how": texts[choice]}
