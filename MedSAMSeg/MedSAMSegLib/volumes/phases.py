"""Further volumes of one patient, such as phases of contrast, that are asked along with a volume."""

from __future__ import annotations

import dataclasses
from typing import Any

import slicer

from MedSAMSegLib.errors import UserError
from MedSAMSegLib.volumes.obliqueStack import sourceOf
from MedSAMSegLib.volumes.segmentableVolumes import checkVolume, isColor
from MedSAMSegLib.volumes.voxelPlaces import IJKToWorldOf

#: How the probabilities of all volumes become one.
FUSIONS = ("mean", "max")

#: The roles of references to further volumes, by how these are fused. Of a volume that shows the frames of a sequence,
#: references stay when another frame is shown; attributes are replaced by the frame's.
PHASE_ROLES = {"mean": "MedSAMSegPhase", "max": "MedSAMSegPhaseMaximum"}


@dataclasses.dataclass(frozen=True)
class Phases:
    """Further volumes and how they are fused. A volume has some, and a box notes those that it was asked with.

    :param volumeIDs: IDs of their nodes.
    :param fuse: "mean" or "max" of the probabilities.
    """

    volumeIDs: tuple = ()
    fuse: str = FUSIONS[0]

    @classmethod
    def of(cls, node: slicer.vtkMRMLNode) -> Phases:
        """:return: those that are noted on a node and still in the scene; of a stack of turned planes, its volume's.

        :param node: a volume, or the ROI markup of a box.
        """
        if node.IsA("vtkMRMLVolumeNode"):
            node = sourceOf(node)
        for fuse, role in PHASE_ROLES.items():
            found = [node.GetNthNodeReference(role, number) for number in range(node.GetNumberOfNodeReferences(role))]
            volumeIDs = tuple(each.GetID() for each in found if each is not None)
            if volumeIDs:
                return cls(volumeIDs, fuse)
        return NO_PHASES

    def note(self, node: slicer.vtkMRMLNode) -> None:
        """Note them on a node, with which they are saved in the scene.

        :param node: a volume, or the ROI markup of a box; it may be in no scene yet.
        """
        if Phases.of(node) == self:
            return
        for role in PHASE_ROLES.values():
            node.RemoveNodeReferenceIDs(role)
        for volumeID in self.volumeIDs:
            node.AddNodeReferenceID(PHASE_ROLES[self.fuse], volumeID)

    @property
    def volumes(self) -> list[slicer.vtkMRMLScalarVolumeNode]:
        """The nodes that are still in the scene."""
        nodes = [slicer.mrmlScene.GetNodeByID(volumeID) for volumeID in self.volumeIDs]
        return [node for node in nodes if node is not None]

    @property
    def state(self) -> tuple[Any, ...]:
        """What changes whenever one of them gets other voxels, lies elsewhere or is removed."""
        return tuple(
            (node.GetID(), node.GetImageData() and node.GetImageData().GetMTime(), IJKToWorldOf(node).tobytes())
            for node in self.volumes
            if node.GetImageData() is not None
        )


NO_PHASES = Phases()


def checkPhases(volumeNode: slicer.vtkMRMLScalarVolumeNode, phases: Phases) -> None:
    """Tell why further volumes cannot be asked along with a volume.

    :param volumeNode: the volume.
    :param phases: the further ones.
    :raises UserError: if one is the volume itself or in color where the other is gray, as `checkVolume`, or if they
        are to be fused in an unknown way.
    """
    checkVolume(volumeNode)
    if phases.fuse not in FUSIONS:
        raise UserError(
            f"{phases.fuse!r} is no way to fuse volumes.", f"It may be {' or '.join(FUSIONS)}.", "fuse_unknown"
        )
    for phase in phases.volumes:
        checkVolume(phase)
        if phase is volumeNode:
            raise UserError(
                f"'{phase.GetName()}' is the volume itself.", "Choose another volume of the patient.", "phases_differ"
            )
        if isColor(phase) != isColor(volumeNode):
            raise UserError(
                f"Of '{volumeNode.GetName()}' and '{phase.GetName()}' one is in color and the other is gray.",
                "Choose volumes of one kind.",
                "phases_differ",
            )
