"""Asks the server for the masks of boxes on one or more slices, with as few requests as there are slices."""

import dataclasses
from typing import Any

from MedSAMSegLib.client.serverClient import MOST_PROBABILITIES
from MedSAMSegLib.volumes.slicePrompt import SlicePrompt


@dataclasses.dataclass(frozen=True)
class MaskRequest:
    """One mask that is wanted.

    :param prompt: SlicePrompt.
    :param window: intensity window.
    :param model: name of the model; None for the server's default.
    :param withProbability: whether the probability behind the mask is wanted, too.
    """

    prompt: SlicePrompt
    window: str = "auto"
    model: str | None = None
    withProbability: bool = False

    @property
    def request(self):
        """What has to agree for one request."""
        return self.prompt.axis, self.prompt.sliceIndex, self.window, self.model

    @property
    def subject(self):
        """What the mask depends on."""
        return self.prompt, self.window, self.model


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
    for numbers in _requests(wanted):
        first = wanted[numbers[0]]
        options: dict[str, Any] = {"cachedOnly": True} if cachedOnly else {}
        if any(wanted[number].withProbability for number in numbers):
            options["withProbabilities"] = True
        prompts = [wanted[number].prompt for number in numbers]
        reply = client.segment(key, prompts, first.window, first.model, **options)
        if reply is None:
            return None
        for place, (number, mask) in enumerate(zip(numbers, reply.masks, strict=True)):
            answers[number] = (mask, reply.ofMask(place))
    return [answers[number] for number in range(len(wanted))]


def _requests(wanted):
    """Yield the numbers of what is wanted with one request."""
    for request in dict.fromkeys(each.request for each in wanted):
        numbers = [number for number, each in enumerate(wanted) if each.request == request]
        withProbabilities = any(wanted[number].withProbability for number in numbers)
        atOnce = MOST_PROBABILITIES if withProbabilities else len(numbers)
        for start in range(0, len(numbers), atOnce):
            yield numbers[start : start + atOnce]
