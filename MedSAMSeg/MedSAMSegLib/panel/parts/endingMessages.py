"""Why a propagation went no farther, in the user's language; the server says it in English."""

from __future__ import annotations

from typing import Any

from slicer.i18n import tr as _


def endingMessage(ending: dict[str, Any]) -> str:
    """Return why a propagation ended in one direction.

    :param ending: {"direction", "slice", "reason", "message"} of the server; of a reason that is not known here, its
        message is returned.
    """
    sentences = {
        "range": _("Stopped at slice {index}, the end of the range."),
        "reach": _("Stopped at slice {index}, the farthest that the object can be from its lines or boxes."),
        "volume": _("Stopped at slice {index}, the end of the volume."),
        "prompt": _("Stopped at slice {index}, where it met the next box."),
        "locked": _("Stopped at slice {index}: the next slice is locked."),
        "empty": _("Stopped after slice {index}: nothing was found on the next slice."),
        "shrunk": _("Stopped after slice {index}: on the next slice only a small part of the object would be left."),
        "grown": _("Stopped after slice {index}: on the next slice the object would suddenly be much larger."),
        "jumped": _("Stopped after slice {index}: on the next slice the object would be in another place."),
        "changed": _("Stopped after slice {index}: on the next slice there is something of another brightness."),
    }
    sentence = sentences.get(ending["reason"])
    return ending["message"] if sentence is None else sentence.format(index=ending["slice"])
