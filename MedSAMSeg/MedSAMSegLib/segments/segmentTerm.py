"""What a segment is and where, in codes, as Slicer stores it in the segment."""

from __future__ import annotations

from dataclasses import dataclass

import slicer

from MedSAMSegLib.segments.segmentModel import tagOf

# Between the parts of an entry, and between the parts of a code
# (vtkSlicerTerminologiesModuleLogic::SerializeTerminologyEntry).
_PARTS, _CODE_PARTS = "~", "^"


@dataclass(frozen=True)
class Code:
    """A coded concept.

    :param scheme: whose code it is, such as SCT (SNOMED CT).
    :param value: the code.
    :param meaning: its words, in English.
    """

    scheme: str
    value: str
    meaning: str

    def __str__(self) -> str:
        return f"{self.meaning} ({self.scheme}:{self.value})"


@dataclass(frozen=True)
class SegmentTerm:
    """What Slicer's window for terminology lets the user choose; None for each part that nobody chose.

    :param category: :class:`Code`, such as Morphologically Altered Structure.
    :param type: such as Mass.
    :param modifier: of the type, such as Left.
    :param region: the part of the body, such as Lung.
    :param regionModifier: of that, such as Left.
    """

    category: Code | None = None
    type: Code | None = None
    modifier: Code | None = None
    region: Code | None = None
    regionModifier: Code | None = None

    @property
    def title(self) -> str:
        """The words of type and modifier, such as "Kidney, Left"; "" where there is no type."""
        return ", ".join(code.meaning for code in (self.type, self.modifier) if code is not None)


#: Of a segment of which nobody said what it is.
NO_TERM = SegmentTerm()


def termOf(segment: slicer.vtkSegment) -> SegmentTerm:
    """Return what a segment is, by its tag TerminologyEntry.

    The tag has seven parts: list, category, type, modifier, list of regions, region, modifier of the region.

    :param segment: vtkSegment.
    """
    parts = tagOf(segment, slicer.vtkSegment.GetTerminologyEntryTagName()).split(_PARTS)
    return SegmentTerm(*(_code(part) for part in (*parts[1:4], *parts[5:7])))


def _code(text):
    parts = text.split(_CODE_PARTS)
    return Code(*parts) if len(parts) == 3 and parts[1] else None
