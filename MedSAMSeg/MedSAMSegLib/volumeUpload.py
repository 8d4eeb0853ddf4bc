"""Remembers which volumes the server has, so that voxels are hashed and sent once."""

import threading

import slicer

from .backendReplies import BackendError
from .npyUpload import NpyUpload


class VolumeUpload:
    """The voxels of one volume node as they were at one moment. May be used from any thread.

    :param array: the voxels (K, J, I).
    """

    def __init__(self, array):
        #: Sentences on what the server had to change; empty until the voxels were sent.
        self.notes = []
        self._array = array
        self._keys = {}
        self._lock = threading.Lock()

    def call(self, client, function):
        """Return ``function(key)`` after sending the voxels where that is needed.

        Where the server has dropped the volume meanwhile, it is sent again and the function called once more.

        :param client: the :class:`BackendClient` of the server.
        :param function: what to do with the volume's key on that server.
        """
        try:
            return function(self._keyOnServer(client))
        except BackendError as error:
            if error.code != "volume_unknown":
                raise
        with self._lock:
            self._keys.pop(client.url, None)
        return function(self._keyOnServer(client))

    def _keyOnServer(self, client):
        with self._lock:
            if client.url not in self._keys:
                reply = client.uploadVolume(NpyUpload(self._array))
                self.notes = reply.notes
                self._keys[client.url] = reply.key
            return self._keys[client.url]


class VolumeUploads:
    """One :class:`VolumeUpload` for each volume node, replaced when the node's voxels change."""

    def __init__(self):
        self._uploads = {}

    def uploadOf(self, volumeNode):
        """Return the upload of the node's present voxels. Main thread only.

        :param volumeNode: the scalar volume.
        """
        # An upload holds the voxels in memory, which a removed volume has to give back.
        self._uploads = {
            nodeID: known for nodeID, known in self._uploads.items() if slicer.mrmlScene.GetNodeByID(nodeID) is not None
        }
        # VTK counts up the image data's modification time whenever voxels change.
        modificationTime = volumeNode.GetImageData().GetMTime()
        known = self._uploads.get(volumeNode.GetID())
        if known is None or known[0] != modificationTime:
            known = (modificationTime, VolumeUpload(slicer.util.arrayFromVolume(volumeNode)))
            self._uploads[volumeNode.GetID()] = known
        return known[1]
