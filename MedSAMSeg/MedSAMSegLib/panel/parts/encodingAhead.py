"""Decides which slices the server encodes ahead: those round the one that the user looks at."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Any

from MedSAMSegLib.errors import UserError
from MedSAMSegLib.views.sliceViews import slicesInViews

if TYPE_CHECKING:
    import slicer

    from MedSAMSegLib.client.serverReplies import EncodingStatus
    from MedSAMSegLib.logic import MedSAMSegLogic
    from MedSAMSegLib.server.serverConnection import ServerConnection
    from MedSAMSegLib.views.sliceViews import ShownSlice
    from MedSAMSegLib.volumes.sliceGeometry import SliceGeometry

#: Slices this near are encoded soon anyway; only when the user is further away is the order changed.
NEAR_SLICES = 10


class ViewedSlice:
    """Knows in which of the slice views the user works: the one that was scrolled last."""

    def __init__(self) -> None:
        self._slices = {}
        self._view: str | None = None

    def of(self, geometry: SliceGeometry) -> ShownSlice | None:
        """Return the :class:`ShownSlice` of a volume that the user looks at; None where there is no slice view.

        :param geometry: :class:`SliceGeometry` of the volume.
        """
        slices = slicesInViews(geometry)
        scrolled = [name for name, shown in slices.items() if shown != self._slices.get(name, shown)]
        # Views that are linked move together; that says nothing new.
        if scrolled and self._view not in scrolled:
            self._view = scrolled[0]
        if self._view not in slices:
            self._view = next(iter(slices), None)
        self._slices = slices
        return slices.get(self._view)


class BackgroundEncoding:
    """Starts, moves and ends the :class:`EncodingRun` that suits what the user looks at now. ::

        encoding = BackgroundEncoding(logic)
        encoding.follow(server, volume, "lung", None, ShownSlice(0, 24))  # from a timer
        encoding.status

    :param logic: :class:`MedSAMSegLogic`.
    """

    def __init__(self, logic: MedSAMSegLogic) -> None:
        self._logic = logic
        self._run: Any = None
        self._closing = []
        self._subject = None
        self._center = 0
        self._latest: Any = None
        self._ended = set()

    @property
    def status(self) -> EncodingStatus | None:
        """The :class:`EncodingStatus` of what is being encoded; None while nothing is."""
        return self._run.status if self._run is not None else None

    @property
    def isUnderWay(self) -> bool:
        """Whether a worker thread sends the volume, or asks the server."""
        return self._run is not None or bool(self._closing)

    def follow(
        self,
        server: ServerConnection,
        volume: slicer.vtkMRMLScalarVolumeNode,
        window: str,
        model: str | None,
        shown: ShownSlice,
    ) -> None:
        """Encode round a slice from now on, unless that is done or under way. Call it every now and then.

        :param server: what tells one server from the next, such as its address.
        :param volume: the scalar volume node.
        :param window: intensity window.
        :param model: name of the model; None for the server's default.
        :param shown: :class:`ShownSlice` that the user looks at.
        """
        # VTK counts up the image data's modification time whenever voxels change.
        subject = (server, volume.GetID(), volume.GetImageData().GetMTime(), window, model, shown.axis)
        self.advance()
        # Who is still scrolling, or turning the window, is not followed at every step.
        isSettled, self._latest = (subject, shown) == self._latest, (subject, shown)
        if subject != self._subject:
            # What is being encoded now is out of date or not needed any more.
            if isSettled or self._run is None:
                self._start(subject, volume, window, model, shown)
        elif self._run is not None and isSettled and abs(shown.index - self._center) > NEAR_SLICES:
            self._center = shown.index
            self._run.center(shown.index)

    def stop(self) -> None:
        """Encode nothing more."""
        if self._run is not None:
            self._run.close()
            self._closing.append(self._run)
        self._run = self._subject = None

    def advance(self) -> None:
        """Take note of how far it is."""
        # Errors are not shown: the next box reports what is wrong. Encoding ahead is not tried again.
        isOver = True
        for run in list(self._closing):
            with contextlib.suppress(UserError):
                run.advance()
            if run.isOver:
                self._closing.remove(run)
        if self._run is None:
            return
        with contextlib.suppress(UserError):
            isOver = not self._run.advance()
        if isOver:
            self._run = None
            self._ended.add(self._subject)

    def _start(self, subject, volume, window, model, shown):
        self.stop()
        # The server takes a job for the same slices for the one before, whose end would then be the new one's.
        if self._closing:
            return
        self._subject, self._center = subject, shown.index
        if subject not in self._ended:
            self._run = self._logic.startEncoding(volume, shown.axis, shown.index, window, model)
