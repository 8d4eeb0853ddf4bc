"""Standardized uptake values (SUV) of PET by body weight, decay corrected, as far as the DICOM images allow it.

The rules are those of QIBA's vendor-neutral pseudo-code (Profile FDG-PET/CT as an Imaging Biomarker, version 1.13,
appendix G; attributes of PS3.3 C.8.9). It knows the decay correction START. For ADMIN, values are those of the time of
injection (Decay Correction, 0054,1102), and the injected dose is taken as it is. Enhanced images have rules of their
own (``enhanced_suv``).
"""

from __future__ import annotations

import functools
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pydicom
from pydicom.dataset import Dataset

from medsamseg_server.image_io.dicom_files import quiet_pydicom
from medsamseg_server.image_io.image import DicomSource
from medsamseg_server.measurements.enhanced_suv import enhanced_factor
from medsamseg_server.measurements.suv_items import UnknownError, dose_of, grams_of, half_life_of, parsed, several

_PET, _ENHANCED_PET = "1.2.840.10008.5.1.4.1.1.128", "1.2.840.10008.5.1.4.1.1.130"
# Of Philips: values to SUV, and to Bq/ml; of GE: when the scan began. Each with the creator of its private block.
_PHILIPS, _PHILIPS_SUV, _PHILIPS_BQML = "Philips PET Private Group", 0x00, 0x09
_GE, _GE_SCAN_TIME = "GEMS_PETD_01", 0x0D


@dataclass(frozen=True)
class SuvScale:
    """How values of a PET scan become SUV.

    Attributes:
        factor: what a value of the scan, its slope and intercept applied, is multiplied by; None where nobody knows.
        reason: why there is none, as a sentence; empty where there is one.
    """

    factor: float | None
    reason: str = ""


def suv_scale(source: DicomSource | None) -> SuvScale | None:
    """Return how values become SUV; None for a scan that is not PET in DICOM.

    Args:
        source: the images of the scan.
    """
    if source is None:
        return None
    files = list(dict.fromkeys(source.files))
    first = _header(files[0])
    if first.get("Modality") != "PT":
        return None
    headers = {path: first if path == files[0] else _header(path) for path in files}
    try:
        factors = _factors(source, headers)
        if max(factors) > min(factors) * (1 + 1e-6):
            raise UnknownError("they differ in weight, dose or scale")
        return SuvScale(factors.pop())
    except UnknownError as unknown:
        return SuvScale(None, f"No SUV is known of the images: {unknown}.")


def _factors(source: DicomSource, headers: Mapping[Path, Dataset]) -> set[float]:
    """Return the factors of all images, by the rules for their class."""
    sop_class = headers[source.files[0]].get("SOPClassUID")
    if sop_class == _ENHANCED_PET:
        return {enhanced_factor(headers[path], frame) for path, frame in zip(source.files, source.frames, strict=True)}
    if sop_class == _PET:
        series = _Series([*headers.values()])
        return {_factor(header, series) for header in series.headers}
    raise UnknownError(
        "they are not of the classes PET Image Storage and Enhanced PET Image Storage, for which the rules are made"
    )


@dataclass(frozen=True)
class _Series:
    """The headers of all images."""

    headers: Sequence[Dataset]

    @functools.cached_property
    def acquired(self) -> datetime:
        """When the first of them was acquired."""
        return min(_time(header, "AcquisitionDate", "AcquisitionTime") for header in self.headers)


def _header(path: Path) -> Dataset:
    with quiet_pydicom():
        return pydicom.dcmread(path, stop_before_pixels=True, force=True)


def _factor(header: Dataset, series: _Series) -> float:
    corrections = [str(each) for each in several(header.get("CorrectedImage"))]
    # Some scanners write DECAY.
    corrections += ["DECY"] if "DECAY" in corrections else []
    missing = [name for name in ("ATTN", "DECY") if name not in corrections]
    if missing:
        raise UnknownError(f"Corrected Image (0028,0051) lacks {' and '.join(missing)}")
    units = str(header.get("Units", ""))
    if units == "GML":
        return _of_suv(header)
    if units == "CNTS":
        return _of_counts(header, series)
    if units == "BQML":
        return _by_weight(header, series)
    raise UnknownError(f"their Units (0054,1001) are '{units}', not BQML, CNTS or GML")


def _of_suv(header: Dataset) -> float:
    kind = str(header.get("SUVType") or "BW")
    if kind != "BW":
        raise UnknownError(f"their values are SUV by {kind} (SUV Type, 0054,1006), not by body weight")
    return 1.0


def _of_counts(header: Dataset, series: _Series) -> float:
    factor = _private(header, 0x7053, _PHILIPS, _PHILIPS_SUV)
    if factor is not None and float(factor) > 0:
        return float(factor)
    to_bqml = _private(header, 0x7053, _PHILIPS, _PHILIPS_BQML)
    if to_bqml is not None and float(to_bqml) > 0:
        return float(to_bqml) * _by_weight(header, series)
    raise UnknownError("their Units (0054,1001) are CNTS, without the scale factors that Philips writes beside them")


def _by_weight(header: Dataset, series: _Series) -> float:
    grams = grams_of(header)
    given = (several(header.get("RadiopharmaceuticalInformationSequence")) or [Dataset()])[0]
    return grams / (dose_of(given) * _decay(header, given, series))


def _decay(header: Dataset, given: Dataset, series: _Series) -> float:
    """Return the part of the dose that was left at the time that the values are corrected to."""
    correction = str(header.get("DecayCorrection", ""))
    if correction == "ADMIN":
        return 1.0
    if correction != "START":
        raise UnknownError(f"their Decay Correction (0054,1102) is '{correction}', not START or ADMIN")
    half_life = half_life_of(given)
    scanned = _scan_time(header, series)
    seconds = (scanned - _injection_time(given, scanned)).total_seconds()
    if seconds < 0:
        raise UnknownError("the injection is later than the scan")
    return math.pow(2.0, -seconds / half_life)


def _scan_time(header: Dataset, series: _Series) -> datetime:
    """Return when the scan began: the series, unless that is when its images were made anew."""
    begun = _time(header, "SeriesDate", "SeriesTime")
    if begun <= series.acquired:
        return begun
    private = _private(header, 0x0009, _GE, _GE_SCAN_TIME)
    return series.acquired if private is None else parsed(str(private))


def _injection_time(given: Dataset, scanned: datetime) -> datetime:
    whole = str(given.get("RadiopharmaceuticalStartDateTime") or "")
    if whole:
        return parsed(whole)
    time = str(given.get("RadiopharmaceuticalStartTime") or "")
    if not time:
        raise UnknownError("Radiopharmaceutical Start Time (0018,1072) is missing")
    # Its day is not said: that of the scan, or the day before where midnight was between them.
    injected = parsed(f"{scanned:%Y%m%d}{time}")
    return injected if injected <= scanned else injected - timedelta(days=1)


def _time(header: Dataset, date: str, time: str) -> datetime:
    texts = [str(header.get(keyword) or "") for keyword in (date, time)]
    if not all(texts):
        raise UnknownError(f"{date if not texts[0] else time} is missing")
    return parsed("".join(texts))


def _private(header: Dataset, group: int, creator: str, element: int) -> Any:
    try:
        return header.private_block(group, creator)[element].value
    except KeyError:
        return None
