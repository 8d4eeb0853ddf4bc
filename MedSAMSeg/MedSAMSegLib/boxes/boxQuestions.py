"""Asks the server for the masks of boxes on one or more slices, with as few requests as there are slices."""

import dataclasses
from typing import Any

from MedSAMSegLib.volumes.boxPrompt import BoxPrompt


@dataclasses.dataclass(frozen=True)
class MaskRequest:
    """One mask that is wanted.

    :param prompt: BoxPrompt.
    :param points: (x, y, whether it belongs to the object) of each point.
    :param window: intensity window.
    :param model: name of the model; None for the server's default.
    """

    prompt: BoxPrompt
    points: tuple = ()
    window: str = "auto"
    model: str | None = None

    @property
    def request(self):
        """What has to agree for one request."""
        return self.prompt.axis, self.prompt.sliceIndex, self.window, self.model


def askMasks(client, key, wanted, cachedOnly=False):
    """Ask for masks. Runs on a worker thread.

    :param client: :class:`ServerClient`.
    :param key: the volume's key on the server.
    :param wanted: list of :class:`MaskRequest`.
    :param cachedOnly: give up if a slice is not encoded yet.
    :return: list of (:class:`SliceMask`, :class:`SegmentReply` on it alone) in the order of what was wanted; None when
        it was given up.
    """
    answers = {}
    for request in dict.fromkeys(each.request for each in wanted):
        numbers = [number for number, each in enumerate(wanted) if each.request == request]
        axis, sliceIndex, window, model = request
        options: dict[str, Any] = {"cachedOnly": True} if cachedOnly else {}
        points = [[(x, y, int(isInObject)) for x, y, isInObject in wanted[number].points] for number in numbers]
        if any(points):
            options["points"] = points
        boxes = [wanted[number].prompt.box for number in numbers]
        reply = client.segment(key, axis, sliceIndex, boxes, window, model, **options)
        if reply is None:
            return None
        for place, (number, mask) in enumerate(zip(numbers, reply.masks, strict=True)):
            answers[number] = (mask, reply.ofMask(place))
    return [answers[number] for number in range(len(wanted))]
