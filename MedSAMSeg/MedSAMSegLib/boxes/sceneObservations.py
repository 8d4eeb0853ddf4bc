"""Observers that go away with their owner: VTK would keep them, and the owner, as long as the scene lives."""

from __future__ import annotations

import weakref
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import vtk

    from MedSAMSegLib.boxes.boxFollowing import BoxFollowing
    from MedSAMSegLib.boxes.orphanedBoxes import OrphanedBoxes


class SceneObservations:
    """What one object observes. ::

        observations = SceneObservations(self)
        observations.add(scene, scene.NodeAddedEvent, handler)

    :param owner: when it is collected, nothing is observed any more; handlers must hold it by a weak reference.
    """

    def __init__(self, owner: OrphanedBoxes | BoxFollowing) -> None:
        self._tags: list[tuple[Any, int]] = []
        weakref.finalize(owner, _stopObserving, self._tags)

    def add(self, thing: vtk.vtkObject, event: int | str, handler: Callable[..., Any]) -> None:
        """Call a handler whenever something happens.

        :param thing: vtkObject.
        :param event: number or name of the event.
        :param handler: takes the caller and the event.
        """
        self._tags.append((thing, thing.AddObserver(event, handler)))

    def watch(self, thing: vtk.vtkObject, events: Iterable[int | str], handler: Callable[..., Any]) -> None:
        """Call a handler whenever one of several things happens to an object; one that is observed already stays so.

        :param thing: vtkObject.
        :param events: numbers or names of the events.
        :param handler: as for `add`.
        """
        if not any(known is thing for known, _tag in self._tags):
            for event in events:
                self.add(thing, event, handler)

    def drop(self, thing: vtk.vtkObject) -> None:
        """Observe an object no more."""
        for known in [known for known in self._tags if known[0] is thing]:
            thing.RemoveObserver(known[1])
            self._tags.remove(known)


def _stopObserving(tags):
    for thing, tag in tags:
        thing.RemoveObserver(tag)
