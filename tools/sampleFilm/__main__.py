"""Draws the sample film anew: something dark that swings and breathes in speckle, as ultrasound shows a cyst.

Slicer's own classes write it to ``MedSAMSeg/Resources/SampleData``: ``.venv/bin/python tools/sampleFilm`` with
``Testing`` and ``MedSAMSeg`` on the path, as the targets of the Makefile have them.
"""

from pathlib import Path

import cv2
import numpy as np
import slicer
from imageSequences import addSequence
from PIL import Image

from slicerhost import Host

FILM = Path(__file__).resolve().parents[2] / "MedSAMSeg" / "Resources" / "SampleData" / "DrawnUltrasound.seq.nrrd"
THUMBNAIL = FILM.parents[1] / "Icons" / "MedSAMSegSampleFilm.png"
#: Of thumbnails in Slicer's Sample Data module: width and height.
THUMBNAIL_SIZE = (260, 280)
FRAMES, ROWS, COLUMNS = 24, 160, 200
SPACING = 0.4  # mm


def cyst(time):
    """:return: center and half axes of the object on a frame, in pixels."""
    phase = 2 * np.pi * time / FRAMES
    center = round(100 + 40 * np.sin(phase)), round(82 + 14 * np.cos(phase))
    return center, (round(26 + 4 * np.cos(2 * phase)), round(19 + 3 * np.cos(2 * phase)))


def frame(time):
    """:return: uint8 array (1, rows, columns) of a frame."""
    random = np.random.default_rng(time)
    echo = np.full((ROWS, COLUMNS), 118.0) - 0.25 * np.arange(ROWS)[:, None]
    cv2.ellipse(echo, *cyst(time), 15, 0, 360, 24.0, -1)
    speckle = cv2.GaussianBlur(random.rayleigh(0.8, (ROWS, COLUMNS)), (0, 0), 1.0)
    picture = cv2.GaussianBlur(echo, (0, 0), 1.3) * speckle
    # Fewer gray levels make a smaller file, and nobody sees it in speckle.
    return (np.clip(picture, 0, 255) // 4 * 4).astype(np.uint8)[None]


def main():
    """Write the film."""
    Host.shared()
    volume, browser = addSequence([frame(time) for time in range(FRAMES)], name="DrawnUltrasound")
    sequence = browser.GetMasterSequenceNode()
    for number in range(sequence.GetNumberOfDataNodes()):
        image = sequence.GetNthDataNode(number)
        image.SetSpacing(SPACING, SPACING, 1.0)
        # As pictures are shown: the first row on top, the first column on the left.
        image.SetIJKToRASDirections(-1, 0, 0, 0, -1, 0, 0, 0, 1)
    storage = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLVolumeSequenceStorageNode")
    storage.SetFileName(str(FILM))
    if not storage.WriteData(sequence):
        raise SystemExit(f"{FILM} could not be written.")
    middle = Image.fromarray(frame(0)[0][:, 26:174]).resize(THUMBNAIL_SIZE)
    middle.quantize(24).save(THUMBNAIL, optimize=True)
    print(f"Written: {FILM}, {FILM.stat().st_size / 1e6:.2f} MB, {volume.GetName()}")


if __name__ == "__main__":
    main()
