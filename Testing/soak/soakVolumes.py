"""Volumes whose right masks, slices and embeddings are known, for a server with the fake network."""

import os
import sys
from pathlib import Path

import numpy as np

sys.path.append(str(Path(__file__).resolve().parents[1] / "server"))

from server_fakes import FAKE_SHA256, FakePredictor

from medsamseg_server.engine.embedding_cache import embedding_key
from medsamseg_server.engine.embedding_folder import EmbeddingFolder
from medsamseg_server.weights.catalog import get_specification

#: The voxels of these volumes are gray levels already.
WINDOW = "255,127.5"
SIZE = 96
SQUARE = slice(30, 50)
BOX = (24.0, 26.0, 56.0, 54.0)


def prepareHome(home):
    """Make the fake network's weights look installed; there is nothing in them.

    :param home: ``MEDSAMSEG_HOME``, from now on also of this process.
    """
    os.environ["MEDSAMSEG_HOME"] = str(home)
    (home / "weights").mkdir(parents=True)
    (home / "weights" / "lite_medsam.pth").write_bytes(b"the fake network needs none")


def makeVolume(seed, slices=40, size=SIZE):
    """:return: array (slices, size, size) of uint8: dark noise, with a bright square on all slices but the outer ones.

    :param seed: each has its own noise.
    """
    voxels = np.random.default_rng(seed).integers(0, 100, (slices, size, size), dtype=np.uint8)
    voxels[2:-2, SQUARE, SQUARE] = 200 + seed % 50
    return voxels


def rightMask(image, box=BOX):
    """:return: what the fake network finds in a box: the bright pixels."""
    rows, columns = np.indices(image.shape)
    x0, y0, x1, y1 = box
    return (image >= 128) & (columns >= x0) & (columns <= x1) & (rows >= y0) & (rows <= y1)


def wrongCacheEntries(folder, volumes):
    """Count entries that are damaged, or are not what their name says.

    :param folder: of the cache.
    :param volumes: the arrays whose slices may be in it.
    """
    network = FakePredictor(get_specification("litemedsam"))
    right = {}
    for volume in volumes:
        for image in volume:
            prepared = network.prepare(image)
            key = embedding_key(prepared, "litemedsam", FAKE_SHA256, network.precision)
            right[key] = network.encode_prepared(prepared).astype(np.float16)
    cache = EmbeddingFolder(folder, 2**40)
    wrong = 0
    for path in folder.glob("*.embedding"):
        kept = cache.read(path.stem)
        wrong += kept is None or not np.array_equal(kept, right.get(path.stem))
    return wrong
