"""One search for the objects of a slice: asked for on a worker thread, told on the main thread."""

from __future__ import annotations

import dataclasses
import uuid
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from MedSAMSegLib.proposals.proposal import Proposal
from MedSAMSegLib.runs.streamedRun import StreamedRun

if TYPE_CHECKING:
    from MedSAMSegLib.client.serverClient import ServerClient
    from MedSAMSegLib.client.volumeUpload import VolumeUpload
    from MedSAMSegLib.proposals.proposal import ProposalSource


@dataclasses.dataclass(frozen=True)
class SearchProgress:
    """What a progress function is told now and then; prints as a sentence.

    :param done: number of points that were asked.
    :param total: number of points of the grid.
    """

    done: int
    total: int

    def __str__(self) -> str:
        return f"{self.done} of {self.total} points asked"


class ProposalRun(StreamedRun):
    """Gathers the proposals of one slice. Its result is a list of :class:`Proposal`, empty when it was cancelled.

    :param connect: function without arguments that returns the client; runs on the worker, may start the server.
    :param upload: the :class:`VolumeUpload` of the volume.
    :param source: the :class:`ProposalSource`; its model may be None for the server's usual one.
    :param options: keyword arguments of :meth:`ServerClient.propose` about what is asked and kept.
    :param progress: called with a :class:`SearchProgress`; returning False cancels.
    """

    def __init__(
        self,
        connect: Callable[[], ServerClient],
        upload: VolumeUpload,
        source: ProposalSource,
        options: Mapping[str, float],
        progress: Callable[..., Any] | None = None,
    ) -> None:
        self.result: list[Proposal] = []
        #: Whether it was stopped before its end; nothing is kept of it then.
        self.wasCancelled = True
        self._upload = upload
        self._source = source
        self._options = options
        self._progress = progress
        self._total = 0
        self._job = uuid.uuid4().hex
        super().__init__(connect, [self._job])

    @property
    def source(self) -> ProposalSource:
        """The :class:`ProposalSource`: where it looks, with the model once that is known."""
        return self._source

    def _events(self):
        return self._streamed(self._upload, self._start)

    def _start(self, client, key):
        source = self._source
        place = source.axis, source.sliceIndex, source.window, source.model
        return client.propose(key, *place, job=self._job, **self._options)

    def _apply(self, event):
        fields = event.fields
        if event.kind == "start":
            self._total = fields["points_total"]
            self._source = dataclasses.replace(self._source, model=fields["model"])
        elif event.kind == "progress":
            if self._progress and self._progress(SearchProgress(fields["points"], self._total)) is False:
                self.cancel()
        elif event.kind == "proposal":
            number = len(self.result) + 1
            proposal = Proposal(self._source, number, event.mask, fields["quality"], fields["stability"])
            self.result.append(proposal)
        elif event.kind == "done":
            self.wasCancelled = False

    def _end(self):
        if self.wasCancelled:
            self.result = []
