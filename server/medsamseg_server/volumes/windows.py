"""Intensity windows: from a volume's own units to the 8-bit gray levels that the networks were trained on.

A window is a parameter of a request. The user's voxels are never changed by it.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from medsamseg_server.errors import ErrorKind, MedSAMSegError

#: Width and level, in Hounsfield units, of the CT windows.
#:
#: ``soft`` and ``brain`` are those of the MedSAM paper (Ma et al., Nat Commun 15:654, 2024, Methods). ``bone``, which
#: the paper does not give, is 1800/400 of the Radiopaedia article "Windowing (CT)"
#: (https://radiopaedia.org/articles/windowing-ct), to which MedSAM's script ``pre_CT_MR.py`` refers for common windows.
#: ``lung`` is 1500/-600 of that article too, what radiologists see, and not the paper's 1500/-160. LiteMedSAM, two lung
#: tumors, mean Dice of tight boxes slice by slice, and of propagation through the true range (sample CT | pyradiomics'
#: lung CT): -600 gives 0.843, 0.874 | 0.916, 0.892 and -160 gives 0.812, 0.845 | 0.920, 0.943. Neither is better on
#: both; ``W,L`` leaves the choice to the user.
CT_PRESETS: dict[str, tuple[float, float]] = {
    "soft": (400.0, 40.0),
    "lung": (1500.0, -600.0),
    "brain": (80.0, 40.0),
    "bone": (1800.0, 400.0),
}

# What "auto" means is decided here. The panel names the window before a volume has been sent, so its
# `volumes/intensityWindows.py` has the same limits; a test compares the two.
#: Hounsfield units of air and lung, of soft tissue and fat, and of these with what lies between; and the least share of
#: the voxels that each has in a CT.
_CT_SHARES = ((-1100, -500, 0.02), (-200, 300, 0.05), (-1100, 300, 0.6))
#: Values below belong to no tissue: the lowest is padding outside the field of view.
_LOWEST_HU = -1100
#: Aerated lung; soft tissue and fat; and how many times as many voxels as of the latter a chest has of the former.
_LUNG_HU, _TISSUE_HU, _CHEST_RATIO = (-950, -500), (-150, 250), 0.25

#: The window that suits the volume, and a box better still; see ``box_windows``.
AUTO = "auto"
#: The same where the caller says what suits the volume, ``auto:lung`` for example: files know what an image is.
AUTO_FOR = "auto:"

WINDOW_NAMES = (AUTO, *CT_PRESETS, "percentile")

# A sample of this many voxels fixes the percentiles to far below one gray level; smaller volumes are used whole.
_SAMPLE_VOXELS = 2**24
# One value that this share of the voxels has, and that lies at an end of the scale or at zero, is padding.
_PADDING_SHARE = 0.05
# How far below zero, as a share of the way above it, voxels of an image without negative tissue reach.
_RINGING = 0.05


@dataclass(frozen=True)
class IntensityRange:
    """The part of the intensity scale that a network gets to see.

    Attributes:
        name: what was resolved: a preset, ``percentile`` or ``W,L`` as numbers; never ``auto``.
        lower: intensity that becomes 0, in the volume's own unit.
        upper: intensity that becomes 255.
        kind: ``ct`` (a preset in Hounsfield units), ``percentile`` (from the voxels), ``custom`` (from the user) or
            ``color`` (8-bit colors, which are shown as they are).
    """

    name: str
    lower: float
    upper: float
    kind: str

    def apply(self, pixels: NDArray[Any]) -> NDArray[np.uint8]:
        """Return ``pixels`` (any shape, any real dtype) as gray levels 0…255, truncated as MedSAM does."""
        if self.kind == "color":
            return np.asarray(pixels, np.uint8)
        width = self.upper - self.lower
        if width <= 0:
            return np.zeros(pixels.shape, np.uint8)
        # Double precision, so that 64-bit integers and values beside the bounds keep their gray level.
        gray = (np.clip(pixels.astype(np.float64), self.lower, self.upper) - self.lower) / width * 255.0
        return gray.astype(np.uint8)


def resolve_window(text: str, array: NDArray[Any]) -> IntensityRange:
    """Return the intensity range that ``text`` means for a volume.

    >>> resolve_window("lung", np.zeros((1, 1, 1)))
    IntensityRange(name='lung', lower=-1350.0, upper=150.0, kind='ct')
    >>> resolve_window("400,40", np.zeros((1, 1, 1))).apply(np.array([-160, 40, 240]))
    array([  0, 127, 255], dtype=uint8)

    Args:
        text: ``auto``, or ``auto:`` and what suits the volume where the caller knows; a CT preset (``soft``, ``lung``,
            ``brain``, ``bone``), ``percentile``, or width and level as ``W,L``.
        array: the whole volume (K, J, I); finite values. Read for ``auto`` and ``percentile`` only.

    Raises:
        MedSAMSegError: ``window_invalid`` when the text is none of these.
    """
    name = text.strip().lower().removeprefix(AUTO_FOR)
    if name == AUTO:
        name = suggest_window(array)
    if name in CT_PRESETS:
        return _from_width_and_level(name, *CT_PRESETS[name], kind="ct")
    if name == "percentile":
        return _percentile_range(array)
    return _custom_range(text)


def color_window(text: str) -> IntensityRange:
    """Return what the networks see of 8-bit colors: everything.

    Raises:
        MedSAMSegError: ``window_invalid`` for any text but ``auto`` and ``color``.
    """
    if text.strip().lower() != "color" and not is_automatic(text):
        message = f"A color image has no intensity window, but '{text[:80]}' was asked for."
        raise MedSAMSegError(ErrorKind.INVALID_INPUT, "window_invalid", message, "Use auto, or leave the window out.")
    return IntensityRange("color", 0.0, 255.0, "color")


def is_automatic(text: str) -> bool:
    """Return whether a window is chosen by the box where there is one."""
    name = text.strip().lower()
    return name == AUTO or name.startswith(AUTO_FOR)


def check_window(text: str) -> None:
    """Raise ``window_invalid`` unless ``resolve_window`` would know the text."""
    resolve_window(text, np.zeros((1, 1, 1), np.uint8))


def suggest_window(array: NDArray[Any]) -> str:
    """Return ``lung`` for a CT of the chest, ``soft`` for any other CT, ``percentile`` for everything else.

    A CT is recognized by what Hounsfield units look like: at least 2 % of the voxels are air or lung (−1100…−500), at
    least 5 % are soft tissue or fat (−200…300), and these with what lies between are at least 60 % of the image;
    padding outside the field of view (one value below −1100) does not count. It is a chest when the voxels of aerated
    lung (−950…−500) are at least a quarter as many as those of soft tissue and fat (−150…250).
    """
    sample = _sample(array)
    lowest = sample.min()
    if lowest < _LOWEST_HU:
        sample = sample[sample != lowest]
    if sample.size == 0:
        return "percentile"

    def share(low: float, high: float) -> float:
        return float(np.count_nonzero((sample >= low) & (sample <= high)) / sample.size)

    if not all(share(low, high) >= least for low, high, least in _CT_SHARES):
        return "percentile"
    lung = share(*_LUNG_HU)
    return "lung" if lung > 0 and lung >= _CHEST_RATIO * share(*_TISSUE_HU) else "soft"


def _from_width_and_level(name: str, width: float, level: float, kind: str) -> IntensityRange:
    return IntensityRange(name, level - width / 2, level + width / 2, kind)


def _percentile_range(array: NDArray[Any]) -> IntensityRange:
    """Return the 0.5th to 99.5th percentile of the voxels above zero, as MedSAM does for MR.

    Where tissue is below zero, as in standardized or bias-corrected MR, those of all voxels but padding.
    """
    sample = _sample(array)
    tissue = sample[sample > 0]
    if sample.min() < 0:
        inside = _without_padding(sample)
        lower, upper = np.percentile(inside, (0.5, 99.5))
        # Ringing of a resampled image and padding by -1 reach a little below zero; tissue does not stay there.
        if tissue.size == 0 or lower < -_RINGING * upper:
            tissue = inside
    lower, upper = np.percentile(tissue if tissue.size else sample, (0.5, 99.5))
    return IntensityRange("percentile", float(lower), float(upper), "percentile")


def _without_padding(sample: NDArray[Any]) -> NDArray[Any]:
    """Leave out the most frequent of the smallest value, the largest and zero, where it is frequent enough."""
    count, padding = max((int(np.count_nonzero(sample == value)), value) for value in (sample.min(), 0, sample.max()))
    return sample[sample != padding] if _PADDING_SHARE * sample.size <= count < sample.size else sample


def _custom_range(text: str) -> IntensityRange:
    parts = text.split(",")
    try:
        width, level = (float(part) for part in parts)
    except ValueError:
        raise _invalid(text) from None
    if not (math.isfinite(width) and math.isfinite(level)) or width <= 0 or max(width, abs(level)) > 1e30:
        raise _invalid(text)
    return _from_width_and_level(f"{width:g},{level:g}", width, level, kind="custom")


def _invalid(text: str) -> MedSAMSegError:
    return MedSAMSegError(
        ErrorKind.INVALID_INPUT,
        "window_invalid",
        f"'{text[:80]}' is not an intensity window.",
        f"Use one of {', '.join(WINDOW_NAMES)}, or a positive width and a level, such as 400,40.",
    )


def _sample(array: NDArray[Any]) -> NDArray[Any]:
    """Return the voxels as one row: all of them, or evenly spaced ones of a very large volume."""
    step = -(-array.size // _SAMPLE_VOXELS)
    # An odd step does not fall into step with rows, whose lengths are mostly even.
    return array.ravel(order="K")[:: step | 1]
