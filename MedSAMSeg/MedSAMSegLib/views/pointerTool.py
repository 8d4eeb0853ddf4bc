"""A tool that takes mouse and keys in every slice view before the view does."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from MedSAMSegLib.views.sliceViewWatch import SliceViewWatch

if TYPE_CHECKING:
    import slicer

#: Before the view's own handling of the same events, which has priority 0.
OBSERVER_PRIORITY = 10.0


class PointerTool:
    """Keeps one :class:`ViewPointer` in each slice view while it is active, also in views that appear later.

    :param makePointer: function of a slice view that returns its ViewPointer.
    """

    def __init__(self, makePointer: Callable[..., ViewPointer]) -> None:
        self._makePointer = makePointer
        self._isActive = False
        self._pointers = {}
        self._watch = SliceViewWatch(self._followViews)

    @property
    def isActive(self) -> bool:
        """True between :meth:`start` and :meth:`stop`."""
        return self._isActive

    def start(self) -> None:
        """Take the pointer in every slice view."""
        self._isActive = True
        self._watch.start()
        self._followViews()

    def stop(self) -> None:
        """Give the pointer back; what is being done with it is dropped."""
        self._isActive = False
        self._watch.stop()
        for pointer in self._pointers.values():
            pointer.close()
        self._pointers = {}

    def _followViews(self):
        views = {name: widget.sliceView() for name, widget in self._watch.sliceWidgets().items()}
        for name in [name for name, pointer in self._pointers.items() if views.get(name) is not pointer.sliceView]:
            self._pointers.pop(name).close()
        for name in views.keys() - self._pointers.keys():
            self._pointers[name] = self._makePointer(views[name])


class ViewPointer:
    """What a tool does with the pointer in one slice view.

    :param sliceView: qMRMLSliceView.
    """

    def __init__(self, sliceView: slicer.qMRMLSliceView) -> None:
        self.sliceView = sliceView
        self._interactor = sliceView.interactor()
        self._tags = []

    def observe(self, event: str, handler: Callable[..., Any]) -> None:
        """Handle an event of the view.

        :param event: name of the event.
        :param handler: function without arguments; returns True to keep the event from the view.
        """

        def onEvent(_caller, _event):
            if handler():
                self._interactor.GetCommand(tag).SetAbortFlag(1)

        tag = self._interactor.AddObserver(event, onEvent, OBSERVER_PRIORITY)
        self._tags.append(tag)

    def close(self) -> None:
        """Stop observing."""
        for tag in self._tags:
            self._interactor.RemoveObserver(tag)
        self._tags = []

    @property
    def position(self) -> tuple[int, int]:
        """Where the pointer is, in device pixels from the bottom left."""
        return self._interactor.GetEventPosition()

    @property
    def key(self) -> str:
        """Name of the key that was pressed."""
        return self._interactor.GetKeySym()

    @property
    def hasModifiers(self) -> bool:
        """Whether Shift, Ctrl or Alt is held, with which Slicer moves the view."""
        return bool(self._interactor.GetShiftKey() or self._interactor.GetControlKey() or self._interactor.GetAltKey())

    def toRAS(self, position: Sequence[float]) -> tuple[float, ...]:
        """:return: the point in RAS that the view shows at a position."""
        return self.sliceView.mrmlSliceNode().GetXYToRAS().MultiplyPoint((*position, 0, 1))[:3]
