"""The networks in memory: loaded when they are first needed, the one unused for longest out, all of them when idle."""

from __future__ import annotations

import logging
import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

from medsamseg_server.system.allocator import give_back_freed_memory
from medsamseg_server.weights.catalog import get_specification
from medsamseg_server.weights.click_heads import find_click_head, load_click_head

if TYPE_CHECKING:
    from medsamseg_server.models.click_head import ClickHead
    from medsamseg_server.models.predictor import Predictor
    from medsamseg_server.models.specification import ModelSpecification
    from medsamseg_server.weights.store import ModelStore

#: (specification, weights file, "auto" | "cuda" | "mps" | "cpu") to a predictor.
LoadPredictor: TypeAlias = "Callable[[ModelSpecification, Path, str], Predictor]"

#: Loaded networks; a third one replaces the one unused for longest.
_LOADED_AT_ONCE = 2
# After so long without work the memory of intermediate results is given back; taking it again costs a click 20 ms.
_RELEASED_AFTER_SECONDS = 60.0
#: … and after so long networks are unloaded; loading them again costs a click a second or two.
DEFAULT_UNLOAD_AFTER_SECONDS = 1800.0

logger = logging.getLogger(__name__)


class LoadedNetworks:
    """Networks by the name of their model. Several engines may have them in common.

    Args:
        store: where the weights are.
        device: ``auto``, ``cuda``, ``mps`` or ``cpu``; the true one once a network is loaded.
        load_predictor: loads a network.
        unload_after: seconds without work after which ``tidy`` unloads all; 0 for never.
        clock: tells seconds.
    """

    def __init__(
        self,
        store: ModelStore,
        device: str,
        load_predictor: LoadPredictor,
        unload_after: float = DEFAULT_UNLOAD_AFTER_SECONDS,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.store = store
        self.device = device
        #: Held while a network decodes.
        self.decoding = threading.Lock()
        self._load_predictor = load_predictor
        self._predictors: OrderedDict[str, Predictor] = OrderedDict()
        self._click_heads: dict[str, tuple[str, ClickHead]] = {}
        self._unload_after = unload_after
        self._clock = clock
        self._used = clock()
        self._is_released = True

    def has(self, name: str) -> bool:
        """Return whether a model's network is loaded; on any thread."""
        return name in self._predictors

    def find(self, name: str) -> Predictor | None:
        """Return a model's predictor where it is loaded, for work; on any thread."""
        self._used, self._is_released = self._clock(), False
        return self._predictors.get(name)

    def get(self, name: str) -> Predictor:
        """Return a model's predictor, loaded on first use; on one thread only.

        Raises:
            MedSAMSegError: ``model_unknown``, ``model_missing``, or what is wrong with its file.
        """
        predictor = self.find(name)
        if predictor is None:
            specification = get_specification(name)
            predictor = self._load_predictor(specification, self.store.path(name), self.device)
            self.device = predictor.device
            if specification.close_up_size is not None:
                # Now, so that the first close-up is as fast as every other.
                predictor.at(specification.close_up_size)
            while len(self._predictors) >= _LOADED_AT_ONCE:
                self._predictors.popitem(last=False)
            self._predictors[name] = predictor
        # Never out of the dictionary for a moment: other threads ask whether the model is loaded.
        self._predictors.move_to_end(name)
        return predictor

    def tidy(self) -> None:
        """Give back memory of networks that have had no work for a while; on the thread of ``get``, which has none."""
        idle = self._clock() - self._used
        if self._predictors and self._unload_after and idle >= self._unload_after:
            self._predictors.clear()
            self._click_heads.clear()
            give_back_freed_memory()
            logger.info("Networks were unloaded after %.0f minutes without work.", idle / 60)
        elif idle >= _RELEASED_AFTER_SECONDS and not self._is_released:
            self._is_released = True
            with self.decoding:
                for predictor in self._predictors.values():
                    predictor.release()
            give_back_freed_memory()

    def click_head(self, name: str) -> ClickHead:
        """Return what makes a box of a click for a model, loaded on first use and when it was trained anew.

        Raises:
            MedSAMSegError: as ``click_heads.load_click_head`` and ``get``.
        """
        sha256 = find_click_head(name).sha256
        if name not in self._click_heads or self._click_heads[name][0] != sha256:
            self._click_heads[name] = sha256, load_click_head(name, self.get(name).weights_sha256)
        return self._click_heads[name][1]
