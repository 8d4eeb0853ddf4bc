"""What is stored beside a box's markup: the prompt in exact numbers, and what else it was asked with."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from MedSAMSegLib.client.sliceProbability import DEFAULT_THRESHOLD
from MedSAMSegLib.volumes.phases import NO_PHASES, Phases
from MedSAMSegLib.volumes.slicePrompt import SlicePrompt

if TYPE_CHECKING:
    import slicer

PROMPT_ATTRIBUTE = "MedSAMSeg.Box"
REQUEST_ATTRIBUTE = "MedSAMSeg.Request"


def storedPrompt(roiNode: slicer.vtkMRMLMarkupsROINode) -> SlicePrompt:
    """:return: the SlicePrompt that was stored last, wherever the markup has been dragged since."""
    stored = json.loads(roiNode.GetAttribute(PROMPT_ATTRIBUTE))
    return SlicePrompt.fromJson(stored["axis"], stored["slice"], stored)


def storePrompt(roiNode: slicer.vtkMRMLMarkupsROINode, prompt: SlicePrompt) -> None:
    """Store a box beside a markup, and leave the markup where it is: somebody may be dragging it.

    :param roiNode: the box's ROI markup.
    :param prompt: the new SlicePrompt.
    """
    roiNode.SetAttribute(PROMPT_ATTRIBUTE, json.dumps(prompt.toStored()))


def storedRequest(roiNode: slicer.vtkMRMLMarkupsROINode) -> dict[str, Any]:
    """:return: what else the stored box was asked with, by the names of `storeRequest`'s arguments."""
    request = json.loads(roiNode.GetAttribute(REQUEST_ATTRIBUTE) or "{}")
    return {
        "window": "auto",
        "model": None,
        "threshold": DEFAULT_THRESHOLD,
        "reach": None,
        **request,
        "extent": tuple(request["extent"]) if request.get("extent") else None,
        "phases": Phases.of(roiNode),
    }


def storeRequest(
    roiNode: slicer.vtkMRMLMarkupsROINode,
    window: str,
    model: str | None,
    threshold: float = DEFAULT_THRESHOLD,
    reach: int | None = None,
    phases: Phases = NO_PHASES,
    extent: tuple[int, int] | None = None,
) -> None:
    """Store what a box was asked with.

    :param roiNode: the box's ROI markup.
    :param window: intensity window.
    :param model: name of the model, or None.
    :param threshold: of the probability above which a pixel is the object's.
    :param reach: how many slices from that of the box the object can be; None where nobody knows.
    :param phases: the :class:`Phases` that were asked as well.
    :param extent: (slices below that of the box, slices above it) that the object has; None where nobody said.
    """
    phases.note(roiNode)
    request = {"window": window, "model": model, "threshold": threshold, "reach": reach, "extent": extent}
    roiNode.SetAttribute(REQUEST_ATTRIBUTE, json.dumps(request))
