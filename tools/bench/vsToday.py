"""This build beside an older one that a variable names, in turns in the same run: what became faster, and how much.

``MEDSAMSEG_OLD_PYTHON`` is the Python of the older build, in a virtual environment of its own. A ratio is this build's
value over the older one's, the median of the turns; so is that of the processor's seconds, which other work on the
computer disturbs less.
"""

import json
import shutil
import statistics
import subprocess
import sys
import time
from functools import partial

import SimpleITK as sitk
from dicom_writing import write_series

from bench.builds import Build, NetworkProcess, runToEnd
from bench.buildServer import BuildServer
from bench.serverRows import BOX, MIDDLE, WINDOW, largeVolume

OLD_PYTHON = "MEDSAMSEG_OLD_PYTHON"
#: Round most of the chest: more than two thirds of a slice.
ORGAN = (60, 90, 452, 420)
FOLLOWED_OBJECTS = {"propagation of a large organ": ORGAN, "propagation of a tumor": BOX}
#: What a ratio should be at most; of slices a second, at least.
TARGETS = {
    "LiteMedSAM encoder": 0.67,
    "LiteMedSAM slices a second": 1.8,
    "16 boxes": 0.5,
    "propagation of a large organ": 0.5,
    "propagation of a tumor": None,
    "ViT-B encoder": 0.8,
    "start to first mask": 0.6,
    "peak memory, LiteMedSAM": 0.6,
    "idle memory, LiteMedSAM": 0.6,
    "peak memory, ViT-B": 0.6,
    "idle memory, ViT-B": 0.6,
    "segment a DICOM folder": 0.5,
    "segment a DICOM folder, memory": 0.6,
    "release to pixels": 0.6,
    "release to pixels, held still": 0.6,
}
#: Rates: more is better.
RATES = {"LiteMedSAM slices a second"}
#: Which of the clicks that tools/responsiveness draws.
_CLICKS = {"release to pixels": "encoded", "release to pixels, held still": "encoded, held still"}
BOXES = 16
#: Turns of networks (LiteMedSAM, ViT-B), of starts, and of what takes a minute.
TURNS = {"encode": 15, "decode": 15, "vit_b": 5, "start": 5, "many": 3, "long": 2}
#: Slices of a volume that is encoded or followed from end to end; of the DICOM folder, and of what is found there.
MANY, FOLLOWED, FOLDER, FOUND = 24, 100, 236, 44
#: A minute without work, after which intermediate results are given back, and the time to notice.
_SETTLED_SECONDS = 75


def measureVsToday(python, folder, weights, quick=False, only=None):
    """Return {row: {"target", "ratio", "processor_ratio", "old", "new"}} of the rows of `TARGETS`.

    :param python: the older build's interpreter.
    :param folder: where both builds have their weights and caches.
    :param weights: folder with the weights of both models.
    :param quick: one turn of each, to see whether everything runs.
    :param only: names of measurements, of `MEASUREMENTS`; all by default.
    """
    builds = [Build("old", python, folder), Build("new", sys.executable, folder)]
    for build in builds:
        build.takeWeights(weights)
    turns = dict.fromkeys(TURNS, 1) if quick else TURNS
    rows = {}
    for name, measure in MEASUREMENTS.items():
        if only is None or name in only:
            print(f"beside the older build: {name}", flush=True)
            for row, values in measure(builds, turns, folder, quick).items():
                rows[row] = compared(row, values)
                print(f"  {row}: {json.dumps(rows[row])}", flush=True)
    return rows


def compared(row, values):
    """Return what is written of a row.

    :param row: its name.
    :param values: {build: list of (value, processor seconds or None), one a turn}.
    """
    told = {"target": TARGETS[row], "is_rate": row in RATES}
    for place, name in enumerate(("ratio", "processor_ratio")):
        pairs = [(new[place], old[place]) for new, old in zip(values["new"], values["old"], strict=True)]
        told[name] = None if None in pairs[0] else round(statistics.median(new / old for new, old in pairs), 3)
    for build, measured in values.items():
        found = sorted(value for value, _ in measured)
        told[build] = {"median": round(statistics.median(found), 4), "least": round(found[0], 4), "turns": len(found)}
    return told


def _networks(builds, turns, model, tasks):
    """Return {row: values} of tasks that a network does, {row: (task, turns)}."""
    processes = {build.name: NetworkProcess(build, model) for build in builds}
    rows = {row: {build.name: [] for build in builds} for row in tasks}
    try:
        for row, (task, count) in tasks.items():
            for turn in range(count + 1):
                for name, process in processes.items():
                    answer = process.ask(task)
                    # The first one compiles.
                    if turn:
                        rows[row][name].append(answer)
    finally:
        for process in processes.values():
            process.end()
    return rows


def networks(builds, turns, folder, quick):
    """Encoder and decoder of LiteMedSAM."""
    tasks = {"LiteMedSAM encoder": ("encode", turns["encode"]), "16 boxes": (f"decode {BOXES}", turns["decode"])}
    return _networks(builds, turns, "litemedsam", tasks)


def vitB(builds, turns, folder, quick):
    """Encoder of ViT-B."""
    return _networks(builds, turns, "medsam", {"ViT-B encoder": ("encode", turns["vit_b"])})


def starts(builds, turns, folder, quick):
    """From the start of the server to the first mask, its network converted before."""
    voxels = largeVolume(0, range(8))
    values = {build.name: [] for build in builds}
    for turn in range(turns["start"] + 1):
        for build in builds:
            build.forgetSlices()
            server = BuildServer(build, "litemedsam")
            try:
                server.segment(server.upload(voxels), 4, [BOX])
                seconds = time.perf_counter() - server.began
                # The first one converts.
                if turn:
                    values[build.name].append((seconds, server.processorSeconds()))
            finally:
                server.end()
    return {"start to first mask": values}


