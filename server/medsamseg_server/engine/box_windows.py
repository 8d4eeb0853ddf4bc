"""What the window ``auto`` means for a box: what is inside and round it decides, not the volume.

A chest CT holds lung, soft tissue and bone, and a window that suits one of them hides another. A box on the liver's
dome, in the lung window that suits the volume as a whole, gave a mask of the lung: Dice 0.00 instead of 0.97.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from medsamseg_server.volumes.windows import IntensityRange

#: An object whose middle is darker than this, in Hounsfield units, holds air: lung, airways, ground-glass.
_AERATED = -300
#: Aerated lung, in Hounsfield units, and the part of the surroundings from which on they are no longer soft tissue
#: alone: 0.00 to 0.09 for boxes in the abdomen, 0.16 to 0.88 at the diaphragm and in the lung, on the development sets.
_LUNG = (-950, -500)
_LUNG_SHARE = 1 / 8
#: With more of a box above the volume's percentiles, these are no window for it: what is hot in PET, for example, is
#: far above all but a thousandth of the voxels.
_CLIPPED_SHARE = 1 / 4
_PERCENTILES = (0.5, 99.5)


def window_for_box(of_volume: IntensityRange, box: NDArray[Any], around: NDArray[Any]) -> str:
    """Return the window for a box as a text that means the same on every slice; see ``windows.resolve_window``.

    In CT, an object with air in it gets ``lung``. Any other one near lung gets ``bone``, which holds everything solid
    and makes lung black; mean Dice of five objects with LiteMedSAM (two lung tumors; liver, heart and spine at the
    diaphragm): 0.95, with W1500 L-160 0.90, soft 0.89, lung 0.53. What has no lung near it gets ``soft``; ten organs of
    an abdominal CT: 0.86, with bone 0.86, W1500 L-160 0.82. In other images the percentiles of the volume are right
    unless much of the box is above them: then it gets those of its surroundings.

    Args:
        of_volume: what ``auto`` means for the volume as a whole.
        box: the pixels in the box, (h, w), in the volume's unit.
        around: the part of the slice that the network sees, (H, W).
    """
    if of_volume.kind == "ct":
        if float(np.median(_middle(box))) < _AERATED:
            return "lung"
        return "bone" if _share(around, *_LUNG) >= _LUNG_SHARE else "soft"
    clipped = np.count_nonzero(box > of_volume.upper) / box.size
    if clipped < _CLIPPED_SHARE:
        return of_volume.name
    lower, upper = (float(value) for value in np.percentile(around, _PERCENTILES))
    # As few digits as a window's name has, so that the name stands for the very window.
    return f"{upper - lower:g},{(upper + lower) / 2:g}" if lower < upper else of_volume.name


def _middle(pixels: NDArray[Any]) -> NDArray[Any]:
    """Return the middle half, in both directions, of (H, W) pixels."""
    height, width = pixels.shape
    return pixels[height // 4 : height - height // 4, width // 4 : width - width // 4]


def _share(pixels: NDArray[Any], low: float, high: float) -> float:
    return float(np.count_nonzero((pixels >= low) & (pixels <= high)) / pixels.size)
