"""What a segment is, for people to read."""

from __future__ import annotations

from typing import TYPE_CHECKING

from slicer.i18n import tr as _

if TYPE_CHECKING:
    from MedSAMSegLib.segments.segmentTerm import SegmentTerm


def termHint(term: SegmentTerm) -> str:
    """Return a line for each part of a term that is known, with its code.

    :param term: :class:`SegmentTerm`.
    """
    lines = (
        (_("Category: {code}"), term.category),
        (_("Type: {code}"), term.type),
        (_("Modifier: {code}"), term.modifier),
        (_("Region: {code}"), term.region),
        (_("Region's modifier: {code}"), term.regionModifier),
    )
    known = [line.format(code=code) for line, code in lines if code is not None]
    return "\n".join([*known, _("Double-click to choose another term")])
