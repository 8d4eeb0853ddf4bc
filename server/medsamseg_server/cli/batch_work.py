"""Carrying out a case of ``medsamseg batch``: whatever happens is its outcome, so that the others go on."""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from medsamseg_server.cli import batch_record
from medsamseg_server.cli.batch_case import Case, told_with_place
from medsamseg_server.cli.batch_record import CaseFiles, Outcome
from medsamseg_server.cli.output import refuse_to_replace_the_image
from medsamseg_server.cli.segment_measures import range_cells, rounded
from medsamseg_server.cli.segment_tasks import AskedObjects, make_tasks, tasks_of
from medsamseg_server.cli.terms import Terms
from medsamseg_server.engine.embedding_cache import EmbeddingCache
from medsamseg_server.engine.prompts import Prompt
from medsamseg_server.errors import ErrorKind, MedSAMSegError, shorten
from medsamseg_server.system.places import Place
from medsamseg_server.weights.store import ModelStore

if TYPE_CHECKING:
    from medsamseg_server.cli.segment_scan import Segmented
    from medsamseg_server.engine.engine import Engine
    from medsamseg_server.image_io.image import Image
    from medsamseg_server.image_io.labels import Labels


@dataclass
class CaseWork:
    """Segments cases one after the other with one engine; goes to other processes before the first.

    Attributes:
        folder: of the results.
        suffix: of the segmentations' files.
        options: of the engine; see ``engine_options.make_engine``.
        make_engine: that function, or what stands for it.
        place: where encoded slices are kept beside memory; None for nowhere.
    """

    folder: Path
    suffix: str
    options: argparse.Namespace
    make_engine: Callable[..., Engine]
    place: Place | None = None
    _engine: Engine | None = field(default=None, init=False)
    _seconds_loading: float = field(default=0.0, init=False)

    def __call__(self, case: Case, settings: dict[str, Any]) -> Outcome:
        """Segment a case that is not wrong, write its files, and return what became of it."""
        started = time.perf_counter()
        try:
            with told_with_place(case.row):
                return self._segment(case, settings, started)
        except MedSAMSegError as error:
            return Outcome.failed(error, round(time.perf_counter() - started, 3))
        except Exception as error:
            message = f"{case.row.place()}: Something unexpected went wrong: {type(error).__name__}: {error}"
            unexpected = MedSAMSegError(ErrorKind.INTERNAL, "internal", message, "Please report it.")
            return Outcome.failed(unexpected, round(time.perf_counter() - started, 3))

    def _segment(self, case: Case, settings: dict[str, Any], started: float) -> Outcome:
        from medsamseg_server.cli import segment_scan
        from medsamseg_server.image_io.film_names import is_film

        files = CaseFiles.of(self.folder, case.name, self.suffix)
        assert case.args is not None
        # What an earlier run has left was looked at before.
        args = argparse.Namespace(
            **vars(case.args) | {"output": files.unfinished, "overlay": files.picture, "force": True}
        )
        if is_film(args.image):
            message = f"{args.image.name} is a film."
            raise MedSAMSegError(ErrorKind.INVALID_INPUT, "case_unfit", message, "Follow it with: medsamseg segment")
        refuse_to_replace_the_image(args.image, files.output)
        found = segment_scan.segment(args, lambda image: _asked(case, args, image), self._load)
        # Networks are loaded once for all cases.
        seconds, self._seconds_loading = time.perf_counter() - started - self._seconds_loading, 0.0
        outcome = Outcome("done", round(seconds, 3), _rows(found), found.notes)
        batch_record.keep(files, settings, outcome)
        return outcome

    def _load(self, args: argparse.Namespace) -> Engine:
        started = time.perf_counter()
        if self._engine is None:
            cache = EmbeddingCache(folder=self.place)
            self._engine = self.make_engine(self.options, ModelStore(), cache)
        self._engine.predictor(args.model)
        self._seconds_loading = time.perf_counter() - started
        return self._engine


def _asked(case: Case, args: argparse.Namespace, image: Image) -> AskedObjects:
    if case.labels is None:
        return make_tasks(args)
    from medsamseg_server.image_io.label_reading import read_labels

    axis = args.axis or 0
    tasks = tasks_of(args, axis, _boxes(read_labels(case.labels, image), args.name, axis))
    return AskedObjects(tasks, Terms(args))


def _boxes(labels: Labels, name: str | None, axis: int) -> dict[str, dict[int, Prompt]]:
    """Return of each object the tight box on the slice where it is largest.

    Args:
        labels: in the scan's voxels.
        name: of the one object that is meant; None for all.
        axis: along which slices lie.

    Raises:
        MedSAMSegError: ``labels_empty``.
    """
    from medsamseg_server.evaluation.protocols import Jitter, Protocol

    found = {}
    for each in labels.numbers:
        if name is not None and each != name:
            continue
        parts = [part.voxels == part.value for part in labels.objects if part.name == each]
        mask = np.moveaxis(np.logical_or.reduce(parts), axis, 0)
        if mask.any():
            boxes = Protocol("propagate").prompts(mask, Jitter(), each).boxes
            found[each] = {index: Prompt(box) for index, box in boxes.items()}
    if not found:
        wanted = "an object" if name is None else f"'{shorten(name, 40)}'"
        names = ", ".join(shorten(each, 40) for each in list(labels.numbers)[:8]) or "nothing"
        message = f"{labels.source} has no voxel of {wanted}; it has {names}."
        hint = "Give a file with labels, and one of its names or numbers as the name."
        raise MedSAMSegError(ErrorKind.INVALID_INPUT, "labels_empty", message, hint)
    return found


def _rows(found: Segmented) -> list[dict[str, Any]]:
    """Return what tables say of each object; see ``Outcome.segments``."""
    segments = found.summary.get("segments", [found.summary])
    rows = []
    for (name, result), summary in zip(found.results.items(), segments, strict=True):
        measured = found.measured[name]
        diameters = None if measured is None else measured.diameters
        known = [(each.confidence.value, each.index) for each in result.results if each.confidence is not None]
        confidence, least_sure = min(known, default=(None, None))
        rows.append(
            {
                "segment": name,
                "volume_ml": summary["volume_ml"],
                "slices": summary["slices"],
                "longest_mm": None if diameters is None else rounded(diameters.longest.length),
                "perpendicular_mm": None if diameters is None else rounded(diameters.perpendicular.length),
                "confidence": None if confidence is None else round(confidence, 4),
                "least_sure_slice": least_sure,
                **range_cells(measured),
            }
        )
    return rows
