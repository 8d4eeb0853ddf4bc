"""`make soak`: load and faults for minutes; writes soak/results.json. Fails when anything was wrong.

Usage: python tools/soak [part ...] with the parts load, kills, inputs, disk, users and
cluster; all of them when none is named.
"""

import json
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
PARTS = {"load": Load, "kills": Kills, "inputs": BadInputs, "disk": FullDisk, "users": Users, "cluster": Cluster}

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
)
#: A server that has served its budgets full may grow by fragments of memory, not with every click.
MOST_GROWTH_MB = 64.0


def main(names):
    """Run the parts, write the figures, and return the exit status."""
    totals, figures = Counter(), {}
    for name in names or PARTS:
        start = time.monotonic()
        with tempfile.TemporaryDirectory() as folder:
            prepareHome(Path(folder))
            figures[name] = {**PARTS[name](Path(folder)).run(), "seconds": round(time.monotonic() - start, 1)}
        print(name, json.dumps(figures[name]), flush=True)
        totals.update({key: value for key, value in figures[name].items() if key != "seconds"})
    wanted = ("clicks", "kills", "worker_kills", "requests", "users", *FAULTS, "rss_growth_mb")
    results = {**{key: totals.get(key, 0) for key in wanted}, "parts": figures}
    (ROOT / "soak").mkdir(exist_ok=True)
    (ROOT / "soak" / "results.json").write_text(json.dumps(results, indent=1) + "\n")
    wrong = {key: results[key] for key in FAULTS if results[key]}
    if results["rss_growth_mb"] > MOST_GROWTH_MB:
        wrong["rss_growth_mb"] = results["rss_growth_mb"]
    print(f"soak/results.json is written: {f'wrong: {wrong}' if wrong else 'nothing was wrong'}")
    return int(bool(wrong))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
