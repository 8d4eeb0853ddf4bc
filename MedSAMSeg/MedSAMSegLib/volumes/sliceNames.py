"""What slices of a volume are called."""

from slicer.i18n import tr as _

from MedSAMSegLib.volumes.slicePlanes import planeOf


def sliceName(geometry, prompt):
    """Return what a radiologist calls the slice of a box, such as "Axial 24".

    :param geometry: SliceGeometry of the volume.
    :param prompt: SlicePrompt.
    """
    names = {"sagittal": _("Sagittal {index}"), "coronal": _("Coronal {index}"), "axial": _("Axial {index}")}
    return names[planeOf(geometry, prompt.axis)].format(index=prompt.sliceIndex)
