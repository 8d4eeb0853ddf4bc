"""What slices of a volume are called."""

import numpy as np
from slicer.i18n import tr as _

from MedSAMSegLib.volumes.sliceAxes import depthIJK


def sliceName(geometry, prompt):
    """Return what a radiologist calls the slice of a box, such as "Axial 24".

    :param geometry: SliceGeometry of the volume.
    :param prompt: BoxPrompt.
    """
    names = (_("Sagittal {index}"), _("Coronal {index}"), _("Axial {index}"))
    normal = geometry.worldToIJK[depthIJK(prompt.axis), :3]
    return names[int(np.argmax(np.abs(normal)))].format(index=prompt.sliceIndex)
