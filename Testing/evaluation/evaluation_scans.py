"""An object that a network which finds what is bright cannot miss."""

import numpy as np


def bar():
    """A bright bar on slices 2 to 9 of 12, rows 10 to 19, columns 8 to 17; wider on slice 4."""
    volume = np.zeros((12, 32, 40), np.uint8)
    volume[2:10, 10:20, 8:18] = 200
    volume[4, 10:20, 18:20] = 200
    return volume
