"""Speed and memory of the whole line with LiteMedSAM, as ratios against bare calls of the network in the same run.

Writes ``bench/report.json``. Seconds differ between computers; the ratios say what the line around the network costs.
"""

import json
import os
import statistics
import sys
import time
from pathlib import Path

import numpy as np
import slicer

from medsamseg_server.models.specification import get_specification
from medsamseg_server.models.store import ModelStore
from medsamseg_server.runtime.torch_runtime import load_predictor
from MedSAMSegLib.backendProcess import BackendProcess
from MedSAMSegLib.logic import MedSAMSegLogic
from slicerhost import Host

ROOT = Path(__file__).resolve().parents[2]
SAMPLE = ROOT / "MedSAMSeg" / "Resources" / "SampleData" / "RiderChestCT.nrrd"
OUTPUT = ROOT / "bench"

BOX = (54, 160, 101, 204)
PROMPT_SLICE = 24
#: Slices that are clicked for the first time, and then again.
CLICKED_SLICES = (20, 22, 24, 26, 28)


def main():
    """Run the benchmark, print it and write it down."""
    Host.shared()
    backend = BackendProcess()
    try:
        line = measureLine(backend)
    finally:
        backend.stop()
    network = measureNetwork()
    report = {
        "computer": {"cores": os.cpu_count(), "system": sys.platform},
        "baseline_seconds": network,
        "line_seconds": line["seconds"],
        "ratios": {
            "first click / encode + decode": line["seconds"]["first_click"] / (network["encode"] + network["decode"]),
            "second click / decode": line["seconds"]["second_click"] / network["decode"],
            "propagated slice / encode + decode": line["seconds"]["propagated_slice"]
            / (network["encode"] + network["decode"]),
        },
        "server_peak_memory_mb": line["server_peak_memory_mb"],
    }
    OUTPUT.mkdir(exist_ok=True)
    (OUTPUT / "report.json").write_text(json.dumps(report, indent=2) + "\n", encoding="utf-8")
    printReport(report)


def measureNetwork():
    """Return median seconds of the bare network, the baseline: encode one slice, decode one box."""
    image = np.random.default_rng(0).integers(0, 255, (256, 256), dtype=np.uint8)
    box = np.array([BOX], dtype=np.float32)
    predictor = load_predictor(get_specification("litemedsam"), ModelStore().path("litemedsam"), "auto")
    embedding = predictor.encode(image)
    return {
        "encode": medianSeconds(lambda: predictor.encode(image), 5),
        "decode": medianSeconds(lambda: predictor.decode(embedding, image.shape, box), 10),
    }


def measureLine(backend):
    """Return seconds of the whole line: from the logic's call to voxels in the scene.

    :param backend: the server's process.
    """
    started = time.perf_counter()
    backend.client()
    secondsStart = time.perf_counter() - started
    logic = MedSAMSegLogic(backend)
    volume = slicer.util.loadVolume(str(SAMPLE))
    segmentation = logic.createSegmentation(volume)
    segment = logic.addSegment(segmentation, "Tumour")

    def click(sliceIndex):
        started = time.perf_counter()
        result = logic.segmentBox(
            volume, segmentation, segment, axis=0, slice=sliceIndex, box=BOX, window=f"1500,{-600 + nonce}"
        )
        return time.perf_counter() - started, result.wasCached

    # A window of this run's own: embeddings of earlier runs are on disk, and would make a first click a second one.
    nonce = time.time() % 1
    secondsVeryFirst, _wasCached = click(PROMPT_SLICE - 10)
    firstClicks = [click(sliceIndex) for sliceIndex in CLICKED_SLICES]
    secondClicks = [click(sliceIndex) for sliceIndex in CLICKED_SLICES]
    assert not any(wasCached for _seconds, wasCached in firstClicks)
    assert all(wasCached for _seconds, wasCached in secondClicks)

    other = logic.addSegment(segmentation, "Propagated")
    logic.segmentBox(volume, segmentation, other, axis=0, slice=PROMPT_SLICE, box=BOX, window=f"1501,{-600 + nonce}")
    started = time.perf_counter()
    propagation = logic.propagate(volume, segmentation, other, window=f"1501,{-600 + nonce}")
    secondsPropagation = time.perf_counter() - started
    return {
        "seconds": {
            "server_start": secondsStart,
            "very_first_click": secondsVeryFirst,
            "first_click": statistics.median(seconds for seconds, _wasCached in firstClicks),
            "second_click": statistics.median(seconds for seconds, _wasCached in secondClicks),
            "propagation": secondsPropagation,
            "propagated_slice": secondsPropagation / len(propagation.slices),
        },
        "server_peak_memory_mb": peakMemoryMegabytes(backend.pid),
    }


def medianSeconds(call, repetitions):
    """Return the median time of some calls.

    :param call: function without arguments.
    :param repetitions: how often it is called.
    """
    seconds = []
    for _ in range(repetitions):
        started = time.perf_counter()
        call()
        seconds.append(time.perf_counter() - started)
    return statistics.median(seconds)


def peakMemoryMegabytes(pid):
    """Return the largest resident size that a process has had, or None where the system does not tell.

    :param pid: number of the process.
    """
    status = Path(f"/proc/{pid}/status")
    if not status.exists():
        return None
    fields = dict(line.split(":", 1) for line in status.read_text().splitlines())
    return int(fields["VmHWM"].split()[0]) / 1024


def printReport(report):
    """Print the report as lines.

    :param report: the figures.
    """
    for title, values in (
        ("baseline: bare network", report["baseline_seconds"]),
        ("whole line", report["line_seconds"]),
    ):
        for name, seconds in values.items():
            print(f"{title:24} {name:20} {seconds:8.3f} s")
    for name, ratio in report["ratios"].items():
        print(f"{'ratio':24} {name:36} {ratio:6.2f}")
    print(f"{'server':24} peak memory {report['server_peak_memory_mb'] or float('nan'):8.0f} MB")
    print(f"Written to {OUTPUT / 'report.json'}.")


if __name__ == "__main__":
    main()
