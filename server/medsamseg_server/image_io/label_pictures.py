"""Labels as pictures: a gray level, or a number of a palette, for each object."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, UnidentifiedImageError

from medsamseg_server.image_io.labels import unreadable, whole_numbers
from medsamseg_server.image_io.pictures import read_picture


def read_label_picture(path: Path) -> NDArray[Any]:
    """Return the labels of a picture, whole numbers (H, W): its gray levels, or the numbers of its palette's colors.

    Raises:
        MedSAMSegError: ``labels_unreadable`` for a picture in colors, ``labels_not_whole``, or as
            ``pictures.read_picture``.
    """
    try:
        with Image.open(path) as picture:
            # Tools that label films write a palette, so that people see the objects in colors.
            if picture.mode == "P":
                return np.asarray(picture)
    except (UnidentifiedImageError, OSError, SyntaxError, ValueError):
        # The reader of pictures reports what is wrong with the file.
        pass
    labels, _ = read_picture(path)
    if labels.ndim == 3:
        raise unreadable(path, "is in colors", "Save the labels as a PNG with a gray level for each object.")
    return whole_numbers(labels, path)
