"""A volume and its phases on the server: all of them are there before something is asked."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from MedSAMSegLib.client.serverClient import ServerClient
    from MedSAMSegLib.client.volumeUpload import VolumeUpload
    from MedSAMSegLib.volumes.phases import Phases


@dataclasses.dataclass(frozen=True)
class VolumeKeys:
    """What a server knows volumes by.

    :param volume: key of the volume itself.
    :param phases: {node ID: key} of the further ones.
    """

    volume: str
    phases: Mapping[str, str] = dataclasses.field(default_factory=dict)


class JointUpload:
    """The :class:`VolumeUpload` of a volume with those of its phases, in the volume's voxels.

    :param upload: of the volume.
    :param further: {node ID: :class:`VolumeUpload`} of the phases.
    :param phases: the :class:`Phases`.
    :param resamplingNotes: what to tell the user of how they came to have these voxels.
    :param firstSlice: index of the volume's slice that is the first one of what is sent.
    """

    def __init__(
        self,
        upload: VolumeUpload,
        further: Mapping[str, VolumeUpload],
        phases: Phases,
        resamplingNotes: list[str],
        firstSlice: int = 0,
    ) -> None:
        self._upload = upload
        self._further = dict(further)
        self._phases = phases
        self._state = phases.state
        self._names = {node.GetID(): node.GetName() for node in phases.volumes}
        self.resamplingNotes = resamplingNotes
        self.firstSlice = firstSlice

    @property
    def notes(self) -> list[str]:
        """Sentences on what was done to the voxels, and on what the server had to change."""
        told = [f"{self._names[volumeID]}: {note}" for volumeID, each in self._further.items() for note in each.notes]
        return [*self._upload.notes, *self.resamplingNotes, *told]

    @property
    def isCurrent(self) -> bool:
        """Whether the phases are still what and where they were. Main thread only."""
        return self._phases.state == self._state

    def ask(self, connect: Callable[..., Any], function: Callable[..., Any]) -> Any:
        """Return ``function(client, keys)``, as :meth:`VolumeUpload.ask`; `keys` are the :class:`VolumeKeys`."""
        return self._upload.ask(connect, lambda client, key: self._withPhases(client, key, {}, function, client))

    def call(self, client: ServerClient, function: Callable[..., Any]) -> Any:
        """Return ``function(keys)``, as :meth:`VolumeUpload.call`; `keys` are the :class:`VolumeKeys`."""
        return self._upload.call(client, lambda key: self._withPhases(client, key, {}, function))

    def _withPhases(self, client, key, known, function, *arguments):
        """:return: the function's value once the server has the phases that are not known yet, one in the other: each
        is sent again where the server has dropped it meanwhile."""
        missing = [volumeID for volumeID in self._further if volumeID not in known]
        if not missing:
            return function(*arguments, VolumeKeys(key, known))

        def withNext(phaseKey):
            return self._withPhases(client, key, {**known, missing[0]: phaseKey}, function, *arguments)

        return self._further[missing[0]].call(client, withNext)
