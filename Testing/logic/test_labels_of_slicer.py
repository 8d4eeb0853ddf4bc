"""Slicer's own segmentation files are read by the server, exactly, whatever the orientation of the scan."""

import numpy as np
import pytest
import slicer
from geometries import IJK_TO_RAS, addVolume
from segmentations import addSegment, addSegmentation, placed

from medsamseg_server.image_io.label_reading import read_labels
from medsamseg_server.image_io.reading import read_image

MASK = np.array([[0, 1, 1, 0], [1, 1, 1, 1], [1, 0, 1, 0]], np.uint8)


def saved(node, path):
    assert slicer.util.saveNode(node, str(path))
    return path


@pytest.mark.parametrize("suffix", [".nrrd", ".nii.gz"])
@pytest.mark.parametrize("geometry", IJK_TO_RAS)
@pytest.mark.parametrize("overlaps", [False, True])
def test_segmentsAsSlicerWritesThem(host, tmp_path, geometry, overlaps, suffix):
    scan = addVolume(geometry)
    path = saved(scan, tmp_path / f"scan{suffix}")
    # Loaded again, as the user's is: formats turn axes.
    scan = slicer.util.loadVolume(str(path))
    segmentation = addSegmentation(scan)
    masks = {"Liver": placed(0, 4, MASK, 2, 3), "Other": placed(0, 4, MASK, 2 if overlaps else 6, 3)}
    for name, mask in masks.items():
        addSegment(segmentation, name, mask, scan)
    found = read_labels(saved(segmentation, tmp_path / "labels.seg.nrrd"), read_image(path))
    assert list(found.numbers) == list(masks)
    for name, mask in masks.items():
        np.testing.assert_array_equal(found.mask(name), mask)
