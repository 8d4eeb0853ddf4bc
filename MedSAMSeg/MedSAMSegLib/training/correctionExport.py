"""Corrected slices as files that ``medsamseg train`` learns from; any thread."""

from __future__ import annotations

import json
import zlib
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from MedSAMSegLib.volumes.nrrdFile import writeNrrd

if TYPE_CHECKING:
    import slicer

#: From so many volumes on, whole ones are held back: one trains, one validates, one tests.
VOLUMES_TO_PART = 3

# Of so many volumes one is held back to test, and one to validate.
_VOLUMES_PER_PART = 5


class CorrectionExport:
    """Writes volumes with their good slices into a folder. ::

        export = CorrectionExport(folder)
        for volume in correctedVolumes(slicer.mrmlScene, windowOf)[0]:
            export.add(volume)
        export.finish()

    Slices that are not good have no label, and the training takes only slices with labels: none is taken for empty.
    Files are numbered, for names of volumes may be names of patients.

    :param folder: an empty folder.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = Path(folder)
        self._numbers = {}
        self._cases = []
        self._taken = set()
        #: Number of objects on slices so far.
        self.sliceCount = 0

    @property
    def manifest(self) -> Path:
        """Path of the list of all files."""
        return self._folder / "manifest.json"

    @property
    def split(self) -> Path | None:
        """Path of the list of volumes to learn from and to hold back; None when slices are held back instead."""
        return self._folder / "split.json" if self.volumeCount >= VOLUMES_TO_PART else None

    @property
    def volumeCount(self) -> int:
        """Number of different volumes so far."""
        return len(self._numbers)

    def add(self, volume: slicer.vtkMRMLScalarVolumeNode) -> None:
        """Write a volume. Slices that were there before, as in a copy of a scene, are left out.

        :param volume: :class:`CorrectedVolume`.
        """
        key = (volume.voxels.shape, zlib.crc32(np.ascontiguousarray(volume.voxels).data))
        number = self._numbers.get(key, len(self._numbers) + 1)
        layers = self._layers(number, volume)
        if not layers:
            return
        image = self._folder / f"volume-{number}.nrrd"
        if key not in self._numbers:
            writeNrrd(image, volume.voxels, volume.IJKToRAS)
            self._numbers[key] = number
        for objects in layers:
            name = f"volume-{number}-labels-{len(self._cases) + 1}"
            labels = np.zeros(volume.voxels.shape, np.uint16)
            for label, crops in enumerate(objects.values(), start=1):
                for crop in crops:
                    _paint(labels, crop, label)
            writeNrrd(self._folder / f"{name}.nrrd", labels, volume.IJKToRAS)
            self._cases.append(
                {
                    "name": name,
                    "image": image.name,
                    "labels": f"{name}.nrrd",
                    "window": volume.window,
                    "axis": volume.axis,
                    "targets": {target: label for label, target in enumerate(objects, start=1)},
                }
            )

    def finish(self) -> None:
        """Write the lists."""
        _writeJson(self.manifest, {"cases": self._cases})
        if self.split is not None:
            _writeJson(self.split, self._parted())

    def _layers(self, number, volume):
        """:return: [{name: [LabelmapCrop]}]: what fits into one label map together; objects may overlap."""
        layers: list[dict] = []
        keys: set[tuple] = set()
        for name, crops in volume.objects:
            places = {(number, volume.axis, index, name): crop for index, crop in crops.items()}
            fresh = [crop for place, crop in places.items() if place not in self._taken]
            keys.update(places)
            if not fresh:
                continue
            self.sliceCount += len(fresh)
            layer = next((layer for layer in layers if name not in layer and not _overlaps(layer, fresh)), None)
            if layer is None:
                layer = {}
                layers.append(layer)
            layer[name] = fresh
        self._taken |= keys
        return layers

    def _parted(self):
        """:return: names of cases to train, validate and test on; those of one volume stay together."""
        volumes: list[list[str]] = [[] for _number in range(self.volumeCount)]
        for case in self._cases:
            volumes[int(case["name"].split("-")[1]) - 1].append(case["name"])
        held = max(1, len(volumes) // _VOLUMES_PER_PART)
        parts = {"test": volumes[:held], "validation": volumes[held : 2 * held], "train": volumes[2 * held :]}
        return {part: [name for names in members for name in names] for part, members in parts.items()}


def _overlaps(layer, crops):
    return any(not crop.common(other).isEmpty for others in layer.values() for other in others for crop in crops)


def _paint(labels, crop, label):
    i, j, k = crop.start
    depth, height, width = crop.voxels.shape
    labels[k : k + depth, j : j + height, i : i + width][crop.voxels] = label


def _writeJson(path, values):
    path.write_text(json.dumps(values, indent=1), encoding="utf-8")
