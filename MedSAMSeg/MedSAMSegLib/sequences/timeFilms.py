"""What is asked about a sequence: the same slice of all frames, with the object on some, and what is excluded."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from MedSAMSegLib.boxes.boxFrame import frameOf
from MedSAMSegLib.boxes.excludedSegment import excludedCrops, presentExcludedSegment
from MedSAMSegLib.boxes.storedBox import storedPrompt
from MedSAMSegLib.client.jointUpload import JointUpload
from MedSAMSegLib.client.volumeUpload import VolumeUpload
from MedSAMSegLib.errors import UserError
from MedSAMSegLib.segments.segmentTarget import SegmentContext
from MedSAMSegLib.slices.sliceRecord import BOX
from MedSAMSegLib.slices.sliceStates import SliceStates
from MedSAMSegLib.volumes.imageSequence import ImageSequence
from MedSAMSegLib.volumes.phases import Phases, checkPhases
from MedSAMSegLib.volumes.resampling import hasSameVoxels
from MedSAMSegLib.volumes.slicePrompt import DrawnMask, SlicePrompt

if TYPE_CHECKING:
    import slicer

    from MedSAMSegLib.boxes.boxStore import BoxPromptStore
    from MedSAMSegLib.sequences.segmentationSequence import SegmentationSequence


@dataclasses.dataclass(frozen=True)
class Film:
    """The same slice of all frames, and where the object is on some of them.

    :param upload: :class:`JointUpload` of the frames, arrays (frames, rows, columns), with those of the phases.
    :param prompts: {number of a frame with the object: SlicePrompt with a box and the mask of it}, ascending.
    :param locked: numbers of the frames that somebody has emptied or accepted as empty.
    :param excludeMasks: {number of a frame: DrawnMask of what is not the object's there}.
    :param phases: the :class:`Phases` that are asked as well.
    """

    upload: JointUpload
    prompts: dict
    locked: tuple
    excludeMasks: dict
    phases: Phases

    @property
    def request(self) -> dict[str, Any]:
        """Arguments of :meth:`ServerClient.propagate` that are about frames; phases by their node IDs."""
        return {
            "prompts": list(self.prompts.values()),
            "locked": list(self.locked),
            **({"excludeMasks": self.excludeMasks} if self.excludeMasks else {}),
            **({"also": list(self.phases.volumeIDs), "fuse": self.phases.fuse} if self.phases.volumeIDs else {}),
        }


class FilmMaker:
    """Makes the films of a sequence.

    :param images: :class:`ImageSequence`.
    :param context: SegmentContext of the object.
    :param axis: array axis of the slices.
    :param store: BoxPromptStore.
    :raises UserError: if the volume's phases are not sequences with the same frames.
    """

    def __init__(self, images: ImageSequence, context: SegmentContext, axis: int, store: BoxPromptStore) -> None:
        self._images = images
        self._context = context
        self._axis = axis
        self._phases = Phases.of(context.volume)
        self._sequences = {phase.GetID(): _sequenceOf(images, phase) for phase in self._phases.volumes}
        checkPhases(context.volume, self._phases)
        nodes = store.nodes(context.segmentation, context.segmentID, context.volume, isAnyFrame=True)
        self._boxes = [(self._frameOf(node), storedPrompt(node)) for node in nodes]

    def checkExcluded(self) -> None:
        """Raise an error where an excluded segment is not known on all frames.

        :raises UserError: if a box excludes another segment, which was not followed yet.
        """
        for _frame, prompt in self._boxes:
            segmentID = presentExcludedSegment(self._context, prompt)
            if segmentID is not None:
                name = self._context.segmentation.GetSegmentation().GetSegment(segmentID).GetName()
                raise UserError(
                    f"The segment '{name}', which is not the object, is known on the frame that is shown alone.",
                    f"Select '{name}' and follow it through time first, or take it back from the box.",
                    "exclude_not_followed",
                )

    def film(self, frames: SegmentationSequence, sliceIndex: int) -> Film:
        """:return: the :class:`Film` of a slice, with what the shown frame holds, and what others hold that somebody
        worked on.

        :param frames: :class:`SegmentationSequence` of the images.
        :param sliceIndex: index of the slice.
        """
        prompts, locked, excluded = {}, [], {}
        for number in range(self._images.frameCount):
            sliceStates = SliceStates(frames.frame(number), self._context.segmentID, self._context.volume, self._axis)
            crop = self._excluded(frames.frame(number), sliceIndex)
            if crop is not None:
                excluded[number] = DrawnMask(*crop.flat(self._axis))
            state = sliceStates.state(sliceIndex)
            if state is None:
                continue
            if state.isEmpty:
                locked += [number] if state.isLocked else []
            elif number == self._images.shownFrame or state.isLocked or state.provenance == BOX:
                prompts[number] = self._prompt(sliceStates, number, sliceIndex)
        return Film(self._upload(sliceIndex), prompts, tuple(locked), excluded, self._phases)

    def _frameOf(self, node):
        """:return: number of the frame that a box is on; before there are any for the segmentation, the shown one."""
        value = frameOf(node)
        return self._images.shownFrame if value is None else self._images.number(value)

    def _prompt(self, sliceStates, number, sliceIndex):
        box = sliceStates.tightBox(sliceIndex)
        mask = DrawnMask(*sliceStates.crop(sliceIndex).flat(self._axis))
        here = [prompt for frame, prompt in self._boxes if (frame, prompt.sliceIndex) == (number, sliceIndex)]
        exclude = [each for prompt in here for each in prompt.exclude if prompt.axis == self._axis]
        # The box is round the object and what was excluded from it.
        box = _around([box, *(prompt.box for prompt in here)]) if exclude else box
        return SlicePrompt(0, number, box, mask=mask, exclude=tuple(exclude))

    def _excluded(self, frame, sliceIndex):
        context = SegmentContext(self._context.volume, frame, self._context.segmentID)
        prompts = [prompt for _frame, prompt in self._boxes]
        return excludedCrops(context, prompts, self._axis).get(sliceIndex)

    def _upload(self, sliceIndex):
        films = {
            volumeID: VolumeUpload(images.film(self._axis, sliceIndex)) for volumeID, images in self._sequences.items()
        }
        return JointUpload(VolumeUpload(self._images.film(self._axis, sliceIndex)), films, self._phases, [])


def _sequenceOf(images: ImageSequence, phase: slicer.vtkMRMLScalarVolumeNode) -> ImageSequence:
    """:return: the ImageSequence of a phase.

    :raises UserError: if it is none, or has other frames.
    """
    found, name = ImageSequence.of(phase), images.volumeNode.GetName()
    count = found.frameCount if found is not None else 1
    if found is None or count != images.frameCount:
        raise UserError(
            f"'{name}' has {images.frameCount} frames, and '{phase.GetName()}', which is asked along, has {count}.",
            "Through time, volumes are asked frame by frame: untick it under Further volumes first.",
            "phases_times",
        )
    if not hasSameVoxels(images.volumeNode, phase):
        raise UserError(
            f"The frames of '{phase.GetName()}', which is asked along, have other voxels than those of '{name}'.",
            "Resample them to one geometry first, or untick it under Further volumes.",
            "phases_differ",
        )
    found.check()
    return found


def _around(boxes: Sequence[tuple[float, float, float, float]]) -> tuple[float, float, float, float]:
    x0, y0, x1, y1 = zip(*boxes, strict=True)
    return min(x0), min(y0), max(x1), max(y1)
