"""Sentences on volumes that cannot be segmented, and on those with something to know."""

from __future__ import annotations

import slicer
from slicer.i18n import tr as _

from MedSAMSegLib.errors import UserError
from MedSAMSegLib.volumes.imageSequence import ImageSequence
from MedSAMSegLib.volumes.segmentableVolumes import checkVolume


def choosableVolumes() -> list[slicer.vtkMRMLScalarVolumeNode]:
    """Return the volumes of the scene that the user can choose."""
    volumes = slicer.util.getNodesByClass("vtkMRMLScalarVolumeNode")
    return [
        volume for volume in volumes if not (volume.GetHideFromEditors() or volume.IsA("vtkMRMLLabelMapVolumeNode"))
    ]


def whyUnusable(volumeNode: slicer.vtkMRMLScalarVolumeNode) -> str:
    """Return why a volume cannot be segmented and what to do, "" if it can.

    :param volumeNode: a volume node.
    """
    try:
        checkVolume(volumeNode)
    except UserError as error:
        return str(error)
    return ""


def noteOn(volumeNode: slicer.vtkMRMLScalarVolumeNode) -> str:
    """Return what is worth knowing before segmenting a volume that can be segmented, "" for an ordinary one.

    :param volumeNode: a scalar volume with voxels.
    """
    images = ImageSequence.of(volumeNode)
    if images is not None:
        return _(
            "'{name}' shows frame {frame} of a sequence: boxes are for this frame, “Through time” is for the others."
        ).format(name=volumeNode.GetName(), frame=images.title(images.shownFrame))
    if min(volumeNode.GetImageData().GetDimensions()) == 1:
        return _("'{name}' is a single slice: boxes work, and there is nowhere to propagate to.").format(
            name=volumeNode.GetName()
        )
    return ""
