"""What stands for the engine of `medsamseg batch`: importable, since processes that it starts get it by its name."""

import os
import sys
from pathlib import Path

from tqdm import tqdm

from medsamseg_server.engine.embedding_cache import EmbeddingCache
from medsamseg_server.engine.engine import Engine

sys.path.append(str(Path(__file__).parents[1] / "server"))
from server_fakes import EMBEDDING_BYTES, FakePredictor, Watch

#: The brightest gray level of images at which the network fails, each in its own way.
BROKEN, INTERRUPTED, DEADLY = 231, 232, 233


class Faults(Watch):
    """Fails at images of certain gray levels."""

    def encoding(self, prepared):
        super().encoding(prepared)
        level = self.encoded[-1]
        if level == BROKEN:
            raise ValueError("the network is broken")
        if level == INTERRUPTED:
            raise KeyboardInterrupt
        if level == DEADLY:
            os._exit(9)


def fake_engine(args, store, cache=None):
    """:return: an engine with the fake network, as `engine_options.make_engine`."""

    def load(specification, *_):
        return FakePredictor(specification, Faults())

    return Engine(store, cache, device=args.device, load_predictor=load)


def engine_with_little_room(args, store, cache):
    """:return: as `fake_engine`, for whose cache ten slices are all there is room for."""
    EmbeddingCache.room = 10 * EMBEDDING_BYTES
    return fake_engine(args, store, cache)


def doubled(item):
    """Work for processes: twice the item; 0 ends the process."""
    if item == 0:
        os._exit(9)
    return 2 * item


def barred(item):
    """Work for processes that makes a progress bar, as segmenting does."""
    return sum(tqdm([item, item], disable=True))


def marked(path):
    """Work for processes: ends the first process that tries it, and marks that at a path."""
    if not path.exists():
        path.touch()
        os._exit(9)
    return "done"
