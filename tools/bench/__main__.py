"""Speed and memory against named baselines of the same run.

Writes ``bench/results.json``, ``bench/table.txt``, ``bench/profiles.txt`` and ``bench/speed.png``.

Seconds differ between computers, ratios hardly: baselines take turns with MedSAMSeg, every round asks each of them
once. ViT-B has random weights here; its time does not depend on them.
"""

import argparse
import json
import os
import platform
import shutil
import subprocess
import sys
import time
import types
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
TESTING = ROOT / "Testing"
TOOLS = ROOT / "tools"
sys.path[:0] = [str(TOOLS), str(TESTING), *(str(TESTING / area) for area in ("models", "cli")), str(ROOT / "MedSAMSeg")]

# ruff: noqa: E402
import openvino
import torch
from random_weights import randomize

from bench.closeUpRows import MODEL as CLOSE_UPS
from bench.closeUpRows import measureCloseUps
from bench.clusterRows import measureCluster
from bench.followedRows import MICRO_SAM_PYTHON, measureFollowed
from bench.networkRows import measureNetworks
from bench.picture import BARS, drawPicture
from bench.profiles import profile
from bench.proposalRows import MODEL as PROPOSER
from bench.proposalRows import measureProposals
from bench.serverRows import measureServer
from bench.vsToday import MEASUREMENTS, OLD_PYTHON, measureVsToday
from bench.yardstick import encoderOperations, matrixRate
from medsamseg_server.models.networks import build_network
from medsamseg_server.runtime.precision import choose_precision
from medsamseg_server.weights.catalog import get_specification
from medsamseg_server.weights.store import ModelStore

OUTPUT = ROOT / "bench"
RESPONSIVENESS = TOOLS / "responsiveness"
#: Short names of the models in the results.
MODELS = {"litemedsam": "lite", "medsam": "vit_b"}
#: Which of the module's clicks stands for all: a large volume, the slice encoded, the server idle.
USUAL_CLICK = ("512x512x300", "encoded")


def main():
    """Run the benchmark, print it and write it down."""
    arguments = parseArguments()
    OUTPUT.mkdir(exist_ok=True)
    if arguments.vs_today is not None:
        mergeVsToday(arguments)
        return
    home = prepareHome(arguments.models)
    results = {"machine": machine(), "rows": {}, "ratios": {}, "click_ms": {}, "peak_rss_mb": {}, "yardstick": {}}
    if arguments.only in (None, "cluster"):
        print("cluster", flush=True)
        add(results, *measureCluster(home, arguments.quick))
    if arguments.only is None:
        profiles = [line for model in arguments.models for line in measureModel(home, model, arguments.quick, results)]
        (OUTPUT / "profiles.txt").write_text("\n".join(profiles) + "\n", encoding="utf-8")
        measureProposer(home, arguments.quick, results)
    if CLOSE_UPS in arguments.models and arguments.only in (None, "close-ups"):
        print(f"{CLOSE_UPS}: close-ups", flush=True)
        add(results, *measureCloseUps(home, arguments.quick))
    if arguments.only in (None, "followed"):
        measureBesideMicroSam(home, arguments.quick, results)
    nameTargets(results["ratios"])
    if arguments.only is None:
        results |= measureModule()
        results["vs_today"] = vsToday(arguments, home)
    write(results)


def measureModel(home, model, quick, results):
    """Add a model's networks and server to the results, and return the lines of its profile."""
    weights = ModelStore(home / "weights").path(model)
    has_bf16 = "BF16" in openvino.Core().get_property("CPU", "OPTIMIZATION_CAPABILITIES")
    precision = choose_precision(get_specification(model), has_bf16)
    print(f"{model}: networks", flush=True)
    rows, ratios = measureNetworks(model, weights, precision, quick)
    add(results, rows, {f"{MODELS[model]}_{name}": value for name, value in ratios.items()})
    results["yardstick"][model] = yardstick(model, precision, rows)
    profiles = profile(model, weights, precision)
    print(f"{model}: server", flush=True)
    shutil.rmtree(home / "networks", ignore_errors=True)
    rows, clicks, firstClick, peak = measureServer(home, model, quick)
    add(results, rows)
    results["click_ms"][model] = clicks
    results["peak_rss_mb"][model] = peak
    if model == "litemedsam":
        results["first_click_s"] = firstClick
        results["click_ms"] |= clicks
    return profiles


