"""Asks the server for the masks of boxes on one or more slices, with as few requests as there are slices."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from MedSAMSegLib.client.serverClient import MOST_PROBABILITIES
from MedSAMSegLib.volumes.phases import NO_PHASES, Phases
from MedSAMSegLib.volumes.slicePrompt import SlicePrompt

if TYPE_CHECKING:
    from MedSAMSegLib.client.serverClient import ServerClient
    from MedSAMSegLib.client.serverReplies import SegmentReply, SliceMask


@dataclasses.dataclass(frozen=True)
class MaskRequest:
    """One mask that is wanted; two are equal if they ask for the same mask.

    :param prompt: SlicePrompt.
    :param window: intensity window.
    :param model: name of the model; None for the server's default.
    :param phases: the :class:`Phases` that are asked as well.
    :param withProbability: whether the probability behind the mask is wanted, too.
    """

    prompt: SlicePrompt
    window: str = "auto"
    model: str | None = None
    phases: Phases = NO_PHASES
    withProbability: bool = dataclasses.field(default=False, compare=False)

    @property
    def request(self) -> tuple[int, int, str, str | None, Phases]:
        """What has to agree for one request."""
        return self.prompt.axis, self.prompt.sliceIndex, self.window, self.model, self.phases


def askMasks(
    client: ServerClient,
    key: str,
    wanted: list[MaskRequest],
    cachedOnly: bool = False,
    phaseKeys: Mapping[str, str] | None = None,
    firstSlice: int = 0,
    spacing: Sequence[float] | None = None,
) -> list[tuple[SliceMask, SegmentReply]]:
    """Ask for masks. Runs on a worker thread.

    :param client: :class:`ServerClient`.
    :param key: the volume's key on the server.
    :param wanted: list of :class:`MaskRequest`.
    :param cachedOnly: give up if a slice is not encoded yet.
    :param phaseKeys: {node ID: key on the server} of the phases that are there; others are not asked.
    :param firstSlice: index of the slice that the server has as its first.
    :param spacing: distances of voxel centers along K, J and I in millimeters; masks with a probability come with the
        range of their sizes then.
    :return: list of (:class:`SliceMask`, :class:`SegmentReply` on it alone) in the order of what was wanted; None when
        it was given up.
    """
    answers = {}
    for numbers in _requests(wanted):
        first = wanted[numbers[0]]
        options: dict[str, Any] = {"cachedOnly": True} if cachedOnly else {}
        if any(wanted[number].withProbability for number in numbers):
            options.update(withProbabilities=True, spacing=spacing)
        also = [phaseKeys[volumeID] for volumeID in first.phases.volumeIDs if volumeID in (phaseKeys or {})]
        if also:
            options.update(also=also, fuse=first.phases.fuse)
        prompts = [wanted[number].prompt for number in numbers]
        prompts = [prompt.changed(sliceIndex=prompt.sliceIndex - firstSlice) for prompt in prompts]
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
