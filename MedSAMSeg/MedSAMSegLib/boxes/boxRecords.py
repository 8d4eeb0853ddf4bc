"""What is known of each box in the scene beyond its markup: which voxels it was the one to add."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any

from MedSAMSegLib.boxes.storedBox import storedPrompt, storedRequest, storePrompt, storeRequest
from MedSAMSegLib.client.sliceProbability import DEFAULT_THRESHOLD
from MedSAMSegLib.segments.labelmapCrop import LabelmapCrop
from MedSAMSegLib.slices.sliceRecord import SliceRecord
from MedSAMSegLib.volumes.phases import NO_PHASES, Phases
from MedSAMSegLib.volumes.slicePrompt import SlicePrompt

if TYPE_CHECKING:
    import slicer

    from MedSAMSegLib.boxes.boxMarks import BoxMarks
    from MedSAMSegLib.boxes.boxStore import BoxPromptStore
    from MedSAMSegLib.client.maskRange import MaskRange
    from MedSAMSegLib.segments.segmentTarget import SegmentContext
    from MedSAMSegLib.volumes.sliceGeometry import SliceGeometry


@dataclasses.dataclass(frozen=True, eq=False)
class BoxState:
    """One answered box.

    :param prompt: the box, with the points that refine it.
    :param window: the window that it was asked with.
    :param model: the model that it was asked with; None for the server's default.
    :param threshold: of the probability above which a voxel is the object's.
    :param reach: how many slices from that of the box the object can be; None where nobody knows.
    :param phases: the :class:`Phases` that were asked as well.
    :param extent: (slices below that of the box, slices above it) that the object has; None where nobody said.
    :param found: LabelmapCrop of the volume's voxels that the model found; None if that is not in memory any more.
    :param range: MaskRange of what it found; None where that is not known.
    :param added: those of them that the segment did not have before; None if that is not in memory any more.
    :param erased: those that somebody took out by hand since, and that stay out.
    :param overwritten: {ID of another segment: LabelmapCrop of the voxels that it lost to the box}.
    :param covered: SliceRecord of a propagated slice that the box was moved onto, and may be moved off again.
    """

    prompt: SlicePrompt
    window: str = "auto"
    model: str | None = None
    threshold: float = DEFAULT_THRESHOLD
    reach: int | None = None
    phases: Phases = NO_PHASES
    extent: tuple[int, int] | None = None
    found: LabelmapCrop | None = None
    range: MaskRange | None = None
    added: LabelmapCrop | None = None
    erased: LabelmapCrop = dataclasses.field(default_factory=LabelmapCrop.empty)
    overwritten: dict = dataclasses.field(default_factory=dict)
    covered: SliceRecord | None = None

    @property
    def asked(self) -> tuple[str, str | None, float, int | None, Phases, tuple[int, int] | None]:
        """What the box was asked with beside its prompt, in the order of :func:`storeRequest`."""
        return self.window, self.model, self.threshold, self.reach, self.phases, self.extent

    @property
    def isKnown(self) -> bool:
        """Whether its voxels are in memory."""
        return self.found is not None

    @property
    def contribution(self) -> LabelmapCrop:
        """The voxels that leave the segment with the box. All that it found, if what it added is not known."""
        return self.found if self.added is None else self.added

    def isSameRequest(self, other: BoxState) -> bool:
        """:return: whether another answer was to the same box, asked with the same window and model."""
        return (self.prompt, self.window, self.model) == (other.prompt, other.window, other.model)

    def changed(self, **fields: Any) -> BoxState:
        """:return: the state with other values in some fields."""
        return dataclasses.replace(self, **fields)


class BoxRecord:
    """One box through its life; also while it is undone, when it has no markup in the scene.

    :param node: the ROI markup.
    :param context: the SegmentContext that it was drawn for.
    :param state: the BoxState.
    """

    def __init__(self, node: slicer.vtkMRMLMarkupsROINode | None, context: SegmentContext, state: BoxState) -> None:
        self.node = node
        self.context = context
        self.state = state
        self._asked = 0
        self._settled = 0

    def ask(self) -> int:
        """:return: number of a new request about the box."""
        self._asked += 1
        return self._asked

    def isOutdated(self, request: int) -> bool:
        """:return: whether the answer to a request came too late: the box was changed or removed since."""
        return request <= self._settled or not self.isInScene

    def settle(self, request: int | None = None) -> None:
        """Let a request and all before it need no answer any more; all that were asked if none is given."""
        self._settled = self._asked if request is None else request

    @property
    def isInScene(self) -> bool:
        """Whether the box has a markup in the scene."""
        return self.node.GetScene() is not None


class BoxRecords:
    """The records of all boxes in the scene.

    :param store: BoxPromptStore.
    :param marks: BoxMarks.
    """

    def __init__(self, store: BoxPromptStore, marks: BoxMarks) -> None:
        self._store = store
        self._marks = marks
        self._records = {}

    def of(self, node: slicer.vtkMRMLMarkupsROINode) -> BoxRecord:
        """:return: the BoxRecord of a ROI markup; of a scene that was loaded, with what the markup says."""
        record = self._records.get(node.GetID())
        # IDs are given again in the next scene.
        if record is None or record.node is not node:
            request = storedRequest(node)
            context = self._store.context(node)
            asked = (request[name] for name in ("window", "model", "threshold", "reach", "phases", "extent"))
            state = BoxState(storedPrompt(node), *asked)
            record = self._keep(BoxRecord(node, context, state))
        return record

    def add(self, context: SegmentContext, state: BoxState, geometry: SliceGeometry | None = None) -> BoxRecord:
        """:return: the BoxRecord of a new box, which is in the scene then.

        :param context: SegmentContext.
        :param state: BoxState.
        :param geometry: SliceGeometry of the volume, where it is known already.
        """
        return self._bringToScene(BoxRecord(None, context, state), geometry)

    def restore(self, record: BoxRecord, state: BoxState | None) -> None:
        """Put a box where it was, or is to be again; no answer to an earlier request changes that.

        :param record: BoxRecord.
        :param state: the BoxState; None takes the box out of the scene.
        """
        record.settle()
        if state is None:
            if record.isInScene:
                self._marks.remove(record.node)
                self._store.remove(record.node)
            return
        record.state = state
        if not record.isInScene:
            self._bringToScene(record)
            return
        self._store.update(record.node, state.prompt)
        self.note(record, state)
        self._marks.show(record.node, record.context.volume, state.prompt)

    def note(self, record: BoxRecord, state: BoxState) -> None:
        """Note a new state of a box whose markups are where they belong, or on their way.

        :param record: BoxRecord.
        :param state: the new BoxState.
        """
        record.state = state
        storePrompt(record.node, state.prompt)
        storeRequest(record.node, *state.asked)

    def others(self, record: BoxRecord) -> list[BoxRecord]:
        """:return: the records of the other boxes of the same segment and volume."""
        return [other for other in self.at(record.context) if other is not record]

    def at(self, context: SegmentContext) -> list[BoxRecord]:
        """:return: the records of all boxes of a segment on a volume.

        :param context: SegmentContext.
        """
        volume, segmentation, segmentID = context
        return [self.of(node) for node in self._store.nodes(segmentation, segmentID, volume)]

    def _bringToScene(self, record, geometry=None):
        state: BoxState = record.state
        volume, segmentation, segmentID = record.context
        record.node = self._store.add(volume, segmentation, segmentID, state.prompt, *state.asked, geometry=geometry)
        if state.prompt.points or state.prompt.exclude:
            self._marks.show(record.node, volume, state.prompt)
        return self._keep(record)

    def _keep(self, record):
        self._records = {nodeID: known for nodeID, known in self._records.items() if known.isInScene}
        self._records[record.node.GetID()] = record
        return record
