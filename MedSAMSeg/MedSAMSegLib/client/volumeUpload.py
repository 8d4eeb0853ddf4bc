"""Remembers which volumes the server has, so that voxels are hashed and sent once."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np
import slicer

from MedSAMSegLib.client.jointUpload import JointUpload
from MedSAMSegLib.client.npyUpload import NpyUpload
from MedSAMSegLib.client.serverReplies import ServerError
from MedSAMSegLib.volumes.obliqueStack import sourceOf
from MedSAMSegLib.volumes.phases import Phases, checkPhases
from MedSAMSegLib.volumes.resampling import hasSameVoxels, inVoxelsOf
from MedSAMSegLib.volumes.reslicing import reslicing
from MedSAMSegLib.volumes.voxelPlaces import IJKToWorldOf

if TYPE_CHECKING:
    from MedSAMSegLib.client.serverClient import ServerClient

#: Codes of errors after which a new server is worth a try.
SERVER_IS_GONE = ("server_unavailable", "server_stopped", "server_stopping")

#: How long a dying process may take from closing its connections to its end.
DYING_SECONDS = 2.0

#: So many pieces of stacks are remembered as sent, each with its phases: one plane for a box, more for a propagation.
MOST_PLANES = 4

#: How often the voxels are read when they change while they are read.
READINGS = 3

#: How often the function is tried where the server does not know the volume any more.
SENDINGS = 3


class UploadCancelledError(ServerError):
    """Nobody wants the volume on the server any more."""


class VolumeUpload:
    """The voxels of one volume node as they were at one moment. May be used from any thread.

    The voxels are read where Slicer has them: no copy, and nothing for the main thread to do. Slicer keeps the memory
    for as long as it is referred to here; other voxels of a node are other memory. What is written into it while it is
    read makes the bytes differ from their key, which the server refuses, and they are read again. Who wrote then says
    so, as Slicer demands, and from then on :class:`VolumeUploads` gives a new upload.

    :param array: the voxels (K, J, I).
    """

    def __init__(self, array: np.ndarray) -> None:
        #: Sentences on what the server had to change; empty until the voxels were sent.
        self.notes = []
        self._array = array
        self._content: NpyUpload | None = None
        self._keys = {}
        self._isCancelled = False
        self._lock = threading.Lock()

    @property
    def isCancelled(self) -> bool:
        """True after :meth:`cancel`."""
        return self._isCancelled

    def ask(self, connect: Callable[..., Any], function: Callable[..., Any]) -> Any:
        """Return ``function(client, key)``, asked once more of a new server when the first one died meanwhile.

        :param connect: function without arguments that returns the client; it starts a server where there is none.
        :param function: what to ask, of a :class:`ServerClient` and with the volume's key there.
        """
        client = connect()
        url = client.url
        try:
            return self.call(client, lambda key: function(client, key))
        except ServerError as error:
            if error.code not in SERVER_IS_GONE:
                raise
        successor = _successor(connect, url)
        return self.call(successor, lambda key: function(successor, key))

    def call(self, client: ServerClient, function: Callable[..., Any]) -> Any:
        """Return ``function(key)`` after sending the voxels where that is needed.

        Where the server has dropped the volume meanwhile, it is sent again and the function called once more; once
        again after that, since of several servers behind one address the next one may die as well.

        :param client: the :class:`ServerClient` of the server.
        :param function: what to do with the volume's key on that server.
        """
        for _sending in range(SENDINGS - 1):
            try:
                return function(self._keyOnServer(client))
            except ServerError as error:
                if error.code != "volume_unknown":
                    raise
            with self._lock:
                self._keys.pop(client.url, None)
        return function(self._keyOnServer(client))

    def cancel(self) -> None:
        """Stop sending, for good; who waits for it gets an :class:`UploadCancelledError`. Returns at once."""
        self._isCancelled = True

    def _keyOnServer(self, client):
        # A second thread waits for the first one instead of sending the same.
        with self._lock:
            if client.url not in self._keys:
                reply = self._send(client)
                self.notes = reply.notes
                self._keys[client.url] = reply.key
            return self._keys[client.url]

    def _send(self, client):
        for _reading in range(READINGS - 1):
            try:
                return client.uploadVolume(self._readContent())
            except ServerError as error:
                if error.code != "key_mismatch":
                    raise
            self._content = None
        return client.uploadVolume(self._readContent())

    def _readContent(self):
        if self._content is None:
            self._content = NpyUpload(self._voxels(), self._checkpoint)
        return self._content

    def _voxels(self):
        return self._array

    def _checkpoint(self):
        if self._isCancelled:
            raise UploadCancelledError("The volume is not sent to the server.", "", "upload_cancelled")


class PlanesUpload(VolumeUpload):
    """The voxels of some planes of a stack, which are not there before they are sent.

    :param reslice: function without arguments that returns them, on a worker thread.
    """

    def __init__(self, reslice: Callable[[], np.ndarray]) -> None:
        super().__init__(np.zeros((0, 0, 0)))
        self._reslice = reslice

    def _voxels(self):
        return self._reslice()


def _successor(connect, url):
    """Return the client of the server after the one at an address; of the same one when it does not go away."""
    end = time.monotonic() + DYING_SECONDS
    while (client := connect()).url == url and time.monotonic() < end:
        # A process that dies closes its connections a moment before it is gone.
        time.sleep(0.02)
    return client


class VolumeUploads:
    """One :class:`VolumeUpload` for each volume node, replaced when the node's voxels change."""

    def __init__(self) -> None:
        self._uploads = {}
        self._resampled = {}
        self._planes = {}

    def uploadOf(self, volumeNode: slicer.vtkMRMLScalarVolumeNode) -> VolumeUpload:
        """Return the upload of the node's present voxels. Main thread only.

        :param volumeNode: the scalar volume.
        """
        self._dropRemoved()
        # VTK counts up the image data's modification time whenever voxels change.
        modificationTime = volumeNode.GetImageData().GetMTime()
        known = self._uploads.get(volumeNode.GetID())
        if known is None or known[0] != modificationTime or known[1].isCancelled:
            known = (modificationTime, VolumeUpload(slicer.util.arrayFromVolume(volumeNode)))
            self._uploads[volumeNode.GetID()] = known
        return known[1]

    def planesUpload(
        self, stack: slicer.vtkMRMLScalarVolumeNode, first: int, last: int, *phases: Phases
    ) -> JointUpload:
        """Return the upload of some planes of a stack, resliced when they are sent. Main thread only.

        :param stack: the stack.
        :param first: index of the first plane.
        :param last: index of the last plane.
        :param phases: further volumes, of which the same planes are sent along.
        :raises UserError: as `checkPhases`.
        """
        source, joint = sourceOf(stack), _joint(phases)
        checkPhases(source, joint)
        place = stack.GetID(), first, last
        known = self._planes.pop(place, {})
        pieces = {
            node.GetID(): _renewed(known.get(node.GetID()), stack, node, first, last)
            for node in (source, *joint.volumes)
        }
        # The newest are kept.
        self._planes[place] = pieces
        for oldest in list(self._planes)[:-MOST_PLANES]:
            del self._planes[oldest]
        further = {node.GetID(): pieces[node.GetID()][1] for node in joint.volumes}
        return JointUpload(pieces[source.GetID()][1], further, joint, [], first)

    def jointUpload(self, volumeNode: slicer.vtkMRMLScalarVolumeNode, *phases: Phases) -> JointUpload:
        """Return the upload of a volume together with those of further volumes, in its voxels. Main thread only.

        Resampling those of other voxels takes a moment, once.

        :param volumeNode: the scalar volume.
        :param phases: the further volumes.
        :raises UserError: as `checkPhases`, or when a further volume has no place in common with the volume.
        """
        joint = _joint(phases)
        checkPhases(volumeNode, joint)
        found = {node.GetID(): self._inVoxelsOf(volumeNode, node) for node in joint.volumes}
        notes = [note for _upload, note in found.values() if note]
        further = {volumeID: upload for volumeID, (upload, _note) in found.items()}
        return JointUpload(self.uploadOf(volumeNode), further, joint, notes)

    def _inVoxelsOf(self, volumeNode, phase):
        """:return: (:class:`VolumeUpload` of a phase, what to tell the user about its voxels or "")."""
        if hasSameVoxels(volumeNode, phase):
            return self.uploadOf(phase), ""
        image = volumeNode.GetImageData()
        state = Phases((phase.GetID(),)).state, image.GetDimensions(), IJKToWorldOf(volumeNode).tobytes()
        names = volumeNode.GetID(), phase.GetID()
        known = self._resampled.get(names)
        if known is None or known[0] != state or known[1].isCancelled:
            voxels, note = inVoxelsOf(volumeNode, phase)
            known = self._resampled[names] = state, VolumeUpload(voxels), note
        return known[1:]

    def cancelAll(self) -> None:
        """Send nothing more of any volume: the scene is about to close. Main thread only."""
        pieces = [piece for pieces in self._planes.values() for piece in pieces.values()]
        for _state, upload, *_note in (*self._uploads.values(), *self._resampled.values(), *pieces):
            upload.cancel()
        self._uploads, self._resampled, self._planes = {}, {}, {}

    def _dropRemoved(self):
        # An upload holds the voxels in memory, which a removed volume has to give back.
        for nodeID in [nodeID for nodeID in self._uploads if _isAnyGone(nodeID)]:
            self._uploads.pop(nodeID)[1].cancel()
        for names in [names for names in self._resampled if _isAnyGone(*names)]:
            self._resampled.pop(names)[1].cancel()
        for place in [place for place, pieces in self._planes.items() if _isAnyGone(place[0], *pieces)]:
            for _state, upload in self._planes.pop(place).values():
                upload.cancel()


def _isAnyGone(*nodeIDs):
    return any(slicer.mrmlScene.GetNodeByID(nodeID) is None for nodeID in nodeIDs)


def _joint(phases):
    """:return: Phases with the volumes of all, each once."""
    return Phases(tuple(dict.fromkeys(volumeID for each in phases for volumeID in each.volumeIDs)))


def _renewed(known, stack, node, first, last):
    """:return: (state, :class:`PlanesUpload`) of some planes through a volume: the known one if nothing changed."""
    state = node.GetImageData().GetMTime(), IJKToWorldOf(node).tobytes(), IJKToWorldOf(stack).tobytes()
    if known is not None and known[0] == state and not known[1].isCancelled:
        return known
    return state, PlanesUpload(reslicing(stack, node, first, last))
