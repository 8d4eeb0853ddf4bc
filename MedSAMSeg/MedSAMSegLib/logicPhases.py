"""The part of the scripting API that is about several volumes of one patient."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from MedSAMSegLib.errors import UserError
from MedSAMSegLib.volumes.phases import FUSIONS, Phases, checkPhases

if TYPE_CHECKING:
    import slicer

    from MedSAMSegLib.client.volumeUpload import VolumeUploads


class PhaseFusion:
    """Several volumes that are asked together, such as phases of contrast or sequences of an MR examination.

    :param uploads: VolumeUploads.
    """

    def __init__(self, uploads: VolumeUploads) -> None:
        self._phaseUploads = uploads

    def phases(self, volume: slicer.vtkMRMLScalarVolumeNode) -> list[slicer.vtkMRMLScalarVolumeNode]:
        """Return the further volumes that are asked along with a volume.

        :param volume: the scalar volume node.
        """
        return Phases.of(volume).volumes

    def fuse(self, volume: slicer.vtkMRMLScalarVolumeNode) -> str:
        """Return how the probabilities of a volume and its phases become one: "mean" or "max".

        :param volume: the scalar volume node.
        """
        return Phases.of(volume).fuse

    def setPhases(
        self,
        volume: slicer.vtkMRMLScalarVolumeNode,
        phases: Sequence[slicer.vtkMRMLScalarVolumeNode],
        fuse: str = FUSIONS[0],
    ) -> list[str]:
        """Let boxes and propagations on a volume ask further volumes of the patient as well, and fuse what they say.

        That is for what is asked from now on; a box notes what it was asked with. It is saved with the scene. Volumes
        of other voxels are resampled to those of the volume, linearly; none is registered. Through time, sequences of
        as many frames are asked frame by frame. Proposals and learned clicks ask the volume alone, and there is a
        preview only of slices that are encoded in all volumes.

        :param volume: the scalar volume node.
        :param phases: the further scalar volume nodes; none to ask the volume alone.
        :param fuse: "mean" or "max" of the probabilities.
        :return: sentences on what is resampled.
        :raises UserError: when a volume cannot be segmented, is the volume itself or in color where the other is gray,
            or has no place in common with it.
        """
        for phase in phases:
            if phase is None or phase.GetScene() is None:
                raise UserError("The volume is no longer in the scene.", "Choose another volume.", "volume_removed")
        wanted = Phases(tuple(dict.fromkeys(phase.GetID() for phase in phases)), fuse)
        checkPhases(volume, wanted)
        notes = self._phaseUploads.jointUpload(volume, wanted).resamplingNotes
        wanted.note(volume)
        return notes
