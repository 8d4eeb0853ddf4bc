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

        if not wanted:
            return BoxRequest(list, write, isCurrent)
        volume, spacing = geometry.volumeNode, geometry.spacing

        def answer(client, keys, **options):
            where = {"phaseKeys": keys.phases, "firstSlice": upload.firstSlice, "spacing": spacing}
            return askMasks(client, keys.volume, wanted, **where, **options)

        def ask():
            if isPreview:
                # It waits for nothing: neither for the server's start nor for an embedding.
                client = self._server.readyClient
                # A turned plane is encoded by the first one, since nobody could do that ahead of the user.
                options = {} if isStack(volume) else {"cachedOnly": True}
                return client and upload.call(client, lambda keys: answer(client, keys, **options))
            return upload.ask(self._server.client, answer)

        def keepAndWrite(answers):
            for each, (mask, _reply) in zip(wanted, answers or (), strict=answers is not None):
                self.probabilities.keep(volume, each, mask)
            return write(answers)

        return BoxRequest(ask, keepAndWrite, isCurrent)
