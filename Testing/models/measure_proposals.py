"""Proposals beside segment-anything's own generator, on the same weights and pictures of scikit-image: masks and time.

Usage: measure_proposals.py [--model mobilesam] [--weights FILE] [--pictures coffee …] [--points 32] [--precision fp32]

Prints a table: how many masks each found, the least and the mean IoU of theirs with the nearest of ours, and the
processor's seconds that each took, which other work on the computer changes less than the time of day.
"""

import argparse
import time
from pathlib import Path

import numpy as np
import skimage.data
from automatic_masks import generate

from medsamseg_server.engine.engine import Engine
from medsamseg_server.engine.proposals import ProposalOptions
from medsamseg_server.engine.slice_request import SliceRequest
from medsamseg_server.runtime import choice, openvino_runtime
from medsamseg_server.volumes.volume import Volume
from medsamseg_server.weights.catalog import get_specification
from medsamseg_server.weights.loading import load_network
from medsamseg_server.weights.store import ModelStore

PICTURES = ("coffee", "immunohistochemistry", "retina")


def main():
    arguments = parse_arguments()
    weights = arguments.weights or ModelStore().path(arguments.model)
    network, _digest = load_network(get_specification(arguments.model), weights)
    engine = make_engine(arguments.model, weights, arguments.precision)
    print("| picture | pixels | masks, theirs | ours | IoU, least | mean | seconds, theirs | ours | ratio |")
    print("|---|---|---|---|---|---|---|---|---|")
    for name in arguments.pictures:
        pixels = np.ascontiguousarray(getattr(skimage.data, name)())
        expected, slow = timed(generate, network, pixels, points_per_side=arguments.points)
        found, fast = timed(propose, engine, pixels, arguments.points)
        overlaps = [nearest(each["segmentation"], found) for each in expected]
        height, width = pixels.shape[:2]
        print(
            f"| {name} | {width} × {height} | {len(expected)} | {len(found)} | {min(overlaps, default=1):.4f} | "
            f"{np.mean(overlaps or [1]):.4f} | {slow:.1f} | {fast:.1f} | {slow / fast:.2f} |",
            flush=True,
        )


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", default="mobilesam")
    parser.add_argument("--weights", type=Path)
    parser.add_argument("--pictures", nargs="+", default=PICTURES, metavar="NAME")
    parser.add_argument("--points", type=int, default=32)
    parser.add_argument("--precision", help="of our network with OpenVINO (default: what users get)")
    return parser.parse_args()


def make_engine(model, weights, precision=None):
    """Return an engine with a model's weights from a file, loaded."""

    class Weights(ModelStore):
        def path(self, _model):
            return weights

    def load(specification, path, device):
        if precision is None:
            return choice.load_predictor(specification, path, device)
        return openvino_runtime.load_predictor(specification, path, precision)

    engine = Engine(Weights(), default_model=model, load_predictor=load)
    engine.predictor()
    return engine


def propose(engine, pixels, points):
    """Return our masks, bool (H, W) each, encoding included."""
    request = SliceRequest(Volume.from_array(pixels[None]), 0, 0)
    search = engine.search_proposals(engine.embed(request), ProposalOptions(points))
    for _ in search.steps():
        pass
    return [each.mask.to_array(pixels.shape[:2]) for each in search.proposals()]


def timed(call, *arguments, **options):
    started = time.process_time()
    return call(*arguments, **options), time.process_time() - started


def nearest(mask, others):
    return max((np.count_nonzero(mask & each) / np.count_nonzero(mask | each) for each in others), default=0)


if __name__ == "__main__":
    main()
