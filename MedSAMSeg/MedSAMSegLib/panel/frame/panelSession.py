"""What the sections of the panel share: the logic, the settings of the present scene, the status line, the work."""

from __future__ import annotations

import contextlib
import itertools
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any, TypeVar

import slicer
from slicer.i18n import tr as _

from MedSAMSegLib.errors import UserError
from MedSAMSegLib.panel.frame.activeTool import ActiveTool
from MedSAMSegLib.panel.frame.breathing import Breathing
from MedSAMSegLib.panel.frame.connections import Connections
from MedSAMSegLib.panel.frame.errorMessages import messageOn
from MedSAMSegLib.panel.frame.signals import DeferredSignal, Signal
from MedSAMSegLib.panel.frame.workList import WorkList
from MedSAMSegLib.segments.segmentTarget import SegmentContext
from MedSAMSegLib.server.serverMonitor import ServerMonitor
from MedSAMSegLib.volumes.intensityWindows import AUTOMATIC, dicomModality, resolvedWindow, suggestedWindow
from MedSAMSegLib.volumes.knownGeometry import KnownGeometry

if TYPE_CHECKING:
    import qt

    from MedSAMSegLib.logic import MedSAMSegLogic
    from MedSAMSegLib.volumes.sliceGeometry import SliceGeometry

STATUS_BAR_MILLISECONDS = 8000

_Found = TypeVar("_Found")


