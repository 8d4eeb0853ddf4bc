"""Cases of an evaluation in memory: a scan, a picture or a film with its labels, or a scan at all times."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from medsamseg_server.errors import MedSAMSegError
from medsamseg_server.evaluation.manifest import CaseEntry
from medsamseg_server.image_io.dicom_films import open_film
from medsamseg_server.image_io.films import FilmVolume
from medsamseg_server.image_io.label_reading import read_labels
from medsamseg_server.image_io.labels import Labels
from medsamseg_server.image_io.labels_over_time import read_film_labels, read_label_times, read_labels_at
from medsamseg_server.image_io.phases import read_phase
from medsamseg_server.image_io.reading import read_image
from medsamseg_server.image_io.times import Times, open_times
from medsamseg_server.propagation.fusing import NO_PHASES, Phases
from medsamseg_server.propagation.through_time import VolumesInTime
from medsamseg_server.volumes.volume import Volume


@dataclass(frozen=True)
class Case:
    """A scan, a picture or a film with its labels.

    Attributes:
        entry: what the manifest says.
        volume: the scan, (K, J, I); of a picture one slice, of a film its frames.
        labels: in the scan's voxels.
        spacing: of the voxels along K, J and I, in millimeters; 1 where a picture or film has none.
        phases: further volumes of the same object.
        notes: what the user should know of these; mostly none.
    """

    entry: CaseEntry
    volume: Volume
    labels: Labels
    spacing: tuple[float, float, float]
    phases: Phases = NO_PHASES
    notes: tuple[str, ...] = ()

    @property
    def has_surfaces(self) -> bool:
        """Whether objects have a surface in millimeters: not in a film, and on one slice flat faces would count."""
        return not self.entry.is_film and self.volume.shape[self.entry.axis] > 1

    def target(self, name: str) -> NDArray[np.bool_]:
        """Return one object's mask, (K, J, I).

        Raises:
            MedSAMSegError: ``target_missing`` or ``target_ambiguous``.
        """
        return self.labels.mask(name, self.entry.targets[name])

    def reference(self, name: str) -> NDArray[np.bool_]:
        """Return one object's mask with the slices or frames along the first axis; errors as ``target``."""
        return np.moveaxis(self.target(name), self.entry.axis, 0)


@dataclass(frozen=True)
class TimesCase:
    """A scan at all times with its labels.

    Attributes:
        entry: what the manifest says.
        volumes: the scan, (K, J, I) at each time.
        labels: of each time, in the scan's voxels.
        spacing: of the voxels along K, J and I, in millimeters.
        notes: as those of ``Case``.
    """

    entry: CaseEntry
    volumes: VolumesInTime
    labels: Sequence[Labels]
    spacing: tuple[float, float, float]
    notes: tuple[str, ...] = ()

    def reference(self, name: str) -> NDArray[np.bool_]:
        """Return one object's mask at all times, (T, K, J, I); empty where it is not there.

        Raises:
            MedSAMSegError: ``target_missing`` where it is at no time, or ``target_ambiguous``.
        """
        masks: list[NDArray[np.bool_]] = []
        missing: MedSAMSegError | None = None
        shape = self.volumes.volume(0).shape
        for labels in self.labels:
            try:
                masks.append(labels.mask(name, self.entry.targets[name]))
            except MedSAMSegError as error:
                if error.code != "target_missing":
                    raise
                masks.append(np.zeros(shape, bool))
                missing = error
        if missing is not None and not any(mask.any() for mask in masks):
            raise missing
        return np.stack(masks)


def load_case(entry: CaseEntry) -> Case:
    """Read a scan or picture, at one time, its labels, and its further volumes, resampled where they need it.

    Raises:
        MedSAMSegError: as ``reading.read_image``, ``times.open_times``, ``label_reading.read_labels`` and
            ``phases.read_phase``.
    """
    if entry.time is None:
        image = read_image(entry.image)
        labels = read_labels(entry.labels, image)
    else:
        times = open_times(entry.image)
        times.check(entry.time)
        image = times.read(entry.time)
        labels = read_labels_at(entry.labels, entry.time, image)
    i, j, k = image.geometry.spacing
    read = [read_phase(path, image, entry.image.name) for path in entry.also]
    phases = Phases(tuple(volume for volume, _ in read), entry.fusion)
    notes = tuple(note for _, several in read for note in several)
    return Case(entry, Volume.from_array(image.array), labels, (k, j, i), phases, notes)


@contextmanager
def opened_case(entry: CaseEntry, load: Callable[[CaseEntry], Case] = load_case) -> Iterator[Case | TimesCase]:
    """Give what an entry names; a film is open meanwhile.

    Args:
        entry: of a manifest.
        load: reads a scan or picture.

    Raises:
        MedSAMSegError: as ``load``, ``dicom_films.open_film``, and the readers of labels.
    """
    if entry.is_film:
        with open_film(entry.image) as film:
            yield Case(entry, FilmVolume(film), read_film_labels(entry.labels, film), (1.0, 1.0, 1.0))
    elif entry.all_times:
        yield _load_times(entry)
    else:
        yield load(entry)


def _load_times(entry: CaseEntry) -> TimesCase:
    times = open_times(entry.image)
    labels = read_label_times(entry.labels_of_times or [entry.labels], times)
    i, j, k = times.read(0).geometry.spacing
    return TimesCase(entry, VolumesInTime(times.count, _volumes(times)), labels, (k, j, i))


def _volumes(times: Times) -> Callable[[int], Volume]:
    return lambda time: Volume.from_array(times.read(time).array)
