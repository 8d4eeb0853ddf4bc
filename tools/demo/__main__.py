"""The main job on real data: one box on one slice of a chest CT becomes a tumour in 3D, in a real MRML scene.

Runs the module's logic in the headless host and the server as its own process, and writes to ``demo/``.
"""

import json
import sys
import time
from pathlib import Path

import numpy as np
import slicer
import vtk
from overview import drawOverview

from MedSAMSegLib.errors import UserError
from MedSAMSegLib.logic import MedSAMSegLogic
from MedSAMSegLib.server.serverProcess import ServerProcess
from slicerhost import Host

ROOT = Path(__file__).resolve().parents[2]
SAMPLE = ROOT / "MedSAMSeg" / "Resources" / "SampleData"
OUTPUT = ROOT / "demo"

#: The one box, in voxels of slice 24: (x0, y0, x1, y1), as a reader would draw it round the tumour.
PROMPT_SLICE = 24
PROMPT_BOX = (54, 160, 101, 204)

#: The pipeline is known to reach more; below, something is broken.
LEAST_DICE = 0.85


def main():
    """Run the demo; return the exit status."""
    OUTPUT.mkdir(exist_ok=True)
    Host.shared()
    server = ServerProcess()
    try:
        report = runDemo(MedSAMSegLogic(server), server)
    except UserError as error:
        print(f"demo: {error}", file=sys.stderr)
        return 1
    finally:
        server.stop()
    (OUTPUT / "report.json").write_text(json.dumps(report, indent=2) + "\n", encoding="utf-8")
    print(
        f"One box on slice {PROMPT_SLICE} gave a tumour of {report['volume_ml']:.1f} ml on {report['slices']} slices "
        f"in {report['seconds_first_mask'] + report['seconds_propagation']:.0f} s "
        f"(radiologist: {report['reference_volume_ml']:.1f} ml)."
    )
    print(f"Dice with the radiologist's outline: {report['dice']:.3f} (at least {LEAST_DICE} expected).")
    print(f"Look at {OUTPUT / 'overview.png'}; scene.mrb, tumour.seg.nrrd and report.json are beside it.")
    if report["dice"] < LEAST_DICE:
        print(f"demo: the Dice of {report['dice']:.3f} is too low: something is broken.", file=sys.stderr)
        return 1
    return 0


def runDemo(logic, server):
    """Segment, propagate, compare with the radiologist's outline, and save; return the report.

    :param logic: the scripting API.
    :param server: the ServerProcess that it works with.
    """
    volume = slicer.util.loadVolume(str(SAMPLE / "RiderChestCT.nrrd"))
    segmentation = logic.createSegmentation(volume)
    tumour = logic.addSegment(segmentation, "Tumour", (0.95, 0.35, 0.2))

    started = time.perf_counter()
    first = logic.segmentBox(volume, segmentation, tumour, boxRAS=boxCornersRAS(volume), view="Red", window="lung")
    secondsFirstMask = time.perf_counter() - started

    started = time.perf_counter()
    propagation = logic.propagate(volume, segmentation, tumour, progress=showProgress, window="lung")
    secondsPropagation = time.perf_counter() - started
    print()
    for ending in propagation.endings:
        print(ending["message"])

    found = slicer.util.arrayFromSegmentBinaryLabelmap(segmentation, tumour, volume) > 0
    reference = (
        slicer.util.arrayFromVolume(
            slicer.util.loadLabelVolume(str(SAMPLE / "RiderChestCTTumour.nrrd"), {"name": "Radiologist"})
        )
        > 0
    )
    titles = {model["name"]: model["title"] for model in server.client().models()}
    report = {
        "dice": round(diceCoefficient(found, reference), 4),
        "volume_ml": round(milliliters(found, volume), 2),
        "reference_volume_ml": round(milliliters(reference, volume), 2),
        "slices": int(found.any(axis=(1, 2)).sum()),
        "reference_slices": int(reference.any(axis=(1, 2)).sum()),
        "seconds_first_mask": round(secondsFirstMask, 2),
        "seconds_propagation": round(secondsPropagation, 2),
        "model": first.model,
        "model_title": titles[first.model],
        "weights_sha256": propagation.weightsSha256,
        "window": first.window,
    }
    drawOverview(OUTPUT / "overview.png", slicer.util.arrayFromVolume(volume), found, reference, first, report)
    slicer.util.saveNode(segmentation, str(OUTPUT / "tumour.seg.nrrd"))
    slicer.util.saveScene(str(OUTPUT / "scene.mrb"))
    return report


def boxCornersRAS(volume):
    """Return the two opposite corners of the box in RAS (mm), as a click and a release on the red view give them.

    :param volume: the volume node.
    """
    IJKToRAS = vtk.vtkMatrix4x4()
    volume.GetIJKToRASMatrix(IJKToRAS)
    x0, y0, x1, y1 = PROMPT_BOX
    return [IJKToRAS.MultiplyPoint((x, y, PROMPT_SLICE, 1))[:3] for x, y in ((x0, y0), (x1, y1))]


def showProgress(progress):
    """Print the progress on one line.

    :param progress: what the propagation tells after each slice.
    """
    print(f"\r{progress}   ", end="", flush=True)


def diceCoefficient(a, b):
    """Return the Dice coefficient of two masks, in 3D.

    :param a: bool array.
    :param b: bool array of the same shape.
    """
    return float(2 * (a & b).sum() / (a.sum() + b.sum()))


def milliliters(mask, volume):
    """Return the volume of a mask in ml.

    :param mask: bool array (K, J, I).
    :param volume: the volume node that gives the spacing.
    """
    return float(mask.sum() * np.prod(volume.GetSpacing()) / 1000)


if __name__ == "__main__":
    sys.exit(main())
