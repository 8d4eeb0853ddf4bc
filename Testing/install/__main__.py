"""`make check-install`: from nothing to a segmented tumor by clicks alone, in the extension as CMake installs it.

Twice: with this interpreter in the place of Slicer's Python, and with one in Slicer's folders, behind its launcher.
Downloads what a user downloads (see the panel), into a temporary folder. Writes pictures of each step to build/install.
"""

import os
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path += [str(ROOT / "Testing"), str(ROOT / "Testing" / "extension")]

import staging  # noqa: E402
from launcher import SlicerLayout  # noqa: E402
from launcher.fixtures import KINDS  # noqa: E402


def main():
    """Install the extension, and walk through it in processes that know no other copy; return the exit status."""
    return max(walk(kind) for kind in KINDS)


def walk(kind):
    """Walk through it once.

    :param kind: of Slicer's Python, one of ``KINDS``.
    :return: the exit status.
    """
    pictures = ROOT / "build" / "install" / kind
    pictures.mkdir(parents=True, exist_ok=True)
    print(f"Slicer's Python: {kind}", flush=True)
    with tempfile.TemporaryDirectory() as folder:
        modules = staging.install(ROOT, Path(folder))
        programs = ["/usr/bin", "/bin"]
        if kind == "launcher":
            programs.insert(0, str(SlicerLayout(Path(folder) / "Slicer").pythonSlicer.parent))
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "MEDSAMSEG"))}
        home = Path(folder) / "data of Jürgen"
        environment = {**kept, "PATH": os.pathsep.join(programs), "MEDSAMSEG_HOME": str(home)}
        words = [sys.executable, str(Path(__file__).with_name("walkThrough.py")), str(modules), str(pictures)]
        return subprocess.run(words, env=environment, check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
