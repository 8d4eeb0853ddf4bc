"""`make soak`: load and faults for minutes; writes soak/results.json. Fails when anything was wrong.

    python tools/soak [--share S] [--minutes M] [part ...]

with the parts load, kills, inputs, disk, users and cluster; all of them when none is named. A share of 0.1 does a tenth
of all that. `--minutes 20 cluster` kills replicas and workers for as long at most, and tells how many are left.
"""

import argparse
import json
import math
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

sys.path += [str(Path(__file__).resolve().parents[2] / "Testing" / area) for area in ("server", "soak", "cli")]

from soakBadInputs import BadInputs
from soakCluster import Cluster
from soakFullDisk import FullDisk
from soakKills import Kills
from soakLoad import Load
from soakUsers import Users
from soakVolumes import prepareHome

ROOT = Path(__file__).resolve().parents[2]
#: What carries out a part, and how much of what it does.
PARTS = {
    "load": (Load, {"clicks": 10_000}),
    "kills": (Kills, {"kills": 200}),
    "inputs": (BadInputs, {"requests": 5000}),
    "disk": (FullDisk, {"clicks": 200}),
    "users": (Users, {"clicks": 4000}),
    "cluster": (Cluster, {"kills": 200}),
}

#: What has to be zero.
FAULTS = (
    "http_500",
    "hangs",
    "wrong_masks",
    "half_slices",
    "cache_errors",
    "server_died",
    "half_files",
    "cross_user_reads",
    "lost_sessions",
    "lost_cases",
    "told_again_clicks",
)
#: A server that has served its budgets full may grow by fragments of memory, not with every click.
MOST_GROWTH_MB = 64.0


def main():
    """Run the parts, write the figures, and return the exit status."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("parts", nargs="*", metavar="part", choices=[*PARTS, []], help=f"one of {', '.join(PARTS)}")
    parser.add_argument("--share", type=float, default=1.0, help="of what is done usually (default: 1)")
    parser.add_argument(
        "--minutes", type=float, default=math.inf, help="at most, of the part cluster (default: no end)"
    )
    arguments = parser.parse_args()
    totals, figures = Counter(), {}
    for name in arguments.parts or PARTS:
        start = time.monotonic()
        with tempfile.TemporaryDirectory() as folder:
            prepareHome(Path(folder))
            found = _runPart(name, Path(folder), arguments)
            figures[name] = {**found, "seconds": round(time.monotonic() - start, 1)}
        print(name, json.dumps(figures[name]), flush=True)
        totals.update({key: value for key, value in figures[name].items() if key != "seconds"})
    wanted = ("clicks", "kills", "worker_kills", "kills_left", "requests", "users", *FAULTS, "rss_growth_mb")
    results = {**{key: totals.get(key, 0) for key in wanted}, "share": arguments.share, "parts": figures}
    (ROOT / "soak").mkdir(exist_ok=True)
    (ROOT / "soak" / "results.json").write_text(json.dumps(results, indent=1) + "\n")
    wrong = {key: results[key] for key in FAULTS if results[key]}
    if results["rss_growth_mb"] > MOST_GROWTH_MB:
        wrong["rss_growth_mb"] = results["rss_growth_mb"]
    print(f"soak/results.json is written: {f'wrong: {wrong}' if wrong else 'nothing was wrong'}")
    return int(bool(wrong))


def _runPart(name, folder, arguments):
    kind, usual = PARTS[name]
    amounts = {what: max(1, round(arguments.share * count)) for what, count in usual.items()}
    if kind is Cluster:
        amounts["minutes"] = arguments.minutes
    return kind(folder, **amounts).run()


if __name__ == "__main__":
    sys.exit(main())
