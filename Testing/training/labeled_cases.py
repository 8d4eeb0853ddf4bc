"""Small labeled scans, made up."""

import numpy as np
import SimpleITK as sitk


def ellipsoid(shape=(7, 40, 48), center=(3, 18, 22), radii=(3.6, 9, 12)):
    """Return an ellipsoid as a mask (K, J, I)."""
    offsets = [(np.arange(n) - c) / r for n, c, r in zip(shape, center, radii, strict=True)]
    squares = sum(np.square(part) for part in np.meshgrid(*offsets, indexing="ij"))
    return squares <= 1


def write_case(folder, name, seed=0, labels=None, array=None, suffix=".nii.gz", image_spacing=(1, 1, 2)):
    """Write an image and its label map to ``folder/images`` and ``folder/labels``; return the two paths."""
    generator = np.random.default_rng(seed)
    if labels is None:
        center = (3, 18 + generator.integers(-4, 5), 22 + generator.integers(-4, 5))
        labels = ellipsoid(center=center).astype(np.uint8)
    if array is None:
        array = (100 + 60 * (labels > 0) + generator.normal(0, 8, labels.shape)).astype(np.int16)
    paths = []
    for kind, values, spacing in (("images", array, image_spacing), ("labels", labels, (1, 1, 2))):
        path = folder / kind / f"{name}{suffix}"
        path.parent.mkdir(parents=True, exist_ok=True)
        image = sitk.GetImageFromArray(values)
        image.SetSpacing(spacing)
        sitk.WriteImage(image, str(path))
        paths.append(path)
    return paths
