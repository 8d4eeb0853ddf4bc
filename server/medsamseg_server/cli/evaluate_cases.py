"""Scoring the cases of ``medsamseg evaluate``, in this process or elsewhere, and what is kept of them."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from medsamseg_server.errors import MedSAMSegError
from medsamseg_server.evaluation.cases import Case
from medsamseg_server.evaluation.html import PICTURES_EACH, Picture
from medsamseg_server.evaluation.manifest import CaseEntry
from medsamseg_server.evaluation.pictures import draw_slice, worst_slice
from medsamseg_server.evaluation.report import Scores
from medsamseg_server.evaluation.runner import Outcome, Settings, Setup, run_evaluation
from medsamseg_server.weights.store import ModelStore

if TYPE_CHECKING:
    from medsamseg_server.engine.engine import Engine

Pictures = dict[tuple[Setup, str], list[Picture]]


@dataclass
class Found:
    """What was measured.

    Attributes:
        scores: of every combination and protocol, in the order of the cases.
        pictures: the worst slices of each; empty where none are wanted.
        notes: sentences to read about the cases.
        error: what ended the evaluation; None where nothing did.
    """

    scores: Scores
    pictures: Pictures = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    error: MedSAMSegError | None = None

    @classmethod
    def nothing(cls, settings: Settings) -> Found:
        """Return what is known before the first case, in the report's order: tight boxes, the first method first."""
        return cls(
            {
                Setup(model, method, jitter): {protocol.name: [] for protocol in settings.protocols}
                for model in settings.models
                for jitter in settings.jitters
                for method in settings.methods
            }
        )

    @classmethod
    def together(cls, settings: Settings, parts: Iterable[Found]) -> Found:
        """Return the scores and pictures of several cases, none of which ended the evaluation."""
        found = cls.nothing(settings)
        for part in parts:
            for setup, protocols in part.scores.items():
                for name, scores in protocols.items():
                    found.scores[setup][name] += scores
            for key, pictures in part.pictures.items():
                for picture in pictures:
                    _keep_worst(found.pictures.setdefault(key, []), picture)
        return found


@dataclass
class CaseScoring:
    """Scores cases one after the other with one engine; goes to other processes before the first.

    Attributes:
        settings: what to run.
        draws: whether the worst slices are drawn.
        options: of the engine; see ``engine_options.make_engine``.
        make_engine: that function, or what stands for it.
    """

    settings: Settings
    draws: bool
    options: argparse.Namespace
    make_engine: Callable[[argparse.Namespace, ModelStore], Engine]
    _engine: Engine | None = field(default=None, init=False)

    def __call__(self, entry: CaseEntry, on_score: Callable[[], object] = lambda: None) -> Found:
        """Return what was measured of a case, or what went wrong, calling ``on_score`` after each score."""
        found = Found.nothing(self.settings)
        try:
            if self._engine is None:
                self._engine = self.make_engine(self.options, ModelStore())
            for outcome in run_evaluation(self._engine, [entry], self.settings):
                found.notes = list(outcome.case.notes)
                found.scores[outcome.setup][outcome.protocol.name].append(outcome.score)
                if self.draws and isinstance(outcome.case, Case):
                    _keep_worst(
                        found.pictures.setdefault((outcome.setup, outcome.protocol.name), []),
                        _picture(outcome, outcome.case),
                    )
                on_score()
        except MedSAMSegError as error:
            found.error = error
        return found


def _picture(outcome: Outcome, case: Case) -> Picture:
    found = worst_slice(outcome)
    name = f"{outcome.score.case}/{outcome.score.target}"
    return Picture(name, found, draw_slice(outcome, case, found.index))


def _keep_worst(pictures: list[Picture], picture: Picture) -> None:
    pictures.append(picture)
    pictures.sort(key=lambda each: each.found.dice)
    del pictures[PICTURES_EACH:]
