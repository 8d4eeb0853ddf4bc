"""Observers that go away with their owner: VTK would keep them, and the owner, as long as the scene lives."""

from __future__ import annotations

import weakref
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

import slicer
import vtk

if TYPE_CHECKING:
    from MedSAMSegLib.boxes.boxFollowing import BoxFollowing
    from MedSAMSegLib.boxes.orphanedBoxes import OrphanedBoxes


class SceneObservations:
    """What one object observes. ::

        observations = SceneObservations(self)
        observations.add(segmentation, slicer.vtkSegmentation.SegmentRemoved, self.onSegmentRemoved)
        observations.addForNodes(slicer.mrmlScene.NodeAddedEvent, "vtkMRMLVolumeNode", self.onVolumeAdded)

    What is called are methods of the owner, which are held by weak references.

    :param owner: when it is collected, nothing is observed any more.
    """

    def __init__(self, owner: OrphanedBoxes | BoxFollowing) -> None:
        self._tags: list[tuple[Any, int]] = []
        weakref.finalize(owner, _stopObserving, self._tags)

    def add(self, thing: vtk.vtkObject, event: int | str, method: Callable[[Any], Any]) -> None:
        """Call a method whenever something happens.

        :param thing: vtkObject.
        :param event: number or name of the event.
        :param method: takes the object that it happened to.
        """
        weakMethod = weakref.WeakMethod(method)

        def onEvent(caller, _event):
            method = weakMethod()
            if method is not None:
                method(caller)

        self._tags.append((thing, thing.AddObserver(event, onEvent)))

    def addForNodes(self, event: int, className: str, method: Callable[[Any], Any]) -> None:
        """Call a method with each node of a class that is added to the scene, or removed from it.

        :param event: NodeAddedEvent or NodeRemovedEvent of the scene.
        :param className: name of the class.
        :param method: takes the node.
        """
        weakMethod = weakref.WeakMethod(method)

        @vtk.calldata_type(vtk.VTK_OBJECT)
        def onNode(_scene, _event, node):
            method = weakMethod()
            if method is not None and node.IsA(className):
                method(node)

        self._tags.append((slicer.mrmlScene, slicer.mrmlScene.AddObserver(event, onNode)))

    def watch(self, thing: vtk.vtkObject, events: Iterable[int | str], method: Callable[[Any], Any]) -> None:
        """Call a method whenever one of several things happens to an object; one that is observed already stays so.

        :param thing: vtkObject.
        :param events: numbers or names of the events.
        :param method: as for `add`.
        """
        if not any(known is thing for known, _tag in self._tags):
            for event in events:
                self.add(thing, event, method)

    def drop(self, thing: vtk.vtkObject) -> None:
        """Observe an object no more."""
        for known in [known for known in self._tags if known[0] is thing]:
            thing.RemoveObserver(known[1])
            self._tags.remove(known)


def _stopObserving(tags):
    for thing, tag in tags:
        thing.RemoveObserver(tag)
