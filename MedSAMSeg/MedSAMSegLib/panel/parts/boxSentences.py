"""What the status line says about boxes."""

from slicer.i18n import tr as _


def sentenceOnBox(result):
    """Return what came of a box, in a sentence or two.

    :param result: BoxResult.
    """
    return " ".join([_outcome(result), *result.notes])


def _outcome(result):
    if result.voxelCount == 0:
        return _("Nothing was found in the box. Draw it closer round the object, or choose another window.")
    if not result.changedSegment:
        return _("Nothing changed: the segment had these voxels already, or the masking settings protect them.")
    if result.voxelCount == 1:
        return _("Found 1 voxel on slice {index}.").format(index=result.prompt.sliceIndex)
    return _("Found {count} voxels on slice {index}.").format(count=result.voxelCount, index=result.prompt.sliceIndex)
