"""What tells the volumes of one series apart: time, echo, diffusion weighting, kind of image, and the like."""

from __future__ import annotations

from collections.abc import Collection, Hashable, Iterator
from typing import Any

from pydicom.dataset import Dataset
from pydicom.sequence import Sequence

#: Elements whose values set volumes apart, in the order in which they are tried, each with its word for people.
SPLITTING_TAGS = {
    "StackID": "stack",
    "FrameType": "kind",
    "ImageType": "kind",
    "EchoNumbers": "echo",
    "EffectiveEchoTime": "echo time",
    "EchoTime": "echo time",
    "InversionTime": "inversion time",
    "InversionTimes": "inversion time",
    "FlipAngle": "flip angle",
    "KVP": "kV",
    "ReconstructionAlgorithm": "reconstruction",
    "ConvolutionKernel": "kernel",
    "DiffusionBValue": "b-value",
    "DiffusionGradientOrientation": "gradient",
    "TemporalPositionIndex": "time",
    "TemporalPositionIdentifier": "time",
    "TemporalPositionTimeOffset": "time offset",
    "NominalCardiacTriggerDelayTime": "trigger delay",
    "NominalPercentageOfCardiacPhase": "cardiac phase",
    "NominalPercentageOfRespiratoryPhase": "respiratory phase",
    "TriggerTime": "trigger time",
    "FrameReferenceTime": "frame time",
    "FrameReferenceDateTime": "frame time",
    "AcquisitionNumber": "acquisition",
    "FrameAcquisitionNumber": "acquisition",
    "AcquisitionDateTime": "acquisition time",
    "FrameAcquisitionDateTime": "acquisition time",
    "AcquisitionTime": "acquisition time",
    "ContentTime": "time of content",
}
STACK = "StackID"
_DIMENSION = "dimension"
# Functional groups nest their values at most this deep: group, gradient, its orientation.
_DEPTH = 3

Keys = dict[str, Hashable]


def keys_of_file(header: Dataset) -> Keys:
    """Return what a file of one frame says of the volume that it belongs to."""
    return {keyword: _plain(header[keyword].value) for keyword in SPLITTING_TAGS if keyword in header}


def keys_of_groups(groups: Dataset) -> Keys:
    """Return what the functional groups of a frame say of the volume that it belongs to."""
    found = dict(_walk(groups, _DEPTH))
    # The values of the dimensions last: where the elements themselves tell volumes apart, they have better words.
    dimensions = found.pop("DimensionIndexValues", None)
    if isinstance(dimensions, tuple):
        found.update({f"{_DIMENSION} {n}": value for n, value in enumerate(dimensions, start=1)})
    return found


def splitting_order(keys: Collection[str]) -> list[str]:
    """Return the names of the keys by which volumes are told apart, the most telling first."""
    return [*(name for name in SPLITTING_TAGS if name in keys), *(n for n in keys if n.startswith(_DIMENSION))]


def describe_key(name: str, value: Hashable) -> str:
    """Return words such as ``echo time 4.6``."""
    shown = "\\".join(str(part) for part in value) if isinstance(value, tuple) else str(value)
    return f"{SPLITTING_TAGS.get(name, name)} {shown}" if value is not None else f"no {SPLITTING_TAGS.get(name, name)}"


def _walk(groups: Dataset, depth: int) -> Iterator[tuple[str, Hashable]]:
    for element in groups:
        if isinstance(element.value, Sequence):
            if depth > 1 and len(element.value) > 0:
                yield from _walk(element.value[0], depth - 1)
        elif element.keyword in SPLITTING_TAGS or element.keyword == "DimensionIndexValues":
            yield element.keyword, _plain(element.value)


def _plain(value: Any) -> Hashable:
    if value is None or value == "":
        return None
    if isinstance(value, str):
        return value
    if isinstance(value, (int, float)):
        return value if isinstance(value, int) else float(value)
    try:
        return tuple(_plain(part) for part in value)
    except TypeError:
        return str(value)
