"""A network that finds what is brighter than the frame around it, in the place of the real one."""

import numpy as np

from medsamseg_server.engine.box_vote import MARGINS, widened
from medsamseg_server.engine.masks import Candidates


class ColorSource:
    """In the place of the network: of what is in a box, the pixels that are brighter than its surroundings."""

    def __init__(self, frames, threshold):
        self.frames = frames
        self.threshold = threshold
        self.asked = []

    def pixels(self, index):
        return self.frames[index]

    def gray(self, index):
        return self.frames[index].mean(axis=2).astype(np.uint8) if self.frames.ndim == 4 else self.frames[index]

    def _found(self, index, boxes):
        self.asked.append(index)
        frame = self.gray(index)
        bright = frame > self.threshold * np.median(frame)
        rows, columns = np.indices(frame.shape)
        found = [bright & (columns >= x0) & (columns <= x1) & (rows >= y0) & (rows <= y1) for x0, y0, x1, y1 in boxes]
        return Candidates(np.array(found), np.full(len(found), 0.9))

    def in_box(self, index, box):
        return self._found(index, [box]).slice_masks()[0], None

    def candidates(self, index, box, more_boxes=()):
        return self._found(index, [*widened(box, MARGINS, 1.0, self.gray(index).shape), *more_boxes])
