"""The server's program in the tests of improving a model: trains nothing, and fails or waits where a file says so."""

import json
import os
import sys
import time
from pathlib import Path


def main(control, words):
    control = Path(control)
    with (control / "asked.jsonl").open("a") as file:
        file.write(json.dumps(words) + "\n")
    if words[:2] == ["models", "remove"]:
        say(model=words[2])
        return 0
    manifest = Path(words[2])
    (control / "seen.json").write_text(manifest.read_text())
    (control / "folder").write_text(str(manifest.parents[1]))
    failure = control / "failure.json"
    if failure.exists():
        print("said beside the output", file=sys.stderr)
        print(failure.read_text(), flush=True)
        return 2
    for done in (1, 2):
        say(event="encoded", done=done, total=2)
    say(event="step", epoch=2, epochs=4, step=1, steps=3, loss=0.5)
    (control / "pid").write_text(str(os.getpid()))
    while (control / "hold").exists():
        time.sleep(0.01)
    if hasattr(os, "getpriority"):
        (control / "priority").write_text(str(os.getpriority(os.PRIO_PROCESS, 0)))
    if (control / "killed").exists():
        print("Killed", file=sys.stderr)
        return 137
    metrics = {
        "test_by_target": {"Lesion <1>": 0.75, "Liver": 0.9},
        "test_by_target_before": {"Lesion <1>": 0.5, "Liver": 0.91},
        "test_dice_per_slice": 0.825,
        "test_dice_per_slice_before": 0.705,
        "test_objects_on_slices": 2,
    }
    say(event="done", model=words[words.index("--name") + 1], metrics=metrics)
    return 0


def say(**values):
    print(json.dumps(values), flush=True)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], sys.argv[2:]))
