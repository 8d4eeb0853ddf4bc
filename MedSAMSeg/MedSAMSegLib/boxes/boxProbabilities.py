"""The probabilities behind the masks of boxes, kept so that another threshold needs no network."""

from MedSAMSegLib.client.probabilityMemory import MOST_BYTES, ProbabilityMemory


class BoxProbabilities:
    """Answers by what was asked; those that were not looked at for the longest time go first.

    :param mostBytes: bound of what is kept.
    """

    def __init__(self, mostBytes=MOST_BYTES):
        self._memory = ProbabilityMemory(mostBytes)

    def keep(self, volumeNode, wanted, mask):
        """Keep the answer to a question, if it came with its probability.

        :param volumeNode: the volume that it is about.
        :param wanted: MaskRequest.
        :param mask: :class:`SliceMask`.
        """
        if mask.probability is not None:
            self._memory.keep(_keyOf(volumeNode, wanted), mask, mask.probability)

    def find(self, volumeNode, wanted):
        """:return: the :class:`SliceMask` that a question was answered with; None where it is not kept.

        :param volumeNode: the volume that it is about; its voxels may have been changed since.
        :param wanted: MaskRequest.
        """
        return self._memory.find(_keyOf(volumeNode, wanted))


def _keyOf(volumeNode, wanted):
    # No two changes in one program have the same modification time.
    return volumeNode.GetImageData().GetMTime(), wanted.subject
