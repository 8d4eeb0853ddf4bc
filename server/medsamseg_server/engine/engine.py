"""From a volume and prompts on a slice to masks: windowing, the embedding cache, and the network.

The command line calls this directly. The server calls ``find``, ``find_for`` and ``decode`` on any thread, and
everything else on its one encoding thread.
"""

from __future__ import annotations

import copy
import time
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from medsamseg_server.engine.answers import SliceCandidates, SliceSegmentation, slice_segmentation
from medsamseg_server.engine.box_vote import MARGINS, MIDDLE_MARGIN, widened
from medsamseg_server.engine.clicks import ClickedBox, box_round_click
from medsamseg_server.engine.decoding import decode_boxes, decode_prompts
from medsamseg_server.engine.embedding_cache import EmbeddingCache
from medsamseg_server.engine.exclusion import asked_for, without_excluded
from medsamseg_server.engine.loaded_networks import DEFAULT_UNLOAD_AFTER_SECONDS, LoadedNetworks, LoadPredictor
from medsamseg_server.engine.masks import Candidates
from medsamseg_server.engine.prompts import Box, Prompt, check_prompts, require_meanings
from medsamseg_server.engine.proposals import ProposalOptions, ProposalSearch
from medsamseg_server.engine.slice_embeddings import Embedded, SliceEmbeddings
from medsamseg_server.engine.slice_request import Framing, SliceRequest
from medsamseg_server.weights.catalog import get_specification
from medsamseg_server.weights.click_heads import has_click_head
from medsamseg_server.weights.registry import DEFAULT_MODEL

if TYPE_CHECKING:
    from medsamseg_server.models.predictor import Predictor
    from medsamseg_server.models.specification import ModelSpecification
    from medsamseg_server.weights.store import ModelStore