def manySlices(builds, turns, folder, quick):
    """Slices encoded ahead, and an organ and a tumor followed from end to end."""
    rows = {name: {build.name: [] for build in builds} for name in ("LiteMedSAM slices a second", *FOLLOWED_OBJECTS)}
    many, followed = (6, 6) if quick else (MANY, FOLLOWED)
    for turn in range(turns["many"]):
        for build in builds:
            build.forgetSlices()
            server = BuildServer(build, "litemedsam")
            try:
                server.segment(server.upload(largeVolume(100, range(2))), 0, [BOX])
                key = server.upload(largeVolume(turn, range(many)))
                seconds, work = _timed(server, partial(server.encodeAll, key, 0))
                rows["LiteMedSAM slices a second"][build.name].append((many / seconds, many / work))
                if turn >= turns["long"]:
                    continue
                for seed, (row, box) in enumerate(FOLLOWED_OBJECTS.items()):
                    rows[row][build.name].append(_followed(server, 1000 * (seed + 1) + turn, box, followed))
            finally:
                server.end()
    return rows


def _followed(server, seed, box, slices):
    """Return the seconds, and the processor's, of following an object through so many slices that nobody has seen."""
    first = MIDDLE - slices // 2
    key = server.upload(largeVolume(seed, range(first, first + slices)))
    return _timed(server, partial(server.propagate, key, MIDDLE - first, box, 0, slices - 1))


def memory(builds, turns, folder, quick):
    """The server's memory: its peak over an upload of 512 × 512 × 300, clicks and encodings, and what it keeps."""
    rows = {}
    for model, title in (("litemedsam", "LiteMedSAM"), ("medsam", "ViT-B")):
        for kind in ("peak", "idle"):
            rows[f"{kind} memory, {title}"] = {build.name: [] for build in builds}
        for build in builds:
            build.forgetSlices()
            server = BuildServer(build, model)
            try:
                # This one converts the networks, which a later one does without.
                server.segment(server.upload(largeVolume(1, range(8))), 4, [BOX])
            finally:
                server.end()
            server = BuildServer(build, model)
            try:
                server.segment(server.upload(largeVolume(2, range(8))), 4, [BOX])
                time.sleep(_SETTLED_SECONDS)
                idle = server.memory()[1]
                key = server.upload(largeVolume(3))
                for index in range(MIDDLE, MIDDLE + (4 if model == "litemedsam" else 2)):
                    server.segment(key, index, [BOX] * 4)
                rows[f"idle memory, {title}"][build.name].append((idle, None))
                rows[f"peak memory, {title}"][build.name].append((server.memory()[0], None))
            finally:
                server.end()
    return rows


def dicomFolder(builds, turns, folder, quick):
    """``medsamseg segment`` on a DICOM folder, from its start to its end."""
    scan = folder / "dicom"
    shutil.rmtree(scan, ignore_errors=True)
    voxels = largeVolume(7, range(FOLDER))
    image = sitk.GetImageFromArray(voxels)
    image.SetSpacing((0.7, 0.7, 1.5))
    write_series(image, scan)
    first = MIDDLE - FOUND // 2
    box = ",".join(str(value) for value in BOX)
    asked = ["--box", box, "--slice", str(MIDDLE), "--range", f"{first}:{first + FOUND - 1}", "--window", WINDOW]
    command = ["-m", "medsamseg_server", "segment", str(scan), *asked, "--force", "--quiet"]
    row = "segment a DICOM folder"
    rows = {name: {build.name: [] for build in builds} for name in (row, f"{row}, memory")}
    for turn in range(turns["long"] + 1):
        for build in builds:
            build.forgetSlices()
            seconds, work, peak = runToEnd(build, [*command, "-o", str(folder / f"{build.name}.seg.nrrd")])
            if turn:
                for row, value in zip(rows, ((seconds, work), (peak, None)), strict=True):
                    rows[row][build.name].append(value)
    return rows


def clicks(builds, turns, folder, quick):
    """From the release of the button to the pixels, an encoded slice of 512 × 512 × 300, each build in its own host.

    At once, and after the pointer was held still for a moment, as people do; a build whose tool does not do that does
    nothing meanwhile, so that its time is the same.
    """
    rows = {row: {build.name: [] for build in builds} for row in _CLICKS}
    for _turn in range(turns["long"]):
        for build in builds:
            places = [build.root / name / "responsiveness" for name in ("tools", "Testing")]
            program = next(place for place in places if (place / "__main__.py").exists())
            paths = ":".join(str(build.root / name) for name in ("Testing", "tools", "MedSAMSeg"))
            environment = {**build.environment, "PYTHONPATH": paths}
            command = [build.python, str(program)]
            ended = subprocess.run(command, check=False, stdout=subprocess.DEVNULL, env=environment).returncode
            if ended:
                # Sessions in the host give up on a busy computer.
                print(f"  the {build.name} build's clicks could not be measured: its session ended with {ended}")
                return {}
            told = json.loads((build.root / "build" / "responsiveness.json").read_text("utf-8"))
            made = told["clicks"]["512x512x300"]
            for row, kind in _CLICKS.items():
                rows[row][build.name].append((made.get(kind, made["encoded"])["total"]["p95"], None))
    return rows


def _timed(server, call):
    """Return the seconds and the server's seconds of the processor that a call takes."""
    began, worked = time.perf_counter(), server.processorSeconds()
    call()
    return time.perf_counter() - began, server.processorSeconds() - worked


MEASUREMENTS = {
    "networks": networks,
    "starts": starts,
    "manySlices": manySlices,
    "memory": memory,
    "dicomFolder": dicomFolder,
    "clicks": clicks,
    "vitB": vitB,
}
