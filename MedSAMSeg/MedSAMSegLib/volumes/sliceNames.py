"""What slices of a volume are called."""

from __future__ import annotations

from typing import TYPE_CHECKING

from slicer.i18n import tr as _

from MedSAMSegLib.volumes.slicePlanes import planeOf

if TYPE_CHECKING:
    from MedSAMSegLib.volumes.sliceGeometry import SliceGeometry


def sliceName(geometry: SliceGeometry, axis: int, sliceIndex: int) -> str:
    """Return what a radiologist calls a slice, such as "Axial 24".

    :param geometry: SliceGeometry of the volume.
    :param axis: array axis of the slice.
    :param sliceIndex: index along that axis.
    """
    names = {
        "sagittal": _("Sagittal {index}"),
        "coronal": _("Coronal {index}"),
        "axial": _("Axial {index}"),
        "oblique": _("Oblique {index}"),
    }
    return names[planeOf(geometry, axis)].format(index=sliceIndex)
