"""Values in the headers of PET images, and what is said where one is missing."""

from __future__ import annotations

import math
from datetime import datetime
from typing import Any

from pydicom.dataset import Dataset

_GRAMS_A_KILOGRAM = 1000.0


class UnknownError(Exception):
    """Says what is missing or unusual, as the end of a sentence."""


def grams_of(header: Dataset) -> float:
    """Return the patient's weight, in grams."""
    return positive(header, "PatientWeight", "Patient's Weight (0010,1030)") * _GRAMS_A_KILOGRAM


def half_life_of(given: Dataset) -> float:
    """Return the half-life of what was given, in seconds."""
    return positive(given, "RadionuclideHalfLife", "Radionuclide Half Life (0018,1075)")


def dose_of(given: Dataset) -> float:
    """Return the dose of what was given, in the unit of the kind of images."""
    return positive(given, "RadionuclideTotalDose", "Radionuclide Total Dose (0018,1074)")


def parsed(text: str) -> datetime:
    """Return a date with its time (DT)."""
    # Time zones are the same for all times of a scan, and are left out.
    digits, _, fraction = text.partition("+")[0].partition("-")[0].replace(":", "").partition(".")
    try:
        return datetime.strptime(f"{digits:0<14}{fraction:0<6.6}", "%Y%m%d%H%M%S%f")
    except ValueError:
        raise UnknownError("one of their dates and times cannot be read") from None


def positive(item: Dataset, keyword: str, words: str) -> float:
    """Return a number above 0."""
    value = item.get(keyword)
    try:
        number = float(value) if value is not None else math.nan
    except (TypeError, ValueError):
        number = math.nan
    if not (math.isfinite(number) and number > 0):
        raise UnknownError(f"{words} is missing or 0")
    return number


def several(value: Any) -> list[Any]:
    """Return the values of an attribute, of which there may be one, several or none."""
    if value is None:
        return []
    return [value] if isinstance(value, str) else list(value)
