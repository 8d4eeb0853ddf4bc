"""Pictures and films of the kinds that MedSAM knows, for the README's commands; they come into ``modalities``.

Two are real, from scikit-image; the others are drawn: an ellipse. ``python examples/09_every_modality.py``
"""

from pathlib import Path

import cv2
import numpy as np
import SimpleITK as sitk
from PIL import Image
from skimage import data

(FOLDER := Path("modalities")).mkdir(exist_ok=True)


def _scene(shape, tone, ground, center, radii, seed=0):
    random = np.random.default_rng(seed)
    picture = ground + 250 * cv2.GaussianBlur(random.normal(size=shape), (0, 0), 9)[..., None] * np.ones(3)
    cv2.ellipse(picture, center, radii, 20, 0, 360, tone, -1)
    return np.clip(cv2.GaussianBlur(picture, (0, 0), 1.2) + random.normal(0, 4, (*shape, 1)), 0, 255).astype(np.uint8)


def _film(name, tone, ground):
    film = cv2.VideoWriter(str(FOLDER / name), cv2.VideoWriter.fourcc(*"mp4v"), 15, (320, 240))
    for time in range(8):
        film.write(_scene((240, 320), tone, ground, (90 + 4 * time, 120), (34, 24), time)[..., ::-1])


mri = [_scene((128, 128), [200] * 3, [70] * 3, (60, 64), (4 * k, 3 * k), k)[..., 0] for k in (4, 5, 6, 5, 4)]
sitk.WriteImage(sitk.GetImageFromArray(np.stack(mri)), FOLDER / "mri.nii.gz")
pictures = {"fundus.png": data.retina(), "pathology.png": data.immunohistochemistry()}
pictures["mammography.tif"] = _scene((480, 320), [220] * 3, [90] * 3, (150, 260), (30, 24))[..., 0] * np.uint16(16)
pictures["dermoscopy.jpg"] = _scene((300, 400), [110, 70, 50], [225, 180, 160], (200, 150), (80, 60))
pictures["xray.png"] = _scene((400, 360), [60] * 3, [150] * 3, (110, 190), (50, 90))
pictures["oct.bmp"] = _scene((220, 400), [40] * 3, [140] * 3, (210, 100), (60, 26))
for name in pictures:
    Image.fromarray(pictures[name]).save(FOLDER / name)
_film("ultrasound.mp4", [40] * 3, [120] * 3)
_film("endoscopy.mp4", [235, 190, 170], [150, 70, 60])
