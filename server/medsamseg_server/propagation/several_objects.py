"""Several objects, followed through a volume at the same time."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from medsamseg_server.engine.box_vote import EXCLUDED_MARGINS
from medsamseg_server.engine.probabilities import DEFAULT_THRESHOLD
from medsamseg_server.propagation import DirectionEnded, Event, Propagation, SliceResult, SliceSeen, SliceSource
from medsamseg_server.propagation.exclusion import FollowedExclusion, events_of_rest
from medsamseg_server.propagation.overlap import OverlapResolution


@dataclass(frozen=True)
class FollowedObject:
    """One of the objects.

    Attributes:
        name: what its events are told by.
        propagation: where it is and where to look for it.
        source: the slices, as they are to be seen for it.
        threshold: of the probability above which a voxel is the object's, where ``source`` tells it. The object is
            followed as usual whatever the threshold.
        excluded: the slices as they are to be seen for each thing that the propagation excludes.
    """

    name: str
    propagation: Propagation
    source: SliceSource
    threshold: float = DEFAULT_THRESHOLD
    excluded: tuple[SliceSource, ...] = ()

    @classmethod
    def of(
        cls, name: str, propagation: Propagation, slices: SliceSource, threshold: float = DEFAULT_THRESHOLD
    ) -> FollowedObject:
        """Return an object on slices of whichever window, each thing seen in the one that suits it."""
        excluded = tuple(slices.of_object(each.plan.boxes, EXCLUDED_MARGINS) for each in propagation.excluded)
        return cls(name, propagation, slices.of_object(propagation.plan.boxes), threshold, excluded)

    def events(self) -> Iterator[Event]:
        """Follow the object, without what it excludes."""
        whole = self.propagation.run(self.source)
        excluded = [
            FollowedExclusion(each.plan, each.run(source))
            for each, source in zip(self.propagation.excluded, self.excluded, strict=True)
        ]
        masks = self.propagation.exclude_masks
        return events_of_rest(whole, excluded, masks, self.propagation.drawn) if excluded or masks else whole


class _Progress:
    def __init__(self, followed: FollowedObject) -> None:
        self.followed = followed
        self.events = followed.events()
        self.ends = 0
        self.slices = 0


def follow(objects: Sequence[FollowedObject], may_overlap: bool = True) -> Iterator[tuple[str, Event]]:
    """Follow objects in step, so that slices are encoded once even where few embeddings are kept.

    Args:
        objects: at least one; the first of equals gets what several have.
        may_overlap: otherwise a voxel belongs to one object (see ``OverlapResolution``), and the result of a slice
            comes again when a later object takes voxels from it.

    Yields:
        Name of an object, and what happened to it; one slice of it, and of what it excludes, is computed per ``next``.
    """
    resolution = OverlapResolution({each.name: each.propagation.plan for each in objects})
    under_way = [_Progress(each) for each in objects]
    while under_way:
        # An object whose pass has ended waits for the others.
        each = min(under_way, key=lambda progress: (progress.ends, progress.slices))
        name = each.followed.name
        event = next(each.events, None)
        if isinstance(event, SliceResult) and each.followed.threshold != DEFAULT_THRESHOLD:
            event = replace(event, mask=event.mask.at(each.followed.threshold))
        if event is None:
            under_way.remove(each)
        elif isinstance(event, DirectionEnded):
            each.ends += 1
            yield name, event
        elif isinstance(event, SliceSeen):
            each.slices += 1
            yield name, event
        else:
            each.slices += 1
            yield from [(name, event)] if may_overlap else resolution.add(name, event)
