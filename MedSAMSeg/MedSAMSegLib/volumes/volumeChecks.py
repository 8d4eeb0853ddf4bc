"""Sentences on volumes that cannot be segmented, and on those with something to know."""

import slicer
from slicer.i18n import tr as _

from MedSAMSegLib.errors import UserError
from MedSAMSegLib.volumes.sliceGeometry import checkVolume


def whyUnusable(volumeNode):
    """Return why a volume cannot be segmented and what to do, "" if it can.

    :param volumeNode: a volume node.
    """
    try:
        checkVolume(volumeNode)
    except UserError as error:
        return str(error)
    return ""


def remarkOn(volumeNode):
    """Return what is worth knowing before segmenting a volume that can be segmented, "" for an ordinary one.

    :param volumeNode: a scalar volume with voxels.
    """
    for browser in slicer.util.getNodesByClass("vtkMRMLSequenceBrowserNode"):
        if browser.IsProxyNode(volumeNode.GetID()):
            return _("'{name}' shows frame {number} of {count} of a sequence: what is segmented is this frame.").format(
                name=volumeNode.GetName(),
                number=browser.GetSelectedItemNumber() + 1,
                count=browser.GetNumberOfItems(),
            )
    if min(volumeNode.GetImageData().GetDimensions()) == 1:
        return _("'{name}' is a single slice: boxes work, and there is nowhere to propagate to.").format(
            name=volumeNode.GetName()
        )
    return ""
