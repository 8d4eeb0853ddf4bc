"""Reading the labels of a scan from any file that holds them; the one reader of evaluation and training."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np

from medsamseg_server.image_io import dicom_labels, npz_scans, slicer_segmentations
from medsamseg_server.image_io.image import Image
from medsamseg_server.image_io.label_pictures import read_label_picture
from medsamseg_server.image_io.label_places import bring_to_scan
from medsamseg_server.image_io.labels import Labels, label_map, unreadable, whole_numbers
from medsamseg_server.image_io.pictures import is_picture, may_be_flat
from medsamseg_server.image_io.reading import read_image


def read_labels(path: Path, image: Image) -> Labels:
    """Return the labels of a scan in its voxels; turned or exchanged axes are put right.

    Args:
        path: a label map in a format of ``images.read_image``, a picture of the size of its picture, a Slicer
            segmentation (``.seg.nrrd``), a DICOM segmentation or structure set or a folder with one, or a ``.npz`` of
            the CVPR challenges.
        image: the scan.

    Raises:
        MedSAMSegError: ``labels_differ`` for labels of another place, with the distance in millimeters;
            ``labels_not_whole``, ``labels_unreadable``, ``labels_ambiguous``, or as ``images.read_image``.
    """
    if slicer_segmentations.is_one(path):
        return slicer_segmentations.read(path, image)
    if npz_scans.is_one(path):
        return npz_scans.read_labels(path, image)
    dicom = dicom_labels.find(path)
    if dicom is not None:
        return dicom_labels.read(dicom, image)
    if is_picture(path):
        # A picture has no place but that of the picture that it was drawn on.
        return labels_of_scan(Image(read_label_picture(path)[np.newaxis], image.geometry), image, path)
    found = read_image(path)
    if may_be_flat(path) and len(found.array) == 1:
        found = replace(found, geometry=image.geometry)
    return labels_of_scan(found, image, path)


def labels_of_scan(found: Image, image: Image, path: Path) -> Labels:
    """Return a label map that has been read from a file as the labels of a scan.

    Raises:
        MedSAMSegError: ``labels_differ``, ``labels_unreadable`` for colors or an image, or ``labels_not_whole``.
    """
    if found.array.ndim != 3:
        raise unreadable(path, "is in colors", "Save the labels as whole numbers, one for each object.")
    numbers = whole_numbers(found.array, path)
    return label_map(bring_to_scan(numbers, found.geometry, image, path.name), path)
