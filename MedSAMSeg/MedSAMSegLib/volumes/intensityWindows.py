"""The range of intensities that the network sees: what the user can choose, and what is chosen for a volume."""

from __future__ import annotations

import math

import numpy as np
import slicer
from slicer.i18n import tr as _

from MedSAMSegLib.volumes.segmentableVolumes import isColor

AUTOMATIC = "auto"
AS_DISPLAYED = "displayed"
PERCENTILE = "percentile"

#: Width and level in Hounsfield units; the server has the same under the same names.
CT_WINDOWS = {"soft": (400, 40), "lung": (1500, -600), "brain": (80, 40), "bone": (1800, 400)}

# So many voxels tell the kind of an image as well as all of them.
SAMPLE_VOXELS = 100_000


def windowTitles() -> list[tuple[str, str]]:
    """Return [(value, title)] in the order of the list."""
    names = {"soft": _("Soft tissue"), "lung": _("Lung"), "brain": _("Brain"), "bone": _("Bone")}
    presets = [
        (value, f"{names[value]} ({_number(width)} / {_number(level)})") for value, (width, level) in CT_WINDOWS.items()
    ]
    return [
        (AUTOMATIC, _("Auto")),
        (AS_DISPLAYED, _("As displayed")),
        *presets,
        (PERCENTILE, _("Percentiles (MR and others)")),
    ]


def resolvedWindow(choice: str, volumeNode: slicer.vtkMRMLScalarVolumeNode, suggestion: str) -> str:
    """Return what is asked of the server: a preset's name, or "W,L".

    :param choice: one of the values of :func:`windowTitles`; another one goes to the server as it is.
    :param volumeNode: the scalar volume.
    :param suggestion: what :data:`AUTOMATIC` means for the volume.
    """
    if isColor(volumeNode):
        return AUTOMATIC
    if choice == AUTOMATIC:
        return suggestion
    if choice == AS_DISPLAYED:
        return _displayedWindow(volumeNode) or suggestion
    return choice


def suggestedWindow(volumeNode: slicer.vtkMRMLScalarVolumeNode) -> str:
    """Return the window that suits a volume: by its DICOM modality, and for CT or without one by its intensities.

    :param volumeNode: a scalar volume with voxels.
    """
    if isColor(volumeNode):
        return AUTOMATIC
    modality = dicomModality(volumeNode)
    if modality not in ("", "CT"):
        return PERCENTILE
    sample = _sample(slicer.util.arrayFromVolume(volumeNode))
    if modality == "CT" or _looksLikeCT(sample):
        return "lung" if _looksLikeChest(sample) else "soft"
    return PERCENTILE


def dicomModality(volumeNode: slicer.vtkMRMLScalarVolumeNode) -> str:
    """Return the modality that the DICOM importer noted for a volume, such as "CT"; "" where it is not known.

    :param volumeNode: the scalar volume.
    """
    hierarchy = volumeNode.GetScene().GetSubjectHierarchyNode()
    item = hierarchy.GetItemByDataNode(volumeNode) if hierarchy is not None else 0
    if not item:
        return ""
    return hierarchy.GetItemAttribute(
        item, slicer.vtkMRMLSubjectHierarchyConstants.GetDICOMSeriesModalityAttributeName()
    )


def _displayedWindow(volumeNode):
    display = volumeNode.GetScalarVolumeDisplayNode()
    # A negative width is an inverted display; the networks know only one direction.
    width = abs(display.GetWindow()) if display is not None else 0.0
    if not 0 < width < math.inf:
        return ""
    return f"{width:.6g},{display.GetLevel():.6g}"


def _sample(array):
    step = max(1, array.size // SAMPLE_VOXELS)
    # An odd step does not fall into step with rows, whose lengths are mostly even.
    sample = array.reshape(-1)[:: step | 1]
    sample = sample[np.isfinite(sample)]
    if sample.size and sample.min() < -1100:
        # Padding round the field of view.
        sample = sample[sample != sample.min()]
    return sample


def _looksLikeCT(sample):
    """Air or lung, soft tissue or fat, and little else: the server's rule for "auto", which decides."""
    return (
        _share(sample, -1100, -500) >= 0.02 and _share(sample, -200, 300) >= 0.05 and _share(sample, -1100, 300) >= 0.6
    )


def _looksLikeChest(sample):
    lung = _share(sample, -950, -500)
    return lung > 0 and lung >= 0.25 * _share(sample, -150, 250)


def _share(sample, low, high):
    return np.count_nonzero((sample >= low) & (sample <= high)) / max(1, sample.size)


def _number(value):
    return str(value).replace("-", "\N{MINUS SIGN}")
