"""How far the processor's runtimes and number formats change masks, on real volumes with labels.

Usage: measure_precision.py FOLDER [--models litemedsam mobilesam] [--weights mobilesam=FILE] [--every 2]

FOLDER has a ``manifest.json``: cases with image, labels, window and targets (name to label value). Every target gets
its tight box on every n-th slice; each mask is compared with that of PyTorch in single precision. Prints a table.
"""

import argparse
import json
from collections import defaultdict
from pathlib import Path

import numpy as np
import openvino
import SimpleITK as sitk

from medsamseg_server.models.predictor import Predictor
from medsamseg_server.runtime.openvino_networks import compile_parts
from medsamseg_server.runtime.openvino_runtime import OpenVinoRunner
from medsamseg_server.runtime.torch_runtime import TorchRunner
from medsamseg_server.system.allocator import keep_freed_memory
from medsamseg_server.volumes.volume import Volume
from medsamseg_server.weights.catalog import get_specification
from medsamseg_server.weights.loading import load_network
from medsamseg_server.weights.store import ModelStore

#: Precision of the encoder and of the decoder.
VARIANTS = (("fp32", "fp32"), ("fp32", "bf16"), ("mixed", "fp32"), ("mixed", "bf16"), ("bf16", "bf16"))
SMALLEST_TARGET = 20


def main():
    arguments = parse_arguments()
    keep_freed_memory()
    files = dict(pair.split("=", 1) for pair in arguments.weights)
    print("| model | encoder, decoder | masks | IoU mean | 5th percentile | lowest | embedding moved |")
    print("|---|---|---|---|---|---|---|")
    for model in arguments.models:
        path = Path(files[model]) if model in files else ModelStore().path(model)
        measure(get_specification(model), path, arguments)


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--models", nargs="+", default=["litemedsam"])
    parser.add_argument("--weights", nargs="*", default=[], metavar="MODEL=FILE")
    parser.add_argument("--every", type=int, default=2)
    return parser.parse_args()


def measure(specification, weights, arguments):
    network, _digest = load_network(specification, weights)
    reference = Predictor(specification, TorchRunner(network), "")
    compiled = {
        precision: compile_parts(openvino.Core(), network, specification.input_size, precision)
        for precision in dict.fromkeys(sum(VARIANTS, ()))
    }
    others = {
        (first, second): Predictor(
            specification, OpenVinoRunner({**compiled[second], "encoder": compiled[first]["encoder"]}, first), ""
        )
        for first, second in VARIANTS
    }
    overlaps, moved = defaultdict(list), defaultdict(list)
    for pixels, boxes in slices_with_boxes(arguments.folder, arguments.every):
        embedding = reference.encode(pixels)
        expected = reference.decode(embedding, pixels.shape, boxes).masks
        embeddings = {first: predictor.encode(pixels) for (first, _second), predictor in others.items()}
        for (first, second), predictor in others.items():
            # As the cache rounds it.
            found = predictor.decode(embeddings[first].astype(np.float16), pixels.shape, boxes).masks
            overlaps[first, second] += [iou(*pair) for pair in zip(found, expected, strict=True)]
            moved[first, second].append(np.abs(embeddings[first] - embedding).mean() / np.abs(embedding).mean())
    for variant, values in overlaps.items():
        print(
            f"| {specification.name} | {', '.join(variant)} | {len(values)} | {np.mean(values):.4f} | "
            f"{np.quantile(values, 0.05):.4f} | {min(values):.4f} | {100 * np.mean(moved[variant]):.2f} % |",
            flush=True,
        )


def slices_with_boxes(folder, every):
    """Yield gray levels of a slice and the tight boxes (B, 4) of the targets on it."""
    for case in json.loads((folder / "manifest.json").read_text())["cases"]:
        volume = Volume.from_array(read(folder / case["image"]))
        labels = read(folder / case["labels"])
        window = volume.window(case["window"])
        for index in range(0, len(labels), every):
            boxes = [
                (x.min(), y.min(), x.max(), y.max())
                for y, x in (np.nonzero(labels[index] == value) for value in case["targets"].values())
                if len(x) >= SMALLEST_TARGET and x.min() < x.max() and y.min() < y.max()
            ]
            if boxes:
                yield window.apply(volume.slice(0, index)), np.array(boxes)


def read(path):
    return sitk.GetArrayFromImage(sitk.ReadImage(str(path)))


def iou(first, second):
    union = np.count_nonzero(first | second)
    return np.count_nonzero(first & second) / union if union else 1.0


if __name__ == "__main__":
    main()