def measureProposer(home, quick, results):
    """Add proposals to the results, where their model is installed."""
    store = ModelStore(home / "weights")
    if not store.is_installed(PROPOSER):
        print(f"Proposals are not measured: medsamseg models download {PROPOSER} brings the weights.", flush=True)
        return
    print(f"{PROPOSER}: proposals", flush=True)
    add(results, *measureProposals(store.path(PROPOSER), quick))


def measureBesideMicroSam(home, quick, results):
    """Add a propagation beside micro-sam to the results, where that and its model are installed."""
    store, python = ModelStore(home / "weights"), os.environ.get(MICRO_SAM_PYTHON)
    if not python or not store.is_installed(PROPOSER):
        print(f"Nothing is measured beside micro-sam: {MICRO_SAM_PYTHON} names its Python, {PROPOSER} is its model.")
        return
    print("beside micro-sam", flush=True)
    add(results, *measureFollowed(python, store, home / "followed", quick))


def add(results, rows, ratios=types.MappingProxyType({})):
    """Add rows and ratios to the results."""
    results["rows"] |= rows
    results["ratios"] |= ratios


def parseArguments():
    """Return what the command line asks for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--models", nargs="+", choices=MODELS, default=list(MODELS))
    parser.add_argument("--quick", action="store_true", help="one round of everything, to see whether it runs")
    parser.add_argument("--only", choices=["close-ups", "cluster", "followed"], help="rows to measure instead of all")
    parser.add_argument(
        "--old-python",
        default=os.environ.get(OLD_PYTHON),
        help=f"Python of an older build, beside which this one is measured (default: {OLD_PYTHON})",
    )
    parser.add_argument(
        "--vs-today",
        nargs="*",
        choices=MEASUREMENTS,
        help="measure only these, or all, beside the older build, and bring the results up to date",
    )
    return parser.parse_args()


def vsToday(arguments, home):
    """Return the rows beside an older build; none without one."""
    if not arguments.old_python:
        print(f"Nothing is measured beside an older build: {OLD_PYTHON} names its Python.", flush=True)
        return {}
    only = arguments.vs_today or None
    return measureVsToday(arguments.old_python, OUTPUT / "vs_today", home / "weights", arguments.quick, only)


def mergeVsToday(arguments):
    """Measure beside the older build alone, and write that into the results of an earlier run."""
    place = OUTPUT / "results.json"
    results = json.loads(place.read_text("utf-8")) if place.exists() else {}
    rows = vsToday(arguments, prepareHome(list(MODELS)))
    results["vs_today"] = {**results.get("vs_today", {}), **rows}
    results["vs_today_machine"] = machine()
    place.write_text(json.dumps(results, indent=2) + "\n", encoding="utf-8")


def machine():
    """Return what the figures were measured on."""
    return {
        "cores": os.cpu_count(),
        "processor": openvino.Core().get_property("CPU", "FULL_DEVICE_NAME"),
        "system": platform.platform(terse=True),
        "load": os.getloadavg()[0],
        "torch": torch.__version__,
        "openvino": openvino.__version__.partition("-")[0],
        "time": time.strftime("%Y-%m-%d %H:%M"),
    }


def prepareHome(models):
    """Return a folder with weights and nothing else: LiteMedSAM's own, and random ones for ViT-B."""
    home = OUTPUT / "home"
    for folder in ("networks", "embeddings"):
        shutil.rmtree(home / folder, ignore_errors=True)
    store = ModelStore(home / "weights")
    store.folder.mkdir(parents=True, exist_ok=True)
    for model in ("litemedsam", PROPOSER):
        if not store.is_installed(model) and ModelStore().is_installed(model):
            shutil.copyfile(ModelStore().path(model), store.final_path(model))
    if "medsam" in models and not store.is_installed("medsam"):
        network = randomize(build_network(get_specification("medsam")), seed=0)
        torch.save(network.state_dict(), store.final_path("medsam"))
    os.environ["MEDSAMSEG_HOME"] = str(home)
    return home


