"""A volume that is sent to the server, and its slices that are encoded there before they are asked for."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from MedSAMSegLib.runs.eventStream import EventStream
from MedSAMSegLib.runs.run import OneCall, Run

if TYPE_CHECKING:
    from MedSAMSegLib.client.volumeUpload import VolumeUpload

#: How often the server is asked how far it is.
STATUS_SECONDS = 0.5


class UploadRun(OneCall):
    """Sends a volume's voxels; nobody waits for it. Closed before, they still arrive, for the next question about them.

    Its result is the volume's key on the server.

    :param connect: function without arguments that returns the client; runs on the worker, may start the server.
    :param upload: the :class:`VolumeUpload` of the volume.
    """

    def __init__(self, connect: Callable[..., Any], upload: VolumeUpload) -> None:
        super().__init__(lambda: upload.ask(connect, lambda client, key: key))


class EncodingRun(Run):
    """Lets the server encode the slices of a volume in the background, and follows how far it is.

    Advance it from a timer until it returns False, or close it, which ends the work on the server too.

    :param connect: function without arguments that returns the client; runs on the worker, may start the server.
    :param upload: the :class:`VolumeUpload` of the volume.
    :param request: keyword arguments of :meth:`ServerClient.startEncoding` without key.
    """

    def __init__(self, connect: Callable[..., Any], upload: VolumeUpload, request: dict[str, Any]) -> None:
        #: The latest :class:`EncodingStatus`; None until the server has begun.
        self.status = None
        #: The last one, once it is over.
        self.result = None
        self._connect = connect
        self._upload = upload
        self._request = request
        self._isClosed = False
        self._changed = threading.Event()
        self._stream = EventStream(self._follow)

    @property
    def isOver(self) -> bool:
        """True when the server was told everything, also that it was closed."""
        return self._stream.hasEnded

    def advance(self, wait: bool = False) -> bool | None:
        """Take note of how far it is; return True until it is over. Main thread only.

        :param wait: True to wait for the next news.
        :raises UserError: when the server failed.
        """
        for status in self._stream.take(wait):
            self.status = status
            if not status.isUnderWay:
                self.result = status
        return not self._stream.hasEnded

    def center(self, sliceIndex: int) -> None:
        """Go on from another slice outward; returns at once.

        :param sliceIndex: the slice.
        """
        self._request = {**self._request, "sliceIndex": sliceIndex}
        self._changed.set()

    def close(self) -> None:
        """End it here and on the server; returns at once. It is over when :meth:`advance` says so."""
        self._isClosed = True
        self._changed.set()

    def _follow(self):
        """Yield the states of the job; runs on the worker thread."""
        client, key, status = self._upload.ask(self._connect, self._begin)
        job = status.job
        # A later job for the same volume takes the place of this one.
        while status.job == job:
            yield status
            if status.error is not None:
                raise status.error
            if not status.isUnderWay:
                return
            isChanged = self._changed.wait(STATUS_SECONDS)
            self._changed.clear()
            if self._isClosed:
                client.cancel(job)
                return
            status = self._begin(client, key)[-1] if isChanged else client.encodingStatus(key)

    def _begin(self, client, key):
        return client, key, client.startEncoding(key, **self._request)
