"""What DICOM files say of an object besides its voxels: what it is, and what found it; by pydicom's items."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from pydicom.dataset import Dataset

from medsamseg_server.image_io.mask_writer import SegmentingModel
from medsamseg_server.image_io.terminology import TISSUE, Code, Terminology

_OURS = "MedSAMSeg"


def terminology_of(
    item: Dataset, category: str, type_: str, region: str = "AnatomicRegionSequence"
) -> Terminology | None:
    """Return what an object is; None where its item has no type.

    Args:
        item: of the object.
        category: keyword of the sequence with its category; Tissue where it has none.
        type_: keyword of the sequence with its type.
        region: keyword of the sequence with the part of the body.
    """
    types, regions = item.get(type_) or [], item.get(region) or []
    found = _code(types)
    if found is None:
        return None
    return Terminology(
        _code(item.get(category)) or TISSUE.category,
        found,
        _code(types[0].get("SegmentedPropertyTypeModifierCodeSequence")),
        _code(regions),
        _code(regions[0].get("AnatomicRegionModifierSequence")) if regions else None,
    )


def found_by(algorithms: Sequence[Dataset] | None) -> dict[str, Any]:
    """Return whether MedSAMSeg found an object, and by which model, by the names that ``LabelObject`` has for it.

    Args:
        algorithms: its Algorithm Identification Sequence (PS3.3 10.16).
    """
    item = algorithms[0] if algorithms else Dataset()
    said = dict(part.partition("=")[::2] for part in str(item.get("AlgorithmParameters", "")).split(","))
    model = said.get("model", "").strip()
    return {
        "is_ours": item.get("AlgorithmName") == _OURS,
        "found_by": SegmentingModel(model, said.get("weights_sha256", "").strip()) if model else None,
    }


def _code(sequence: Sequence[Dataset] | None) -> Code | None:
    if not sequence:
        return None
    item = sequence[0]
    value = item.get("CodeValue") or item.get("LongCodeValue") or item.get("URNCodeValue")
    if not value:
        return None
    return Code(str(item.get("CodingSchemeDesignator", "")), str(value), str(item.get("CodeMeaning", "")))
