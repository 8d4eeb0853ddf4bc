"""What a segment is, in codes: category, type and place, as DICOM and 3D Slicer have them."""

from __future__ import annotations

from dataclasses import dataclass

# Slicer's names of its own lists (vtkSlicerTerminologiesModuleLogic), in which it looks an entry up first.
GENERAL_LIST = "Segmentation category and type - 3D Slicer General Anatomy list"
DICOM_LIST = "Segmentation category and type - DICOM master list"
REGION_LIST = "Anatomic codes - DICOM master list"
# Between the parts of an entry, and between the parts of a code.
_PARTS, _CODE_PARTS = "~", "^"


@dataclass(frozen=True)
class Code:
    """A coded concept (PS3.3 section 8.8).

    Attributes:
        scheme: whose code it is, such as ``SCT`` for SNOMED CT.
        value: the code.
        meaning: its words.
    """

    scheme: str
    value: str
    meaning: str

    @property
    def key(self) -> tuple[str, str]:
        """What makes it the same concept as another, whatever the words."""
        return self.scheme, self.value

    def __str__(self) -> str:
        return f"{self.meaning} ({self.scheme}:{self.value})"


@dataclass(frozen=True)
class Terminology:
    """What a segment is, and where.

    Attributes:
        category: such as Morphologically Abnormal Structure.
        type: such as Mass.
        modifier: of the type, such as Left.
        region: the part of the body that it lies in, such as Lung.
        region_modifier: of that, such as Left.
        list_name: of the list of 3D Slicer that category and type are from.
    """

    category: Code
    type: Code
    modifier: Code | None = None
    region: Code | None = None
    region_modifier: Code | None = None
    list_name: str = DICOM_LIST

    def __str__(self) -> str:
        what = ", ".join(str(code) for code in (self.type, self.modifier) if code is not None)
        where = ", ".join(str(code) for code in (self.region, self.region_modifier) if code is not None)
        return f"{what} in {where}" if where else what


_TISSUE = Code("SCT", "85756007", "Tissue")
#: A segment of which nobody has said what it is: what 3D Slicer gives to a new one.
TISSUE = Terminology(_TISSUE, _TISSUE, list_name=GENERAL_LIST)


def slicer_entry(known: Terminology) -> str:
    """Return a terminology as 3D Slicer writes it into a segment's tag ``TerminologyEntry``.

    The seven parts of vtkSlicerTerminologiesModuleLogic::SerializeTerminologyEntry: list, category, type, modifier,
    list of regions, region, modifier of the region.
    """
    words = (_code(known.category), _code(known.type), _code(known.modifier))
    places = (_code(known.region), _code(known.region_modifier))
    return _PARTS.join((known.list_name, *words, REGION_LIST, *places))


def from_slicer_entry(text: str) -> Terminology | None:
    """Return what a tag ``TerminologyEntry`` says; None where it lacks a category or a type."""
    parts = text.split(_PARTS)
    if len(parts) < 4:
        return None
    category, type_, modifier = (_code_of(part) for part in parts[1:4])
    region, region_modifier = (_code_of(part) for part in [*parts[5:7], "", ""][:2])
    if category is None or type_ is None:
        return None
    return Terminology(category, type_, modifier, region, region_modifier, parts[0] or DICOM_LIST)


def _code(code: Code | None) -> str:
    return _CODE_PARTS.join(("", "", "") if code is None else (code.scheme, code.value, code.meaning))


def _code_of(text: str) -> Code | None:
    parts = text.split(_CODE_PARTS)
    return Code(parts[0], parts[1], parts[2]) if len(parts) == 3 and parts[0] and parts[1] else None
