"""What slices of a volume are called."""

from __future__ import annotations

from typing import TYPE_CHECKING

from slicer.i18n import tr as _

from MedSAMSegLib.volumes.slicePlanes import planeOf

if TYPE_CHECKING:
    from MedSAMSegLib.volumes.sliceGeometry import SliceGeometry
    from MedSAMSegLib.volumes.slicePrompt import SlicePrompt


def sliceName(geometry: SliceGeometry, prompt: SlicePrompt) -> str:
    """Return what a radiologist calls the slice of a box, such as "Axial 24".

    :param geometry: SliceGeometry of the volume.
    :param prompt: SlicePrompt.
    """
    names = {"sagittal": _("Sagittal {index}"), "coronal": _("Coronal {index}"), "axial": _("Axial {index}")}
    return names[planeOf(geometry, prompt.axis)].format(index=prompt.sliceIndex)
