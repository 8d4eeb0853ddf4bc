"""`make check-install`: from nothing to a segmented tumor by clicks alone, in the extension as CMake installs it.

Downloads what a user downloads (see the panel), into a temporary folder. Writes pictures of each step to build/install.
"""

import os
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.append(str(ROOT / "Testing" / "extension"))

import staging  # noqa: E402


def main():
    """Install the extension, and walk through it in a process that knows no other copy; return its exit status."""
    pictures = ROOT / "build" / "install"
    pictures.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        modules = staging.install(ROOT, Path(folder))
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "MEDSAMSEG"))}
        home = Path(folder) / "data of Jürgen"
        environment = {**kept, "PATH": "/usr/bin:/bin", "MEDSAMSEG_HOME": str(home)}
        walk = [sys.executable, str(Path(__file__).with_name("walkThrough.py")), str(modules), str(pictures)]
        return subprocess.run(walk, env=environment, check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
