"""The probabilities behind the masks of boxes, kept so that another threshold needs no network."""

from __future__ import annotations

from typing import TYPE_CHECKING

from MedSAMSegLib.client.probabilityMemory import MOST_BYTES, ProbabilityMemory

if TYPE_CHECKING:
    import slicer

    from MedSAMSegLib.boxes.maskRequests import MaskRequest
    from MedSAMSegLib.client.serverReplies import SliceMask


class BoxProbabilities:
    """Answers by request; when memory is full, those that were not used for the longest time go first.

    :param mostBytes: bound of what is kept.
    """

    def __init__(self, mostBytes: int = MOST_BYTES) -> None:
        self._memory = ProbabilityMemory(mostBytes)

    def keep(self, volumeNode: slicer.vtkMRMLScalarVolumeNode, wanted: MaskRequest, mask: SliceMask) -> None:
        """Keep the answer to a request, if it came with its probability.

        :param volumeNode: the volume that it is about.
        :param wanted: MaskRequest.
        :param mask: :class:`SliceMask`.
        """
        if mask.probability is not None:
            self._memory.keep(_keyOf(volumeNode, wanted), mask, mask.probability)

    def find(self, volumeNode: slicer.vtkMRMLScalarVolumeNode, wanted: MaskRequest) -> SliceMask | None:
        """:return: the :class:`SliceMask` that a request was answered with; None where it is not kept.

        :param volumeNode: the volume that it is about; its voxels may have been changed since.
        :param wanted: MaskRequest.
        """
        return self._memory.find(_keyOf(volumeNode, wanted))


def _keyOf(volumeNode, wanted):
    # No two changes in one program have the same modification time.
    return volumeNode.GetImageData().GetMTime(), wanted.phases.state, wanted