class Engine:
    """Segments slices with any of the models.

    A network is asked to encode and to decode at the same time, each by one thread at most.

    Args:
        store: where the weights are.
        cache: embeddings; by default some memory and no disk.
        device: ``auto``, ``cuda``, ``mps`` or ``cpu``.
        default_model: the model when a request names none.
        load_predictor: loads a network; that of ``runtime.choice`` unless a test brings its own.
        runtime: ``auto``, ``torch`` or ``openvino``.
        unload_after: seconds without work after which ``tidy`` unloads networks; 0 for never.
    """

    def __init__(
        self,
        store: ModelStore,
        cache: EmbeddingCache | None = None,
        device: str = "auto",
        default_model: str = DEFAULT_MODEL,
        load_predictor: LoadPredictor | None = None,
        runtime: str = "auto",
        unload_after: float = DEFAULT_UNLOAD_AFTER_SECONDS,
    ) -> None:
        self.store = store
        self.default_model = default_model
        self._embeddings = SliceEmbeddings(cache or EmbeddingCache())
        self._networks = LoadedNetworks(
            store,
            device,
            load_predictor
            or (lambda specification, weights, device: _load_predictor(specification, weights, device, runtime)),
            unload_after,
        )

    def with_cache(self, cache: EmbeddingCache) -> Engine:
        """Return an engine with embeddings of its own; it has the networks in common with this one."""
        other = copy.copy(self)
        other._embeddings = SliceEmbeddings(cache)
        return other

    @property
    def device(self) -> str:
        """``auto``, ``cuda``, ``mps`` or ``cpu``; the true one once a network is loaded."""
        return self._networks.device

    def is_loaded(self, model: str | None = None) -> bool:
        """Return whether the model's network is in memory."""
        return self._networks.has(model or self.default_model)

    def tidy(self) -> None:
        """Give back memory of networks that have had no work for a while; on the encoding thread, between steps."""
        self._networks.tidy()

    def check_model(self, model: str | None = None) -> str:
        """Return the model's name; raise ``model_unknown`` or ``model_missing`` if it cannot be used. Loads nothing."""
        name = model or self.default_model
        self.store.path(name)
        return name

    def predictor(self, model: str | None = None) -> Predictor:
        """Return the model's predictor, loaded on first use.

        Raises:
            MedSAMSegError: ``model_unknown``, ``model_missing``, or what is wrong with its file.
        """
        return self._networks.get(model or self.default_model)

    def check(self, request: SliceRequest, prompts: Sequence[Prompt]) -> None:
        """Raise what is wrong with a request or its prompts, as ``segment`` would. Loads nothing.

        Raises:
            MedSAMSegError: as ``check_model``, ``prompts.check_prompts``, ``prompts.require_meanings``,
                ``Volume.slice`` and ``Volume.window``.
        """
        self.check_model(request.model)
        self._check_prompts(request, prompts)
        _ = request.intensities

    def embed(self, request: SliceRequest) -> Embedded:
        """Return the embedding of a whole slice, from the cache where the encoder's exact input is known.

        Raises:
            MedSAMSegError: ``axis_invalid``, ``slice_out_of_range``, ``window_invalid``, or as ``predictor``.
        """
        predictor = self.predictor(request.model)
        return self._embeddings.embed(predictor, request, request.whole(predictor.specification))

    def find(self, request: SliceRequest) -> Embedded | None:
        """Return the embedding of a whole slice where it is known; encodes nothing and loads no network.

        Raises:
            MedSAMSegError: ``axis_invalid``, ``slice_out_of_range`` or ``window_invalid``.
        """
        predictor = self._networks.find(request.model or self.default_model)
        if predictor is None:
            return None
        return self._embeddings.find(predictor, request, request.whole(predictor.specification))

    def precompute(self, request: SliceRequest) -> bool:
        """Make sure that what is seen of a slice before there is a prompt is cached; as ``embed``.

        That is what large boxes are seen in, and what clicks begin with where a head for them was trained.

        Returns:
            Whether something had to be encoded.
        """
        predictor = self.predictor(request.model)
        framings = _seen_ahead(request, predictor.specification)
        encoded = [self._embeddings.fill(predictor, request, framing) for framing in framings]
        return any(encoded)

    def precomputed_bytes(self, request: SliceRequest) -> int:
        """Return how many bytes of the cache a slice takes that is precomputed; encodes nothing and loads no network.

        Raises:
            MedSAMSegError: as ``precompute``, and ``model_unknown``.
        """
        specification = get_specification(request.model or self.default_model)
        return sum(
            specification.at(framing.view.input_size).embedding_bytes for framing in _seen_ahead(request, specification)
        )

    def embed_for(self, request: SliceRequest, prompts: Sequence[Prompt]) -> list[Embedded]:
        """Return the embeddings that prompts, which have been checked, are decoded on; each is encoded once.

        They are those of ``exclusion.asked_for(prompts)``, in their order.

        Raises:
            MedSAMSegError: as ``embed``.
        """
        predictor = self.predictor(request.model)
        framings = request.framings(predictor.specification, asked_for(prompts))
        found = {framing: self._embeddings.embed(predictor, request, framing) for framing in dict.fromkeys(framings)}
        return [found[framing] for framing in framings]

    def framings_for(self, request: SliceRequest, prompts: Sequence[Prompt]) -> list[Framing] | None:
        """Return what ``embed_for`` would show the network; None where that is not loaded."""
        predictor = self._networks.find(request.model or self.default_model)
        return None if predictor is None else request.framings(predictor.specification, asked_for(prompts))

    def find_for(
        self, request: SliceRequest, prompts: Sequence[Prompt], or_ahead: bool = False
    ) -> list[Embedded] | None:
        """Return what ``embed_for`` would where all of it is known; encodes nothing and loads no network.

        Args:
            request: the slice.
            prompts: what is to be decoded.
            or_ahead: what was encoded ahead of the slice does instead, for a preview.

        Raises:
            MedSAMSegError: as ``find``.
        """
        predictor = self._networks.find(request.model or self.default_model)
        if predictor is None:
            return None
        framings = request.framings(predictor.specification, asked_for(prompts))
        known: dict[Framing, Embedded] = {}
        for framing in dict.fromkeys(framings):
            embedded = self._embeddings.find(predictor, request, framing)
            if embedded is None and or_ahead:
                embedded = self._embeddings.find(predictor, request, request.ahead(predictor.specification))
            if embedded is None:
                return None
            known[framing] = embedded
        return [known[framing] for framing in framings]

    def box_for_click(self, request: SliceRequest, point: tuple[float, float]) -> ClickedBox:
        """Return the box round the object at x, y on a slice, as the model has learned it from labeled scans.

        Raises:
            MedSAMSegError: ``point_outside_image``, as ``click_heads.load_click_head``, or as ``embed``.
        """
        check_prompts([Prompt(points=((*point, 1),))], request.image_size)
        head = self._networks.click_head(request.model or self.default_model)
        return box_round_click(head, point, request.image_size, lambda prompt: self.embed_for(request, [prompt])[0])

    def window_for(self, request: SliceRequest, box: Box) -> str:
        """Return a window text that means on every slice what the request's means for a box, which has been checked.

        Raises:
            MedSAMSegError: ``window_invalid``, or as ``predictor``.
        """
        return request.framings(self.predictor(request.model).specification, [Prompt(box)])[0].window.name

    def segment(self, request: SliceRequest, prompts: Sequence[Prompt]) -> SliceSegmentation:
        """Return one mask per prompt on a slice.

        Raises:
            MedSAMSegError: as ``check_prompts``, ``require_meanings`` and ``embed``.
        """
        self._check_prompts(request, prompts)
        embedded = self.embed_for(request, prompts)
        return self.decode(embedded, prompts, with_probabilities=request.with_probabilities)

    def segment_whole(self, request: SliceRequest, boxes: Sequence[Box]) -> SliceSegmentation:
        """Return one mask per box on a slice, decoded as it is on the whole of it, as the models' authors do.

        Raises:
            MedSAMSegError: as ``segment``.
        """
        check_prompts([Prompt(box) for box in boxes], request.image_size)
        embedded = self.embed(request)
        masks, seconds = self._decode_boxes(embedded, boxes, request.with_probabilities, is_exact=True)
        count = len(boxes)
        return slice_segmentation([embedded] * count, masks.slice_masks(), [None] * count, seconds)

    def candidates(
        self, request: SliceRequest, box: Box, more_boxes: Sequence[Box] = (), margins: Sequence[float] = MARGINS
    ) -> SliceCandidates:
        """Return masks for a vote on an object near a box: of the box with margins, all on what it is seen in.

        Args:
            request: the slice.
            box: x0, y0, x1, y1.
            more_boxes: others of the same object, each with one margin.
            margins: of the box, in pixels of the network's mask.

        Raises:
            MedSAMSegError: as ``segment``.
        """
        check_prompts([Prompt(each) for each in (box, *more_boxes)], request.image_size)
        embedded = self.embed_for(request, [Prompt(box)])[0]
        pixel = embedded.mask_pixel
        boxes = widened(box, margins, pixel, request.image_size)
        for each in more_boxes:
            # One that the network would not see is none.
            if embedded.framing.view.holds(each):
                boxes += widened(each, (MIDDLE_MARGIN,), pixel, request.image_size)
        masks, seconds = self._decode_boxes(embedded, boxes, request.with_probabilities)
        return SliceCandidates(masks, embedded.framing, embedded.seconds, seconds)

    def decode(
        self,
        embedded: Sequence[Embedded],
        prompts: Sequence[Prompt],
        quick: bool = False,
        with_probabilities: bool = False,
    ) -> SliceSegmentation:
        """Return one mask per prompt, which have been checked, each on its own embeddings of the slice.

        Args:
            embedded: of ``embed_for`` or ``find_for``.
            prompts: as there.
            quick: ask the network for each box once, for a preview.
            with_probabilities: the masks bring their probabilities along.
        """
        started = time.perf_counter()
        with self._networks.decoding:
            masks, agreements = decode_prompts(embedded, asked_for(prompts), quick, with_probabilities)
        left, agreed = without_excluded(prompts, masks, agreements)
        return slice_segmentation(embedded, left, agreed, time.perf_counter() - started)

    def search_proposals(self, embedded: Embedded, options: ProposalOptions) -> ProposalSearch:
        """Return the search for the objects of a slice that nobody has pointed at.

        Args:
            embedded: of ``embed`` or ``find``.
            options: what is asked and kept.

        Raises:
            MedSAMSegError: ``proposal_option`` or ``model_cannot_propose``.
        """
        options.check()
        return ProposalSearch(embedded, options, self._networks.decoding)

    def _decode_boxes(
        self, embedded: Embedded, boxes: Sequence[Box], with_probabilities: bool, is_exact: bool = False
    ) -> tuple[Candidates, float]:
        """Return the masks, and the time for them."""
        started = time.perf_counter()
        with self._networks.decoding:
            masks = decode_boxes(embedded, boxes, with_probabilities, is_exact)
        return masks, time.perf_counter() - started

    def _check_prompts(self, request: SliceRequest, prompts: Sequence[Prompt]) -> None:
        check_prompts(prompts, request.image_size)
        # What is known of a model that was trained here is in a file.
        if any(prompt.meaning is not None for prompt in prompts):
            require_meanings(get_specification(request.model or self.default_model), prompts)

    @property
    def precompute_room(self) -> int:
        """Bytes of embeddings that the cache can keep at once."""
        return self._embeddings.cache.room


def _seen_ahead(request: SliceRequest, specification: ModelSpecification) -> list[Framing]:
    """Return what is precomputed of a slice."""
    framings = [request.ahead(specification)]
    if has_click_head(specification.name):
        framings.append(request.whole(specification))
    return list(dict.fromkeys(framings))


def _load_predictor(specification: ModelSpecification, weights: Path, device: str, runtime: str) -> Predictor:
    from medsamseg_server.runtime.choice import load_predictor

    return load_predictor(specification, weights, device, runtime)
