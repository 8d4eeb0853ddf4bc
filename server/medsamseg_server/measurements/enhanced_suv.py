"""Standardized uptake values (SUV) of enhanced PET images: several frames a file, their meaning in functional groups.

By body weight: SUV = activity concentration x weight / dose at the time that the image is decay corrected to. What is
needed is in other places, and in other units, than in PET images of one slice (PS3.3):

- what pixels mean in Real World Value Mapping, which every frame has (A.56.4, units of CID 84);
- dose in MBq, half-life and time of injection in Radiopharmaceutical Information (C.8.22.4), of the agent that the
  frame names in Radiopharmaceutical Usage;
- the time that all frames are decay corrected to in Decay Correction DateTime (C.8.22.6).
"""

from __future__ import annotations

import math
import re
from typing import Any

from pydicom.dataset import Dataset

from medsamseg_server.measurements.suv_items import UnknownError, dose_of, grams_of, half_life_of, parsed, several

_BECQUERELS_A_MBQ = 1e6
# In MBq: nobody is given more for a scan, so that a larger number is in Bq.
_MOST_MBQ = 1e5
# Codes (UCUM) of SUV by body weight and of the activity concentration.
_SUV_BY_WEIGHT, _CONCENTRATION = "g/ml{SUVbw}", "Bq/ml"
# A date with hours and minutes at least (DT).
_WITH_TIME = re.compile(r"\d{12}")
# Attributes that have to be YES.
_CORRECTIONS = {
    "DecayCorrected": "Decay Corrected (0018,9758)",
    "AttenuationCorrected": "Attenuation Corrected (0018,9759)",
}

# Parts of a line's name, and what they are where they are left out.
_LINE = (("Slope", 1), ("Intercept", 0))


def enhanced_factor(header: Dataset, frame: int) -> float:
    """Return what the values of a frame, its slope and intercept applied, are multiplied by.

    Args:
        header: of a file of the class Enhanced PET Image Storage.
        frame: number of the frame, from 0.

    Raises:
        UnknownError: where something is missing or unusual.
    """
    for keyword, words in _CORRECTIONS.items():
        if header.get(keyword) != "YES":
            raise UnknownError(f"{words} is '{header.get(keyword, '')}', not YES")
    groups = _groups(header, frame)
    mappings = {_unit(each): each for each in _items(groups, "RealWorldValueMappingSequence")}
    if _SUV_BY_WEIGHT in mappings:
        return _scale(mappings[_SUV_BY_WEIGHT], groups, header)
    if _CONCENTRATION not in mappings:
        found = " and ".join(f"'{each}'" for each in mappings) or "missing"
        raise UnknownError(
            f"the unit of their Real World Value Mapping (0040,9096) is {found}, not Bq/ml or SUV by weight"
        )
    return _scale(mappings[_CONCENTRATION], groups, header) * grams_of(header) / _dose_left(header, groups)


def _dose_left(header: Dataset, groups: list[Dataset]) -> float:
    """Return the dose that was left at the time that the values are corrected to, in Bq."""
    given = _given(header, groups)
    dose = dose_of(given)
    if dose > _MOST_MBQ:
        raise UnknownError(
            f"Radionuclide Total Dose (0018,1074), which has to be in MBq, is {dose:g}, more than anybody is given"
        )
    corrected_to = _date(header, "DecayCorrectionDateTime", "Decay Correction DateTime (0018,9701)")
    injected = _date(given, "RadiopharmaceuticalStartDateTime", "Radiopharmaceutical Start DateTime (0018,1078)")
    if _time_zone(corrected_to) != _time_zone(injected):
        raise UnknownError("the times of injection and decay correction are of different time zones")
    seconds = (parsed(corrected_to) - parsed(injected)).total_seconds()
    if seconds < 0:
        raise UnknownError("the injection is later than the time that they are decay corrected to")
    return dose * _BECQUERELS_A_MBQ * math.pow(2.0, -seconds / half_life_of(given))


def _given(header: Dataset, groups: list[Dataset]) -> Dataset:
    """Return what was given to the patient, of a frame."""
    agents = several(header.get("RadiopharmaceuticalInformationSequence"))
    used = {each.get("RadiopharmaceuticalAgentNumber") for each in _items(groups, "RadiopharmaceuticalUsageSequence")}
    found = [each for each in agents if not used or each.get("RadiopharmaceuticalAgentNumber") in used]
    if not found:
        raise UnknownError("Radiopharmaceutical Information (0054,0016) has nothing of what was given")
    if len(found) > 1:
        raise UnknownError(f"{len(found)} radiopharmaceuticals were given, and one dose is needed")
    agent: Dataset = found[0]
    return agent


def _scale(mapping: Dataset, groups: list[Dataset], header: Dataset) -> float:
    """Return what values with slope and intercept applied are multiplied by to be those of a mapping."""
    transformation = (_items(groups, "PixelValueTransformationSequence") or [header])[0]
    slope, intercept = (float(transformation.get(f"Rescale{each}", default)) for each, default in _LINE)
    real_slope, real_intercept = (mapping.get(f"RealWorldValue{each}") for each, _default in _LINE)
    if real_slope is None or real_intercept is None:
        raise UnknownError("their Real World Value Mapping (0040,9096) has no slope and intercept")
    scale = float(real_slope) / slope
    if not (scale > 0 and math.isclose(float(real_intercept), scale * intercept, rel_tol=1e-6, abs_tol=1e-9)):
        raise UnknownError("their Real World Value Mapping (0040,9096) is no multiple of Rescale Slope and Intercept")
    return scale


def _unit(mapping: Dataset) -> str:
    codes = several(mapping.get("MeasurementUnitsCodeSequence"))
    return str(codes[0].get("CodeValue", "")) if codes else ""


def _groups(header: Dataset, frame: int) -> list[Dataset]:
    """Return the functional groups of a frame, its own before those that all share."""
    own = several(header.get("PerFrameFunctionalGroupsSequence"))[frame : frame + 1]
    return [*own, *several(header.get("SharedFunctionalGroupsSequence"))[:1]]


def _items(groups: list[Dataset], keyword: str) -> list[Any]:
    return next((items for group in groups if (items := several(group.get(keyword)))), [])


def _time_zone(text: str) -> str:
    return text[-5:] if text[-5:-4] in ("+", "-") else ""


def _date(item: Dataset, keyword: str, words: str) -> str:
    text = str(item.get(keyword) or "")
    if not text:
        raise UnknownError(f"{words} is missing")
    if not _WITH_TIME.match(text):
        raise UnknownError(f"{words} is '{text}', without the time of day")
    return text
