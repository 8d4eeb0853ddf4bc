"""The program of a server in these tests: tells the wheels that it finds, and keeps small files for weights."""

import json
import os
import sys
import time
from pathlib import Path

import base_part
import torch

WEIGHTS = Path(os.environ.get("MEDSAMSEG_HOME", ".")) / "weights"
MODELS = {"litemedsam": "LiteMedSAM", "sam": "SAM"}


def main(words):
    if words == ["whereabouts"]:
        say(prefix=sys.prefix, library=os.__file__, path=sys.path)
        return 0
    if words == ["wait"]:
        say(pid=os.getpid())
        sys.stdin.read()
        return 0
    if words[:1] != ["models"]:
        say(base=base_part.VERSION, torch=torch.VERSION, where=torch.__file__, words=words)
        return 0
    WEIGHTS.mkdir(parents=True, exist_ok=True)
    command, arguments = words[1], [word for word in words[2:] if not word.startswith("--")]
    return {"list": showModels, "download": download, "import": importFile, "remove": remove}[command](*arguments)


def showModels():
    models = [
        {
            "name": name,
            "title": title,
            "installed": (WEIGHTS / name).exists(),
            "default": name == "litemedsam",
            "license": "Apache-2.0",
            "size_bytes": 1000,
        }
        for name, title in MODELS.items()
    ]
    say(folder=str(WEIGHTS), models=models)
    return 0


def download(name):
    """Fails, or hangs halfway, where a file says so."""
    if (WEIGHTS / "offline").exists():
        say(error={"code": "download_failed", "message": "No connection.", "hint": "Try again."})
        return 7
    say(done=0, total=1000)
    say(done=500, total=1000)
    while (WEIGHTS / "hold").exists():
        time.sleep(0.01)
    (WEIGHTS / name).write_bytes(bytes(1000))
    say(done=1000, total=1000)
    say(model=name)
    return 0


def importFile(path):
    (WEIGHTS / "litemedsam").write_bytes(Path(path).read_bytes())
    say(model="litemedsam", path=path, published=True)
    return 0


def remove(name):
    (WEIGHTS / name).unlink()
    say(model=name)
    return 0


def say(**values):
    print(json.dumps(values), flush=True)


sys.exit(main(sys.argv[1:]))