class PanelSession:
    """One panel's present state; sections are given it and never know each other.

    :param logic: :class:`MedSAMSegLogic`.
    :param statusLabel: the QLabel that is the status line.
    """

    def __init__(self, logic: MedSAMSegLogic, statusLabel: qt.QLabel) -> None:
        #: The scripting API.
        self.logic = logic
        #: The :class:`ServerProcess` that the logic works with.
        self.server = logic.server
        #: :class:`ServerMonitor` of it.
        self.monitor = ServerMonitor(self.server)
        #: :class:`MedSAMSegParameters` of the present scene; None while a scene is being closed.
        self.parameters: Any = None
        #: :class:`Connections` of the panel, undone when it goes.
        self.connections = Connections()
        #: Emitted when widgets may have to follow; widgets come after pixels.
        self.changed = DeferredSignal(self.connections)
        #: :class:`ActiveTool` in the slice views.
        self.activeTool = ActiveTool()
        #: Emitted when the server may know other models than before.
        self.modelsChanged = Signal()
        #: What the server said of each model that it knows, as ServerClient.models returns it; empty until it did.
        self.models: list[dict[str, Any]] = []
        #: :class:`WorkList` of what is under way.
        self.work = WorkList(self.connections, lambda error: self.showMessage(messageOn(error)), self.changed.emit)
        #: :class:`Breathing` for what is under way without being in the list.
        self.breathing = Breathing(self.connections)
        self.breathing.watch(lambda: self.monitor.state.kind == "starting")
        self._statusLabel = statusLabel
        self._geometry = KnownGeometry()
        self._boxGeometry = KnownGeometry()
        self._suggestion: Any = None
        self._hasNews = False
        # What was looked up while widgets follow, by name and when settings were changed last; None otherwise.
        self._lookedUp: dict[tuple[str, int], Any] | None = None

    def showMessage(self, sentence: str) -> None:
        """Show a sentence in the status line, and for a while in that of the main window.

        :param sentence: translated, for the user.
        """
        self._hasNews |= self.work.isEnding
        self._statusLabel.text = sentence
        # A panel that is scrolled down does not show its own.
        slicer.util.showStatusMessage(sentence, STATUS_BAR_MILLISECONDS)

    def showSceneMessage(self, sentence: str) -> None:
        """Show a sentence about the state of the scene, unless it would replace what became of the user's work.

        :param sentence: translated, for the user.
        """
        if not self._hasNews:
            self.showMessage(sentence)

    def forgetNews(self) -> None:
        """Let notes on the scene be shown again: the panel has followed what work changed."""
        self._hasNews = False

    @contextlib.contextmanager
    def showingErrors(self, isAsking: bool = False) -> Iterator[None]:
        """Show what the user can understand in the status line; let the rest be reported as a bug.

        :param isAsking: the action asks the server for a mask, and widgets follow its answer. Otherwise they follow at
            once when the action is over.
        """
        sentence = ""
        try:
            yield
        except UserError as error:
            sentence = messageOn(error)
        finally:
            if isAsking and not sentence:
                self.changed.emitPatiently()
            else:
                self.changed.emitNow()
        # Last, over what is said about the scene.
        if sentence:
            self.showMessage(sentence)

    @contextlib.contextmanager
    def lookingUpOnce(self) -> Iterator[None]:
        """Within it, what the user works on is looked up once, and again where settings change.

        Widgets that follow ask some hundred times, and change neither nodes nor voxels.
        """
        self._lookedUp = {}
        try:
            yield
        finally:
            self._lookedUp = None

    def _once(self, name: str, lookUp: Callable[[], _Found]) -> _Found:
        known = self._lookedUp
        if known is None or self.parameters is None:
            return lookUp()
        key = name, self.parameters.parameterNode.GetMTime()
        if key not in known:
            known[key] = lookUp()
        return known[key]

    @property
    def target(self) -> SegmentContext:
        """The :class:`SegmentContext` that the user works on; each part may be missing."""
        return self._once("target", self._lookUpTarget)

    def _lookUpTarget(self):
        if self.parameters is None:
            return SegmentContext(None, None, "")
        return SegmentContext(self.parameters.volume, self.parameters.segmentation, self.parameters.segmentID)

    @property
    def hasSegment(self) -> bool:
        """Whether there is a volume and a segment to work on."""
        return self._once("segment", self._lookUpSegment)

    def _lookUpSegment(self):
        volume, segmentation, segmentID = self.target
        return (
            volume is not None
            and segmentation is not None
            and segmentation.GetSegmentation().GetSegment(segmentID) is not None
        )

    @property
    def geometry(self) -> SliceGeometry | None:
        """:class:`SliceGeometry` of the volume as it is now; None where there is none that can be segmented."""
        return self._once("geometry", lambda: self._geometry.of(self.target.volume))

    @property
    def hasUsableVolume(self) -> bool:
        """Whether there is a volume that can be segmented."""
        return self.geometry is not None

    @property
    def boxAxis(self) -> int | None:
        """The array axis of the segment's boxes on the volume; None where there is no box."""
        return self._once("axis of boxes", self._lookUpBoxAxis)

    def _lookUpBoxAxis(self):
        volume, segmentation, segmentID = self.target
        if self.hasSegment and self.hasUsableVolume:
            return self.logic.boxAxis(segmentation, volume, segmentID)
        return None

    @property
    def boxVolume(self) -> slicer.vtkMRMLScalarVolumeNode | None:
        """What :attr:`boxAxis` is an axis of: the volume, or a stack of planes that are turned against it."""
        return self._once("volume of boxes", self._lookUpBoxVolume)

    def _lookUpBoxVolume(self):
        volume, segmentation, segmentID = self.target
        if self.hasSegment and self.hasUsableVolume:
            return self.logic.boxVolume(segmentation, volume, segmentID)
        return volume

    @property
    def boxGeometry(self) -> SliceGeometry | None:
        """:class:`SliceGeometry` of :attr:`boxVolume` as it is now; None where there is none that can be segmented."""
        return self._once("geometry of boxes", lambda: self._boxGeometry.of(self.boxVolume))

    @property
    def hasBoxes(self) -> bool:
        """Whether any segment of the segmentation has a box on the volume."""
        volume, segmentation, _segmentID = self.target
        return self.hasUsableVolume and bool(self.logic.boxNodes(segmentation, volume))

    @property
    def takesClicks(self) -> bool:
        """Whether the chosen model has learned what box a click means, as far as the server has told."""
        chosen = self.chosenModel
        return chosen is not None and bool(chosen.get("clicks"))

    @property
    def chosenModel(self) -> dict[str, Any] | None:
        """What the server said of the chosen model; None as long as it said nothing of it."""
        name = self.model
        return next((each for each in self.models if (each["name"] == name if name else each["default"])), None)

    @property
    def window(self) -> str:
        """The window for requests as it is now: "auto", a preset, or "W,L"."""
        parameters = self.parameters
        suggestion = self.suggestedWindow
        if parameters.window == AUTOMATIC:
            # The server goes by each box, too.
            return f"{AUTOMATIC}:{suggestion}" if suggestion else AUTOMATIC
        return resolvedWindow(parameters.window, parameters.volume, suggestion or AUTOMATIC)

    @property
    def suggestedWindow(self) -> str:
        """The preset that suits the volume; "" where there is no volume with voxels."""
        if not self.hasUsableVolume:
            return ""
        volume = self.parameters.volume
        # VTK counts up the image data's modification time whenever voxels change.
        state = (volume.GetID(), volume.GetImageData().GetMTime(), dicomModality(volume))
        if self._suggestion is None or self._suggestion[0] != state:
            self._suggestion = (state, suggestedWindow(volume))
        return self._suggestion[1]

    @property
    def model(self) -> str | None:
        """The model for requests; None for the server's default."""
        return self.parameters.model or None

    def ensureSegment(self) -> None:
        """Make what is missing of segmentation and segment.

        :raises UserError: when the volume cannot be segmented.
        """
        if not self.hasSegment:
            self.addSegment()

    def addSegment(self) -> None:
        """Add a segment, and a segmentation where there is none; results go there from now on.

        :raises UserError: when the volume cannot be segmented.
        """
        parameters = self.parameters
        if parameters.segmentation is None:
            parameters.segmentation = self.logic.createSegmentation(parameters.volume)
        parameters.segmentID = self.logic.addSegment(parameters.segmentation, _freeName(parameters.segmentation))


def _freeName(segmentation):
    """Return "Segment" with the first number from the count on that no segment is called."""
    segmentation = segmentation.GetSegmentation()
    segments = [segmentation.GetNthSegment(index) for index in range(segmentation.GetNumberOfSegments())]
    names = {segment.GetName() for segment in segments}
    candidates = (_("Segment {number}").format(number=number) for number in itertools.count(len(names) + 1))
    return next(name for name in candidates if name not in names)
