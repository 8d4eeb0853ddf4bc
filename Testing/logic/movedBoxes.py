"""What tests of boxes that change do with them, and the right answers when every mask is the whole box."""

import numpy as np
import slicer
from knownBox import SLICE

from MedSAMSegLib.boxes.boxStore import BoxPromptStore
from MedSAMSegLib.boxes.storedBox import storedPrompt, storePrompt
from MedSAMSegLib.segments.segmentWriter import SegmentWriter
from MedSAMSegLib.volumes.slicePrompt import SlicePrompt

MOVED = (4.5, 2.5, 9.5, 6.5)


def filled(volume, box, sliceIndex=SLICE, axis=0):
    """:return: the voxels whose centers are in a box on a slice, as bool (K, J, I)."""
    voxels = np.zeros(slicer.util.arrayFromVolume(volume).shape, bool)
    x0, y0, x1, y1 = (int(np.ceil(edge)) for edge in box)
    np.moveaxis(voxels, axis, 0)[sliceIndex, y0:y1, x0:x1] = True
    return voxels


def move(node, box, sliceIndex=SLICE, axis=0):
    """Do what dragging the markup does."""
    store = BoxPromptStore()
    before = storedPrompt(node)
    store.update(node, SlicePrompt(axis, sliceIndex, box))
    storePrompt(node, before)


def paint(ct, voxels, mode="add"):
    """Edit the segment by hand: through a writer of its own, as the Segment Editor would."""
    for sliceIndex in np.flatnonzero(voxels.any(axis=(1, 2))):
        SegmentWriter(ct[1], ct[0]).write(ct[2], 0, int(sliceIndex), voxels[sliceIndex], 0, 0, mode)


def boxNodes():
    return slicer.util.getNodesByClass("vtkMRMLMarkupsROINode")


def pointNodes():
    return slicer.util.getNodesByClass("vtkMRMLMarkupsFiducialNode")
