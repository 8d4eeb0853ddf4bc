"""Volumes: checked, finite, native arrays."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from medsamseg_server.errors import ErrorKind, MedSAMSegError, shorten
from medsamseg_server.volumes.colors import COLOR_COMPONENTS, is_color, to_rgb
from medsamseg_server.volumes.windows import IntensityRange, color_window, is_automatic, resolve_window

_CHUNK_VOXELS = 2**20
_SINGLE_PRECISION_MAX = float(np.finfo(np.float32).max)


class Volume:
    """A 3D image in memory, in gray or color. It does not change, so everything derived from it can be kept.

    Attributes:
        array: (K, J, I), native byte order, every value finite and within single precision's range; or, in color,
            (K, J, I, 3) uint8, red, green and blue.
        dtype: name of the type that was given, before ``bool`` became ``uint8``.
        notes: sentences on what was changed, for the user; mostly none.
    """

    def __init__(self, array: NDArray[Any], dtype: str, notes: tuple[str, ...]) -> None:
        self.array = array
        self.dtype = dtype
        self.notes = notes
        self._windows: dict[str, IntensityRange] = {}
        self._lock = threading.Lock()

    @classmethod
    def from_array(cls, array: NDArray[Any], owned: bool = False) -> Volume:
        """Make a volume of any real array (K, J, I), or of colors (K, J, I, 3 or 4), either byte order.

        Args:
            array: int8…float64 or bool; colors are uint8 or uint16, see ``colors.to_rgb``.
            owned: the array may be changed in place instead of being copied where something must be replaced.

        Raises:
            MedSAMSegError: ``volume_not_3d``, ``volume_empty`` or ``volume_type``.
        """
        check_layout(array.shape, array.dtype)
        dtype = array.dtype.name
        native = array if array.dtype.isnative else _to_native(array, owned)
        if native.ndim == 4:
            colors, notes = to_rgb(native)
            return cls(_read_only(colors), dtype, notes)
        if native.dtype.kind == "b":
            # Any other byte than 0 and 1 in a file of booleans is still "true".
            native = native.view(np.uint8)
            native = np.minimum(native, 1, out=native if owned else None)
        if not (native.flags.c_contiguous or native.flags.f_contiguous):
            native, owned = np.ascontiguousarray(native), True
        finite, notes = _finite(native, owned)
        return cls(_read_only(finite), dtype, notes)

    @property
    def is_color(self) -> bool:
        """Whether a voxel is a color instead of one number."""
        return self.array.ndim == 4

    @property
    def shape(self) -> tuple[int, int, int]:
        """Number of voxels along each array axis: K, J, I."""
        k, j, i = self.array.shape[:3]
        return (k, j, i)

    @property
    def nbytes(self) -> int:
        """Size of the voxels in memory."""
        return self.array.nbytes

    def slice_count(self, axis: int) -> int:
        """Return the number of slices across an axis; an axis other than 0, 1, 2 is an ``axis_invalid`` error."""
        check_axis(axis)
        return self.shape[axis]

    def slice(self, axis: int, index: int) -> NDArray[Any]:
        """Return one slice (H, W), or (H, W, 3) in color: rows are the first remaining array axis, columns the last.

        >>> volume = Volume.from_array(np.zeros((49, 256, 128), np.int16))
        >>> [volume.slice(axis, 24).shape for axis in (0, 1, 2)]
        [(256, 128), (49, 128), (49, 256)]

        Raises:
            MedSAMSegError: ``axis_invalid`` or ``slice_out_of_range``.
        """
        count = self.slice_count(axis)
        if not 0 <= index < count:
            raise MedSAMSegError(
                ErrorKind.INVALID_INPUT,
                "slice_out_of_range",
                f"Slice {index} is outside the volume: along axis {axis} it has slices 0 to {count - 1}.",
            )
        return self._take(axis, index)

    def _take(self, axis: int, index: int) -> NDArray[Any]:
        return self.array[(slice(None),) * axis + (index,)]

    def slice_size(self, axis: int, index: int) -> tuple[int, int]:
        """Return the height and width of a slice; errors as ``slice``."""
        height, width = self.slice(axis, index).shape[:2]
        return height, width

    def window(self, text: str) -> IntensityRange:
        """Return what a window text means for this volume; worked out once.

        Raises:
            MedSAMSegError: ``window_invalid``; see ``windows.resolve_window``, or ``windows.color_window`` for colors.
        """
        if self.is_color:
            return color_window(text)
        with self._lock:
            found = self._windows.get(text)
            if found is None:
                found = resolve_window(text, self.array)
                # A preset or W,L costs nothing to work out, and any number of different ones may come.
                if found.kind == "percentile" or is_automatic(text):
                    self._windows[text] = found
            return found


def check_axis(axis: int) -> None:
    """Raise ``axis_invalid`` unless ``axis`` is 0, 1 or 2."""
    if axis not in (0, 1, 2):
        raise MedSAMSegError(
            ErrorKind.INVALID_INPUT,
            "axis_invalid",
            f"{axis} is not an axis of a volume.",
            "Use 0 (the stored slices), 1 or 2: numpy's axis of the array.",
        )


def check_layout(shape: tuple[int, ...], dtype: np.dtype[Any]) -> None:
    """Raise ``volume_not_3d``, ``volume_empty`` or ``volume_type`` unless an array can be a volume, gray or color."""
    if dtype.kind not in "biuf" or dtype.itemsize > 8 or dtype.subdtype is not None:
        raise unsuitable_type(str(dtype))
    size = " × ".join(map(str, shape[:8])) or "a single number"
    if len(shape) != 3 and not is_color(shape, dtype):
        if len(shape) == 4 and shape[-1] in COLOR_COMPONENTS:
            hint = f"Colors have the type uint8 or uint16, not {dtype.name}."
        elif len(shape) == 4:
            hint = "Choose one time point or component, and send that as a 3D array."
        else:
            hint = "Send an array of slices, rows and columns."
        message = f"The volume has {len(shape)} dimensions ({size}) instead of 3."
        raise MedSAMSegError(ErrorKind.INVALID_INPUT, "volume_not_3d", message, hint)
    if min(shape) < 1:
        raise MedSAMSegError(ErrorKind.INVALID_INPUT, "volume_empty", f"The volume has no voxels ({size}).")


def unsuitable_type(name: str) -> MedSAMSegError:
    """Return the error ``volume_type`` for voxels of the type that ``name`` says."""
    return MedSAMSegError(
        ErrorKind.INVALID_INPUT,
        "volume_type",
        f"Voxels of type {shorten(name)} cannot be segmented: a volume holds one real number per voxel.",
        "Use a type from int8 to float64, or bool.",
    )


def _read_only(array: NDArray[Any]) -> NDArray[Any]:
    view = array.view()
    view.flags.writeable = False
    return view


def _to_native(array: NDArray[Any], owned: bool) -> NDArray[Any]:
    return array.byteswap(inplace=owned).view(array.dtype.newbyteorder("="))


def _finite(array: NDArray[Any], owned: bool) -> tuple[NDArray[Any], tuple[str, ...]]:
    """Replace what is no usable number: NaN and −∞ by the smallest finite value, +∞ by the largest.

    The smallest value is the background of every common modality, and NaN mostly marks the outside of a resampled
    image. Values beyond single precision count as infinite, so that no later arithmetic can overflow.
    """
    if array.dtype.kind != "f":
        return array, ()
    not_a_number, infinite, lowest, highest = _survey(array)
    if not_a_number + infinite == 0:
        return array, ()
    array = array if owned else array.copy(order="K")
    for chunk in _chunks(array):
        np.nan_to_num(chunk, copy=False, nan=lowest, neginf=lowest, posinf=highest)
        np.clip(chunk, lowest, highest, out=chunk)
    note = (
        f"Replaced {not_a_number} voxels that were not a number by {lowest:g}, the smallest value, "
        f"and {infinite} infinite ones by the nearest of {lowest:g} and {highest:g}, the largest."
    )
    return array, (note,)


def _survey(array: NDArray[Any]) -> tuple[int, int, float, float]:
    """Return how many values are NaN and how many infinite, and the ends of the finite ones; 0 and 0 without any."""
    limit = min(_SINGLE_PRECISION_MAX, float(np.finfo(array.dtype).max))
    not_a_number = infinite = 0
    lowest, highest = np.inf, -np.inf
    for chunk in _chunks(array):
        good = np.abs(chunk) <= limit
        if not good.all():
            missing = int(np.count_nonzero(np.isnan(chunk)))
            not_a_number += missing
            infinite += chunk.size - int(np.count_nonzero(good)) - missing
            chunk = chunk[good]
        if chunk.size:
            lowest, highest = min(lowest, float(chunk.min())), max(highest, float(chunk.max()))
    return (not_a_number, infinite, lowest, highest) if lowest <= highest else (not_a_number, infinite, 0.0, 0.0)


def _chunks(array: NDArray[Any]) -> Iterator[NDArray[Any]]:
    flat = array.ravel(order="K")
    for start in range(0, flat.size, _CHUNK_VOXELS):
        yield flat[start : start + _CHUNK_VOXELS]
