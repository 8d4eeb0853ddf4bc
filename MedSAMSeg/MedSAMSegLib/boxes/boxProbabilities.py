"""The probabilities behind the masks of boxes, kept so that another threshold needs no network."""

import collections

# Compressed, those of one box have some thousand bytes: this is room for the boxes of a long day.
MOST_BYTES = 2**24


class BoxProbabilities:
    """Answers by what was asked; those that were not looked at for the longest time go first.

    :param mostBytes: bound of what is kept.
    """

    def __init__(self, mostBytes=MOST_BYTES):
        self._mostBytes = mostBytes
        self._masks: collections.OrderedDict = collections.OrderedDict()

    def keep(self, volumeNode, wanted, mask):
        """Keep the answer to a question, if it came with its probability.

        :param volumeNode: the volume that it is about.
        :param wanted: MaskRequest.
        :param mask: :class:`SliceMask`.
        """
        if mask.probability is None:
            return
        self._masks[_keyOf(volumeNode, wanted)] = mask
        while sum(len(kept.probability.packed) for kept in self._masks.values()) > self._mostBytes:
            self._masks.popitem(last=False)

    def find(self, volumeNode, wanted):
        """:return: the :class:`SliceMask` that a question was answered with; None where it is not kept.

        :param volumeNode: the volume that it is about; its voxels may have been changed since.
        :param wanted: MaskRequest.
        """
        key = _keyOf(volumeNode, wanted)
        if key in self._masks:
            self._masks.move_to_end(key)
        return self._masks.get(key)


def _keyOf(volumeNode, wanted):
    # No two changes in one program have the same modification time.
    return volumeNode.GetImageData().GetMTime(), wanted
