"""Encoding the slices of a scan for ``medsamseg cache precompute``, in this process or elsewhere."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any

from medsamseg_server.engine.embedding_cache import EmbeddingCache
from medsamseg_server.engine.precomputing import Precomputation, PrecomputeRequest, Scan, read_volume
from medsamseg_server.errors import MedSAMSegError
from medsamseg_server.system.places import Place
from medsamseg_server.weights.store import ModelStore

if TYPE_CHECKING:
    from medsamseg_server.engine.engine import Engine
    from medsamseg_server.volumes.volume import Volume


@dataclass
class ScanWork:
    """Encodes scans one after the other with one engine; goes to other processes before the first.

    Attributes:
        request: which embeddings are wanted.
        place: of the cache.
        quota: of a folder, in bytes; None for a store.
        scans: number of scans that share the folder's room, where several are encoded at a time; else None.
        options: of the engine; see ``engine_options.make_engine``.
        make_engine: that function, or what stands for it.
    """

    request: PrecomputeRequest
    place: Place
    quota: int | None
    scans: int | None
    options: argparse.Namespace
    make_engine: Callable[..., Engine]
    _precomputation: Precomputation | None = field(default=None, init=False)
    _room: int = field(default=0, init=False)

    def __call__(
        self,
        scan: Scan,
        on_size: Callable[[int], object] = lambda _: None,
        on_slice: Callable[[], object] = lambda: None,
    ) -> dict[str, Any]:
        """Encode what is missing of a scan; return ``PrecomputedScan`` as a dictionary, or its ``error``.

        Args:
            scan: that is read here.
            on_size: called with the number of its slices before the first.
            on_slice: called after each.
        """
        place = {"path": str(scan.path), "series": scan.series}
        try:
            volume = read_volume(scan)
            precomputation = self._prepared()
            on_size(precomputation.slice_count(volume))
            return {**place, **self._encode(precomputation, volume, on_slice)}
        except MedSAMSegError as error:
            return {**place, **as_result(error)}

    def load(self) -> None:
        """Load the network now, so that what is wrong with it is known before the first scan."""
        self._prepared()

    def _encode(self, precomputation: Precomputation, volume: Volume, on_slice: Callable[[], object]) -> dict[str, Any]:
        result = precomputation.run(volume, on_slice)
        return {**asdict(result), "seconds": round(result.seconds, 3)}

    def _prepared(self) -> Precomputation:
        if self._precomputation is None:
            engine = self.make_engine(self.options, ModelStore(), EmbeddingCache(0, self.place, self.quota))
            engine.predictor(self.request.model)
            self._precomputation = Precomputation(engine, self.request)
            self._room = self._precomputation.room
        if self.scans is not None:
            # What other processes encode meanwhile is not known here, so each scan gets an equal share of the room.
            self._precomputation.room = self._room // self.scans
        return self._precomputation


def as_result(error: MedSAMSegError) -> dict[str, Any]:
    """Return what is told of a scan that could not be encoded."""
    return {"error": {"code": error.code, "message": error.message, "hint": error.hint}}
