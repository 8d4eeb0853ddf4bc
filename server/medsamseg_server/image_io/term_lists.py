"""The lists of terms to choose from: 3D Slicer's files where they are at hand, otherwise those of the DICOM standard.

They are read where they lie: Slicer's from its own folder, the standard's (PS3.16) from pydicom.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from medsamseg_server.errors import ErrorKind, MedSAMSegError
from medsamseg_server.image_io.terminology import DICOM_LIST, GENERAL_LIST, Code

#: Slicer sets it for what it starts, and so do its own terminals.
SLICER_HOME = "SLICER_HOME"
_SLICER_FILES = "share/Slicer-*/qt-loadable-modules/Terminologies/*.json"
# For each category of CID 7150 the context group with its types, those first whose words are meant most often.
_TYPE_GROUPS = {
    "Tissue": (7191,),
    "AnatomicalStructure": (7192,),
    "MorphologicallyAbnormalStructure": (7194, 7199),
    "PhysicalObject": (7193,),
    "Function": (7195,),
    "BodySubstance": (7197,),
    "Substance": (7198,),
    "SpatialAndRelationalConcept": (7196,),
}
# Of PS3.16: sides of the body, and parts of it that an image can be of.
_LATERALITY, _REGIONS = 244, (4031, 4)


@dataclass(frozen=True)
class Term:
    """An entry of a list.

    Attributes:
        code: of the type or region.
        modifier: its modifier; None for the entry without one.
        category: of a type; None for a region.
        label: a further name of it, such as ``left kidney``.
        list_name: of the list that it is from.
    """

    code: Code
    modifier: Code | None = None
    category: Code | None = None
    label: str = ""
    list_name: str = DICOM_LIST

    # Asked again and again for each of some thousand entries.
    @cached_property
    def names(self) -> tuple[str, ...]:
        """What users may call it, in small letters."""
        what = self.code.meaning
        words = [what, self.label]
        if self.modifier is not None:
            side = self.modifier.meaning
            words = [f"{side} {what}", f"{what} {side}", f"{what}, {side}", self.label]
        return tuple(dict.fromkeys(word.casefold() for word in words if word))

    @property
    def words(self) -> str:
        """Its name and code."""
        return str(self.code) if self.modifier is None else f"{self.code}, {self.modifier}"


@dataclass(frozen=True)
class TermLists:
    """What can be chosen from.

    Attributes:
        types: what a segment can be.
        regions: where it can be.
    """

    types: tuple[Term, ...]
    regions: tuple[Term, ...]


def term_lists(paths: Iterable[Path] = ()) -> TermLists:
    """Return the terms of Slicer's files, or where there are none, those of the standard.

    Args:
        paths: files of Slicer; without any, those in the folder that the environment's SLICER_HOME names.

    Raises:
        MedSAMSegError: ``terms_unreadable``.
    """
    found = [term for path in paths for term in _read(path)]
    if not found:
        # Other files there, such as a list of colors, have no terms.
        found = [term for path in _files_of_slicer() for term in _read(path, needed=False)]
    # A term in both lists is taken from the list of general anatomy.
    found.sort(key=lambda term: term.list_name != GENERAL_LIST)
    types = [term for term in found if term.category is not None]
    regions = [term for term in found if term.category is None]
    return TermLists(_once(types or _standard_types()), _once(regions or _standard_regions()))


def _files_of_slicer() -> list[Path]:
    home = os.environ.get(SLICER_HOME)
    return sorted(Path(home).glob(_SLICER_FILES)) if home else []


def _once(terms: Iterable[Term]) -> tuple[Term, ...]:
    kept: dict[tuple[object, ...], Term] = {}
    for term in terms:
        kept.setdefault((term.code.key, term.modifier and term.modifier.key), term)
    return tuple(kept.values())


def _read(path: Path, needed: bool = True) -> list[Term]:
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        if needed or "SegmentationCodes" in content or "AnatomicCodes" in content:
            return list(_regions_of(content) if "AnatomicCodes" in content else _types_of(content))
        return []
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise MedSAMSegError(
            ErrorKind.UNREADABLE,
            "terms_unreadable",
            f"{path} cannot be read as a terminology of 3D Slicer ({type(error).__name__}).",
            "Give one of the .json files in Slicer's folder share/Slicer-…/qt-loadable-modules/Terminologies.",
        ) from error


def _types_of(content: dict[str, Any]) -> Iterator[Term]:
    name = str(content["SegmentationCategoryTypeContextName"])
    for category in content["SegmentationCodes"]["Category"]:
        for type_ in category["Type"]:
            yield from _entries(type_, _code_of(category), name)


def _regions_of(content: dict[str, Any]) -> Iterator[Term]:
    for region in content["AnatomicCodes"]["AnatomicRegion"]:
        yield from _entries(region, None, DICOM_LIST)


def _entries(item: dict[str, Any], category: Code | None, list_name: str) -> Iterator[Term]:
    code = _code_of(item)
    yield Term(code, None, category, str(item.get("3dSlicerLabel", "")), list_name)
    for modifier in item.get("Modifier", ()):
        yield Term(code, _code_of(modifier), category, str(modifier.get("3dSlicerLabel", "")), list_name)


def _code_of(item: dict[str, Any]) -> Code:
    return Code(str(item["CodingSchemeDesignator"]), str(item["CodeValue"]), str(item["CodeMeaning"]))


def _standard_types() -> Iterator[Term]:
    # pydicom takes a moment to import.
    from pydicom.sr.codedict import codes

    for name, groups in _TYPE_GROUPS.items():
        category = _concept(getattr(codes.cid7150, name))
        sides = _sides() if name == "AnatomicalStructure" else [None]
        for group in groups:
            for code in _group(group):
                yield from (Term(code, side, category) for side in sides)


def _standard_regions() -> Iterator[Term]:
    for group in _REGIONS:
        for code in _group(group):
            yield from (Term(code, side) for side in _sides())


def _sides() -> list[Code | None]:
    return [None, *_group(_LATERALITY)]


def _group(number: int) -> list[Code]:
    from pydicom.sr.codedict import codes

    group = getattr(codes, f"cid{number}")
    return [_concept(concept) for concept in group.concepts.values()]


def _concept(concept: Any) -> Code:
    return Code(concept.scheme_designator, concept.value, concept.meaning)
