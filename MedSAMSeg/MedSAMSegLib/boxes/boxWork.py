"""What is done with boxes: clicked, drawn and previewed here; changed by :class:`BoxChanges`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from MedSAMSegLib.boxes.boxAdding import addBox
from MedSAMSegLib.boxes.boxAsking import BoxAsking
from MedSAMSegLib.boxes.boxChanges import BoxChanges
from MedSAMSegLib.boxes.boxOfClick import startClick
from MedSAMSegLib.boxes.boxPlaces import boxPlace
from MedSAMSegLib.boxes.boxRecords import BoxState
from MedSAMSegLib.boxes.boxRun import BoxPreview, BoxRun
from MedSAMSegLib.boxes.boxWriting import BoxWriting, foundBy
from MedSAMSegLib.boxes.excludedSegment import withExcludedVoxels
from MedSAMSegLib.boxes.maskRequests import MaskRequest
from MedSAMSegLib.boxes.segmentRejection import rejectSegment
from MedSAMSegLib.client.sliceProbability import DEFAULT_THRESHOLD
from MedSAMSegLib.segments.segmentTarget import SegmentContext
from MedSAMSegLib.volumes.phases import Phases
from MedSAMSegLib.volumes.sliceGeometry import SliceGeometry

if TYPE_CHECKING:
    import slicer

    from MedSAMSegLib.boxes.sceneBoxes import SceneBoxes
    from MedSAMSegLib.client.serverReplies import SliceMask
    from MedSAMSegLib.client.volumeUpload import VolumeUploads
    from MedSAMSegLib.segments.segmentWriters import SegmentWriters
    from MedSAMSegLib.server.serverConnection import ServerConnection
    from MedSAMSegLib.volumes.slicePrompt import SlicePrompt


class BoxWork:
    """Starts the runs that :class:`MedSAMSegLogic` returns for boxes.

    :param server: ServerProcess, or what stands in for it.
    :param uploads: VolumeUploads.
    :param writers: SegmentWriters.
    :param scene: :class:`SceneBoxes`, the boxes of the scene.
    """

    def __init__(
        self, server: ServerConnection, uploads: VolumeUploads, writers: SegmentWriters, scene: SceneBoxes
    ) -> None:
        self._server = server
        self._uploads = uploads
        self._writers = writers
        self._scene = scene
        self._asking = BoxAsking(server, uploads)
        self._writing = BoxWriting(writers, scene)
        #: What is done with boxes that are there.
        self.changes = BoxChanges(self._asking, self._writing, scene)

    def click(
        self,
        volume: slicer.vtkMRMLScalarVolumeNode,
        place: Sequence[float],
        view: str,
        window: str,
        model: str | None,
        nearestSlice: bool,
    ) -> BoxRun:
        """:return: BoxRun of the box round a click; arguments as for `MedSAMSegLogic.startClick`."""
        return startClick(self._server, self._uploads, volume, place, view, window, model, nearestSlice)

    def draw(
        self,
        volume: slicer.vtkMRMLScalarVolumeNode,
        segmentation: slicer.vtkMRMLSegmentationNode,
        segmentID: str,
        window: str,
        model: str | None,
        where: Mapping[str, Any],
        placeNotes: Sequence[str] = (),
        **known: Any,
    ) -> BoxRun:
        """:return: BoxRun of a new box; arguments as for `MedSAMSegLogic.startBox`, `where` as a dictionary.

        :param placeNotes: sentences on how the box was found.
        :param known: `reach` or `extent` of its BoxState.
        """

        def request():
            geometry, prompt, notes = boxPlace(volume, **where)
            context = SegmentContext(geometry.volumeNode, segmentation, segmentID)
            notes = [*placeNotes, *notes]
            # A segmentation that cannot be written is refused before the server has any work.
            self._writers.of(segmentation, volume).check(segmentID, geometry)
            prompt = prompt.changed(excludedSegment=self._scene.excludedSegment(context))
            asked = window, model, Phases.of(context.volume)
            wanted = [MaskRequest(withExcludedVoxels(prompt, context), *asked, withProbability=True)]
            upload = self._asking.upload(context.volume, wanted)
            state = BoxState(prompt, window, model, phases=wanted[0].phases, **known)
            return self._asking.request(
                geometry, upload, wanted, lambda answers: write(answers[0], context, state, geometry, upload, notes)
            )

        def write(answer, context, state, geometry, upload, notes):
            found = foundBy(state.prompt, DEFAULT_THRESHOLD, answer[0])
            state = state.changed(found=found, range=answer[0].range)
            writer = self._writers.of(segmentation, volume)
            added = addBox(writer, self._scene, context, state, geometry)
            notes = [*notes, *writer.notes(segmentID, added.target.grid), *upload.notes]
            return self._writing.result(added.record, answer, added.hasChanged, notes)

        return BoxRun(request)

    def place(
        self, context: SegmentContext, prompt: SlicePrompt, mask: SliceMask, window: str, model: str | None
    ) -> None:
        """Write a mask that is known already as that of a new box, inside an undo step.

        :param context: SegmentContext that it is for.
        :param prompt: SlicePrompt with the box round the mask.
        :param mask: SliceMask.
        :param window: what it is asked with when the box is moved, as for `MedSAMSegLogic.startBox`; so is `model`.
        :raises UserError: when the segment cannot be written, or no voxel of the mask may be.
        """
        state = BoxState(prompt, window, model, found=foundBy(prompt, DEFAULT_THRESHOLD, mask))
        writer = self._writers.of(context.segmentation, context.volume)
        addBox(writer, self._scene, context, state, SliceGeometry(context.volume), mustChange=True)

    def reject(self, context: SegmentContext) -> None:
        """Remove a segment and its boxes as one undo step; raises UserError as `rejectSegment` does."""
        writer = self._writers.of(context.segmentation, context.volume)
        rejectSegment(writer, self._scene, context.segmentation, context.segmentID)

    def preview(
        self, volume: slicer.vtkMRMLScalarVolumeNode, window: str, model: str | None, where: Mapping[str, Any]
    ) -> BoxRun:
        """:return: BoxRun of what a box would find; arguments as for `MedSAMSegLogic.startPreview`."""
        place, prompt, _notes = boxPlace(volume, **where)
        shown = place.volumeNode
        wanted = [MaskRequest(prompt, window, model, Phases.of(shown))]

        def write(answers):
            return None if answers is None else BoxPreview(prompt, answers[0][0], shown)

        def request():
            return self._asking.request(
                SliceGeometry(shown), self._asking.upload(shown, wanted), wanted, write, isPreview=True
            )

        return BoxRun(request)
