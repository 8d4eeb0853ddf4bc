"""How long the module keeps Slicer's main thread, and how long a box takes to its pixels, in the host with windows.

A whole session with the real server and LiteMedSAM on the sample CT and on a volume of 512 × 512 × 300 voxels. Prints a
table and writes ``build/responsiveness.json``. Rendering is in software here: what it costs without the module stands
beside the rest.
"""

import dataclasses
import json
import os
import statistics
import sys
import time
from pathlib import Path

import numpy as np
import slicer

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "Testing"))
sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from responsiveness.session import Session
from slicerhost.guiHost import GuiHost

ROOT = Path(__file__).resolve().parents[2]
SAMPLE = ROOT / "MedSAMSeg" / "Resources" / "SampleData" / "RiderChestCT.nrrd"
OUTPUT = ROOT / "build" / "responsiveness.json"
LARGE_SHAPE = (300, 512, 512)
CLICKS = 10


def main():
    """Run the sessions and report."""
    gui = GuiHost.shared()
    generator = np.random.default_rng(time.time_ns())
    volumes = {"sample CT": sampleVolume(generator), "512x512x300": largeVolume(generator)}
    session = Session(gui, ROOT / "MedSAMSeg" / "MedSAMSeg.py")
    try:
        report = {
            "computer": {"cores": os.cpu_count(), "load": os.getloadavg()[0], "system": sys.platform},
            "clicks": {},
            "gaps": {},
        }
        session.start()
        for name, volume in volumes.items():
            report["clicks"][name] = summary(session.work(name, volume, CLICKS))
        watch = session.watch
        for phase, longest in watch.longest.items():
            report["gaps"][phase] = {
                "longest_ms": round(1000 * longest, 1),
                "busiest_ms": round(1000 * watch.busiest[phase], 1),
                "seconds": round(watch.durations[phase], 2),
                "in": watch.places.get(phase, []),
            }
    finally:
        session.close()
    OUTPUT.parent.mkdir(exist_ok=True)
    OUTPUT.write_text(json.dumps(report, indent=2) + "\n", encoding="utf-8")
    printReport(report)


def sampleVolume(generator):
    """Return the sample CT with a little noise, so that no slice was encoded by an earlier run."""
    volume = slicer.util.loadVolume(str(SAMPLE))
    voxels = slicer.util.arrayFromVolume(volume)
    voxels += generator.integers(-2, 3, voxels.shape, dtype=voxels.dtype)
    slicer.util.arrayFromVolumeModified(volume)
    return volume


def largeVolume(generator):
    """Return the sample CT's anatomy in a volume of the usual size of a CT."""
    sample = slicer.util.loadVolume(str(SAMPLE))
    voxels = slicer.util.arrayFromVolume(sample).repeat(2, axis=1).repeat(2, axis=2)
    voxels = voxels[np.arange(LARGE_SHAPE[0]) * len(voxels) // LARGE_SHAPE[0]].astype(np.int16)
    voxels += generator.integers(-2, 3, voxels.shape, dtype=np.int16)
    volume = slicer.util.addVolumeFromArray(voxels, name="Large")
    volume.CreateDefaultDisplayNodes()
    slicer.mrmlScene.RemoveNode(sample)
    return volume


def summary(clicks):
    """Return {kind of click: {part: {median, p95}}} in milliseconds.

    :param clicks: {kind: list of Click}.
    """
    return {
        kind: {
            field.name: {
                "median": round(statistics.median(values := [getattr(click, field.name) for click in made]), 1),
                "p95": round(float(np.percentile(values, 95)), 1),
            }
            for field in dataclasses.fields(made[0])
        }
        for kind, made in clicks.items()
    }


def printReport(report):
    """Print what was measured.

    :param report: as it is written.
    """
    print("Longest time between two ticks of a timer on the main thread")
    for phase, gap in report["gaps"].items():
        figures = f"{gap['longest_ms']:6.0f} ms, own work {gap['busiest_ms']:4.0f} ms, in {gap['seconds']:6.1f} s"
        print(f"  {phase:<46}{figures}   {' < '.join(gap['in'][::-1][:2])}")
    print("From the release of the button to rendered pixels, median (p95) in ms")
    parts = None
    for name, kinds in report["clicks"].items():
        for kind, times in kinds.items():
            if parts is None:
                parts = list(times)
                print(f"  {'':<28}" + "".join(f"{part:>18}" for part in parts))
            figures = "".join(f"{times[part]['median']:10.0f} ({times[part]['p95']:.0f})".rjust(18) for part in parts)
            print(f"  {name + ', ' + kind:<28}{figures}")


if __name__ == "__main__":
    main()