def yardstick(model, precision, rows):
    """Return how near the encoder comes to what matrix products alone would take."""
    rate, operations = matrixRate("fp32" if precision == "fp32" else "bf16"), encoderOperations(model)
    best = operations / rate
    seconds = rows[f"{model} encoder, medsamseg"]["median"]
    return {
        "precision": precision,
        "operations": operations,
        "operations_per_second": rate,
        "seconds_at_that_rate": best,
        "share_of_that_rate": best / seconds,
    }


def nameTargets(ratios):
    """Give the ratios that everybody asks for their names."""
    names = {
        "vit_b_encoder_vs_segment_anything": "vit_b_encoder_vs_eager",
        "vit_b_decoder_vs_segment_anything": "vit_b_decoder_vs_eager",
        "decoder_vs_eager": "lite_decoder_vs_eager",
    }
    ratios |= {name: ratios[source] for name, source in names.items() if source in ratios}


def measureModule():
    """Return the module's share of a click and where a click's time goes, measured in the host with windows."""
    written = ROOT / "build" / "responsiveness.json"
    written.unlink(missing_ok=True)
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(TESTING), str(ROOT / "MedSAMSeg")])}
    command = [sys.executable, str(RESPONSIVENESS)]
    ended = subprocess.run(command, check=False, stdout=subprocess.DEVNULL, env=environment).returncode
    if not written.exists():
        print(f"The module could not be measured: tools/responsiveness ended with {ended}.", flush=True)
        return {"module_ms_p95": None, "click_parts_ms": {}}
    clicks = json.loads(written.read_text("utf-8"))["clicks"]
    volume, kind = USUAL_CLICK
    return {"module_ms_p95": clicks[volume][kind]["module"]["p95"], "click_parts_ms": clicks}


def write(results):
    """Write and print the results."""
    (OUTPUT / "results.json").write_text(json.dumps(results, indent=2) + "\n", encoding="utf-8")
    if any(name in results["ratios"] for _title, name in BARS):
        drawPicture(OUTPUT / "speed.png", results["ratios"], results["machine"])
    lines = [f"{'':46}{'median':>10}{'quartiles':>22}"]
    for name, row in results["rows"].items():
        spread = f"{row['lower_quartile']:.4f} to {row['upper_quartile']:.4f}"
        lines.append(f"{name:46}{row['median']:9.4f}s{spread:>22}")
    lines += [f"ratio {name:40}{value:10.2f}" for name, value in results["ratios"].items()]
    for name in ("click_ms", "peak_rss_mb", "first_click_s", "module_ms_p95", "yardstick"):
        lines.append(f"{name}: {json.dumps(results.get(name))}")
    lines += [f"beside the older build, {row}: {json.dumps(told)}" for row, told in results.get("vs_today", {}).items()]
    for volume, kinds in results.get("click_parts_ms", {}).items():
        for kind, parts in kinds.items():
            spent = ", ".join(f"{part} {times['median']:.0f} ({times['p95']:.0f})" for part, times in parts.items())
            lines.append(f"click on {volume}, {kind}, median (p95) in ms: {spent}")
    text = "\n".join(lines)
    (OUTPUT / "table.txt").write_text(text + "\n", encoding="utf-8")
    print(text)


if __name__ == "__main__":
    main()
