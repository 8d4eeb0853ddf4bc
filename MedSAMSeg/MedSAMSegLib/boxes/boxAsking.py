"""Asking the server about boxes: what is sent, what may be out of date meanwhile, which probabilities are kept."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from MedSAMSegLib.boxes.boxProbabilities import BoxProbabilities
from MedSAMSegLib.boxes.boxRun import BoxRequest
from MedSAMSegLib.boxes.maskRequests import askMasks
from MedSAMSegLib.volumes.obliqueStack import isStack
from MedSAMSegLib.volumes.volumeState import VolumeState

if TYPE_CHECKING:
    import slicer

    from MedSAMSegLib.boxes.maskRequests import MaskRequest
    from MedSAMSegLib.client.volumeUpload import VolumeUploads
    from MedSAMSegLib.server.serverConnection import ServerConnection
    from MedSAMSegLib.volumes.sliceGeometry import SliceGeometry


class BoxAsking:
    """Makes the requests of :class:`BoxRun`.

    :param server: ServerProcess, or what stands in for it.
    :param uploads: VolumeUploads.

    ``probabilities``: BoxProbabilities of the answers.
    """

    def __init__(self, server: ServerConnection, uploads: VolumeUploads) -> None:
        self._server = server
        self._uploads = uploads
        self.probabilities = BoxProbabilities()

    def upload(self, volume: slicer.vtkMRMLScalarVolumeNode, wanted: list[MaskRequest]) -> Any:
        """:return: the upload of what is needed of a volume, or of a stack of turned planes, for some masks."""
        if isStack(volume):
            indices = [each.prompt.sliceIndex for each in wanted] or [0]
            return self._uploads.planesUpload(volume, min(indices), max(indices), *(each.phases for each in wanted))
        return self._uploads.jointUpload(volume, *(each.phases for each in wanted))

    def request(
        self,
        geometry: SliceGeometry,
        upload: Any,
        wanted: list[MaskRequest],
        write: Callable[[Any], Any],
        isPreview: bool = False,
    ) -> BoxRequest:
        """:return: BoxRequest for some masks.

        :param geometry: SliceGeometry of the volume.
        :param upload: as `upload` gives it.
        :param wanted: MaskRequests.
        :param write: called with a list of (SliceMask, the server's reply), one for each.
        :param isPreview: whether it waits for nothing, and then may have no answers (None).
        """
        state = VolumeState(geometry)

        def isCurrent():
            return state.isCurrent and upload.isCurrent

        def keepAndWrite(answers):
            for each, (mask, _reply) in zip(wanted, answers or (), strict=answers is not None):
                self.probabilities.keep(geometry.volumeNode, each, mask)
            return write(answers)

        if not wanted:
            return BoxRequest(list, write, isCurrent)
        ask = (self._previewOf if isPreview else self._answersTo)(geometry, upload, wanted)
        return BoxRequest(ask, keepAndWrite, isCurrent)

    def _answersTo(self, geometry, upload, wanted):
        """:return: function that asks for masks, on a worker thread."""
        where = upload.firstSlice, geometry.spacing
        return lambda: upload.ask(self._server.client, lambda client, keys: _answer(client, keys, wanted, *where))

    def _previewOf(self, geometry, upload, wanted):
        """:return: as of `_answersTo`, which waits neither for the server's start nor for an embedding."""
        # A turned plane is encoded by the first preview, since nobody could do that ahead of the user.
        where = upload.firstSlice, geometry.spacing, not isStack(geometry.volumeNode)

        def ask():
            client = self._server.readyClient
            return client and upload.call(client, lambda keys: _answer(client, keys, wanted, *where))

        return ask


def _answer(client, keys, wanted, firstSlice, spacing, cachedOnly=False):
    return askMasks(client, keys.volume, wanted, cachedOnly, keys.phases, firstSlice, spacing)
