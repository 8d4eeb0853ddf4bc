"""A network whose masks are like a trained one's, and a picture that it finds something in."""

import cv2
import numpy as np
from random_weights import randomize

from medsamseg_server.models.networks import build_network


def sharp_network(specification):
    """:return: a SAM-type network with random weights, whose masks are sharp and smaller than the picture."""
    network = randomize(build_network(specification), seed=5)
    for head in network.mask_decoder.output_hypernetworks_mlps:
        head.layers[-1].weight.mul_(20)
        head.layers[-1].bias.mul_(20).sub_(1.5)
    return network


def blots():
    """:return: a colored picture of blots, 60 rows of 80 pixels."""
    small = np.random.default_rng(0).integers(0, 255, (12, 16, 3)).astype(np.uint8)
    return cv2.resize(small, (80, 60), interpolation=cv2.INTER_CUBIC)
